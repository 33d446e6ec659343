// Package core bundles what both HTTP APIs serve: the acceptance of writes, the
// status of commands and the reads that the log answers.
package core

import (
	"context"
	"strings"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/config"
	"spiceharvester/shared/consume"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

// Core is the common ground of bff and oms.
type Core struct {
	Log      *eventlog.Log
	Writes   *writes.Service
	Commands *command.Reader
	Statuses *status.Quick
	Tasks    *tasks.Service
	Classes  *classes.Reader
	Databases
	Ready func(context.Context) error
	Now   func() time.Time

	registry consume.Registry
}

// Open makes the core of an API out of the environment.
func Open(p *platform.Platform, source string) *Core {
	reader := classes.NewReader(p.Log)
	commands := &command.Service{Log: p.Log, Source: source, Now: p.Now, Valve: &command.Valve{Now: p.Now, Read: func(ctx context.Context) (command.Pressure, error) {
		open, lag, err := p.Index.Pressure(ctx, command.MaxOpen+1)
		return command.Pressure{Open: open, Lag: lag}, err
	}}}
	readers := &command.Reader{Log: p.Log, Registry: p.Registry, Workers: command.Workers}
	statuses := &status.Quick{Log: readers, Logger: p.Logger}
	if p.Statuses != nil {
		statuses.Board = p.Statuses
	}
	return &Core{
		Log: p.Log, Classes: reader, Ready: p.Ready, Now: p.Now, registry: p.Registry,
		Writes:    &writes.Service{Commands: commands, Classes: reader, Policy: PolicyFromEnv(p.Config)},
		Commands:  readers,
		Statuses:  statuses,
		Tasks:     &tasks.Service{Store: tasks.OpenStore(p), Commands: readers, Logger: p.Logger},
		Databases: newDatabases(p.Log, p.Index),
	}
}

// PolicyFromEnv reads how strictly the ontology is guarded (event-core
// Appendix A).
func PolicyFromEnv(c config.Config) writes.Policy {
	on := func(name string, otherwise bool) bool {
		if v, ok := httpapi.Switch(strings.TrimSpace(c.Env(name))); ok {
			return v
		}
		return otherwise
	}
	protected := c.Env("ONTOLOGY_PROTECTED_BRANCHES")
	if strings.TrimSpace(protected) == "" {
		protected = "main,master,production,prod"
	}
	p := writes.Policy{
		RequireProposals: on("ONTOLOGY_REQUIRE_PROPOSALS", true),
		Lint: ontology.LintOptions{
			RequirePrimaryKey:       on("ONTOLOGY_REQUIRE_PRIMARY_KEY", true),
			AllowImplicitPrimaryKey: on("ONTOLOGY_ALLOW_IMPLICIT_PRIMARY_KEY", !config.Production(c.Env)),
			BlockEventLike:          on("ONTOLOGY_BLOCK_EVENT_LIKE_CLASS", false),
			EnforceSnakeCase:        on("ONTOLOGY_ENFORCE_SNAKE_CASE_FIELDS", false),
		},
	}
	for name := range strings.SplitSeq(protected, ",") {
		p.Protected = append(p.Protected, strings.TrimSpace(name))
	}
	return p
}

// CommandStatus answers GET /commands/{command_id}/status.
func (c *Core) CommandStatus(r *httpapi.Request) (*httpapi.Response, error) {
	id, err := commandID(r)
	if err != nil {
		return nil, err
	}
	wait := r.Wait()
	if err := r.Check(); err != nil {
		return nil, err
	}
	var status command.Status
	if wait > 0 {
		status, err = c.Commands.Wait(r.Context(), id, wait)
	} else {
		status, err = c.Statuses.Status(r.Context(), id)
	}
	if err != nil {
		return nil, err
	}
	return httpapi.StatusResponse(r, status), nil
}

// CancelCommand answers POST /commands/{command_id}/cancel.
func (c *Core) CancelCommand(r *httpapi.Request) (*httpapi.Response, error) {
	id, err := commandID(r)
	if err != nil {
		return nil, err
	}
	caller := r.Caller("cancel")
	if err := r.Check(); err != nil {
		return nil, err
	}
	status, err := c.Commands.Cancel(r.Context(), c.Writes.Commands, id, caller.Actor)
	if err != nil {
		return nil, err
	}
	return httpapi.StatusResponse(r, status), nil
}

var textCommandID = problem.Define("command.id_format", "The command id must be a UUID.", "명령 ID는 UUID여야 합니다.")

// parkedLimit bounds the list of parked aggregates in one answer.
const parkedLimit = 1000

// Parked is an aggregate that a handler could not go on with.
type Parked struct {
	Handler       string `json:"handler"`
	Database      string `json:"db_name"`
	AggregateType string `json:"aggregate_type"`
	AggregateID   string `json:"aggregate_id"`
	Next          uint64 `json:"next_sequence"`
	Attempts      int    `json:"attempts"`
	NextTry       string `json:"next_try"`
	Dead          bool   `json:"dead"`
	Reason        string `json:"reason"`
	Since         string `json:"since"`
}

// Parked lists what waits for another try or for an operator.
func (c *Core) Parked(ctx context.Context) ([]Parked, error) {
	rows, err := c.registry.Parked(ctx, parkedLimit)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	list := []Parked{}
	for i := range rows {
		list = append(list, ParkedOf(&rows[i]))
	}
	return list, nil
}

// ParkedOf is a row as clients read it.
func ParkedOf(p *consume.Parked) Parked {
	return Parked{
		Handler: p.Handler, Database: p.Database, AggregateType: string(p.Aggregate.Type), AggregateID: p.Aggregate.ID, Next: p.Next, Attempts: p.Attempts,
		NextTry: problem.Timestamp(p.NextTry), Dead: p.Dead, Reason: p.Reason, Since: problem.Timestamp(p.Since),
	}
}
