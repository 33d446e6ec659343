package writes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// ClassPayload is the payload of a command on a class: the declaration, or the
// fields of a change, as the client sent them.
type ClassPayload struct {
	Class  string         `json:"class_id"`
	Body   map[string]any `json:"body,omitempty"`
	Reason string         `json:"change_reason,omitempty"`
}

var (
	textProtected = problem.Define("ontology.protected_branch",
		"Protected branch. Use proposal workflow for changes.", "보호된 브랜치입니다. 변경하려면 제안(proposal) 절차를 사용하세요.")
	textLint    = problem.Define("ontology.lint", "The class is refused by the linter: {reasons}", "클래스가 린트 규칙에 의해 거부되었습니다: {reasons}")
	textClassID = problem.Define("ontology.id_required", "Ontology ID is required", "온톨로지 ID가 필요합니다")
)

// guardBranch refuses a direct change of a protected branch, or one without the
// reason and the admin token that a risky change there needs.
func (s *Service) guardBranch(c Caller, branch string, risky bool) error {
	if !s.Protected(branch) {
		return nil
	}
	switch {
	case s.Policy.RequireProposals:
		return problem.Conflict(textProtected.With())
	case risky && c.Reason == "":
		return problem.InvalidParameter([]any{"header", "X-Change-Reason"}, textProtected.With(), nil)
	case risky && !c.Admin:
		return problem.Forbidden(textProtected.With())
	}
	return nil
}

// Protected reports whether a branch is protected.
func (s *Service) Protected(branch string) bool { return slices.Contains(s.Policy.Protected, branch) }

// LintOptions are the linter's switches for a branch: where proposals are
// needed, a key must be declared.
func (s *Service) LintOptions(branch string) ontology.LintOptions {
	o := s.Policy.Lint
	if s.Policy.RequireProposals && s.Protected(branch) {
		o.AllowImplicitPrimaryKey = false
	}
	return o
}

// Options tells how declarations of a branch are read. generate makes ids for
// classes that are sent without one.
func (s *Service) Options(ctx context.Context, database, branch string, generate bool, now time.Time) ontology.Options {
	o := ontology.Options{IsClass: func(id string) bool {
		ok, err := s.Classes.Exists(ctx, database, branch, id)
		return ok && err == nil
	}}
	if generate {
		o.GenerateID = func(label ontology.Localized) string { return ontology.GenerateClassID(label, now) }
	}
	return o
}

// CreateClass accepts a class. The body is OntologyCreate (bff-api 3.3).
func (s *Service) CreateClass(ctx context.Context, c Caller, database, branch string, body map[string]any, generate bool) (Declared, string, error) {
	fail := func(err error) (Declared, string, error) { return Declared{}, "", err }
	if err := CheckTarget(database, branch); err != nil {
		return fail(err)
	}
	if err := s.guardBranch(c, branch, false); err != nil {
		return fail(err)
	}
	if err := s.requireDatabase(ctx, database); err != nil {
		return fail(err)
	}
	if _, sent := body["id"]; !sent {
		if !generate {
			return fail(problem.InvalidParameter([]any{"body", "id"}, textClassID.With(), nil))
		}
		if id, err := s.acceptedClass(ctx, c, database); err != nil {
			return fail(err)
		} else if id != "" {
			body["id"] = id
		}
	}
	schema, errs := ontology.Declare(body, s.Options(ctx, database, branch, generate, s.Commands.Now()), "body")
	if err := errs.Err(); err != nil {
		return fail(err)
	}
	class := schema.Class
	whole, _, err := s.Classes.Parents(ctx, database, branch, class)
	if err != nil {
		return fail(err)
	}
	report, err := s.LintClass(ctx, database, branch, nil, class, whole)
	if err != nil {
		return fail(err)
	}
	if !report.OK {
		return fail(LintProblem(report))
	}
	body["id"] = class.ID
	accepted, err := s.submit(ctx, c, command.Request{
		Type: CreateClass, Aggregate: classes.Aggregate(database, branch, class.ID), Database: database, Branch: branch,
		Expect: event.Absent, Payload: ClassPayload{Class: class.ID, Body: body},
	})
	return Declared{accepted, report}, class.ID, err
}

// acceptedClass gives the class id of the command that was accepted under the
// caller's Idempotency-Key, "" for none: an id that is made of a label holds the
// time, and a repeated request must get the first one's.
func (s *Service) acceptedClass(ctx context.Context, c Caller, database string) (string, error) {
	row, known, err := s.underKey(ctx, c, database)
	if err != nil || !known {
		return "", err
	}
	_, data, err := s.Commands.Log.EventData(ctx, row.Position)
	if err != nil {
		return "", problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	var stored struct {
		Payload struct {
			Class string `json:"class_id"`
		} `json:"payload"`
	}
	if err := json.Unmarshal(data, &stored); err != nil {
		return "", problem.Internal(fmt.Errorf("writes: command %s: %w", row.ID, err))
	}
	return stored.Payload.Class, nil
}

// LintProblem is the refusal of a class by the linter, with the whole report.
func LintProblem(r ontology.LintReport) *problem.Problem {
	reasons := make([]string, len(r.Errors))
	for i, e := range r.Errors {
		reasons[i] = e.RuleID + " " + e.Message.EN
	}
	p := problem.BadRequest(textLint.With("reasons", reasons)).WithContext("lint_report", r.In(problem.English))
	for _, e := range r.Errors {
		if e.Loc != nil {
			p.Errors = append(p.Errors, problem.InvalidValue(e.Loc, e.Message, nil))
		}
	}
	return p
}

// UpdateClass accepts a change of a class. The body is OntologyUpdate.
func (s *Service) UpdateClass(ctx context.Context, c Caller, database, branch, class string, expected uint64, body map[string]any) (Declared, error) {
	fail := func(err error) (Declared, error) { return Declared{}, err }
	before, err := s.classFor(ctx, database, branch, class)
	if err != nil {
		accepted, err := s.replayed(ctx, c, database, err)
		return Declared{Accepted: accepted}, err
	}
	update, errs := ontology.ParseUpdate(body, class, s.Options(ctx, database, branch, false, s.Commands.Now()), "body")
	if err := errs.Err(); err != nil {
		return fail(err)
	}
	after := update.Apply(before.Class)
	if _, errs := ontology.Compile(after, "body"); len(errs) > 0 {
		return fail(errs.Err())
	}
	whole, _, err := s.Classes.Parents(ctx, database, branch, after)
	if err != nil {
		return fail(err)
	}
	diff := ontology.LintUpdate(before.Schema.Class, whole, s.LintOptions(branch))
	report, err := s.LintClass(ctx, database, branch, &before.Class, after, whole)
	if err != nil {
		return fail(err)
	}
	if report = report.Join(diff); !report.OK {
		return fail(LintProblem(report))
	}
	if err := s.guardBranch(c, branch, diff.IsHighRisk()); err != nil {
		return fail(err)
	}
	if before.Sequence == expected { // else the log refuses it
		if err := s.refuseBreaking(ctx, database, branch, after); err != nil {
			return fail(err)
		}
	}
	accepted, err := s.submit(ctx, c, command.Request{
		Type: UpdateClass, Aggregate: classes.Aggregate(database, branch, class), Database: database, Branch: branch,
		Expect: event.At(expected), Payload: ClassPayload{Class: class, Body: body, Reason: c.Reason},
	})
	return Declared{accepted, report}, err
}

// DeleteClass accepts the deletion of a class that nothing uses.
func (s *Service) DeleteClass(ctx context.Context, c Caller, database, branch, class string, expected uint64) (command.Accepted, error) {
	before, err := s.classFor(ctx, database, branch, class)
	if err != nil {
		return s.replayed(ctx, c, database, err)
	}
	if err := s.guardBranch(c, branch, true); err != nil {
		return command.Accepted{}, err
	}
	if before.Sequence == expected { // else the log refuses it
		if err := RefuseInUse(ctx, s.Classes, database, branch, class); err != nil {
			return command.Accepted{}, err
		}
	}
	return s.submit(ctx, c, command.Request{
		Type: DeleteClass, Aggregate: classes.Aggregate(database, branch, class), Database: database, Branch: branch,
		Expect: event.At(expected), Payload: ClassPayload{Class: class, Reason: c.Reason},
	})
}

// classFor checks the names and reads the class.
func (s *Service) classFor(ctx context.Context, database, branch, class string) (*classes.Definition, error) {
	if err := CheckTarget(database, branch); err != nil {
		return nil, err
	}
	if err := pathParam("class_id", class, ontology.CheckClassID); err != nil {
		return nil, err
	}
	definition, err := s.Classes.Get(ctx, database, branch, class)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		// A class of a missing database is missing too: only then is it asked for.
		if err := s.requireDatabase(ctx, database); err != nil {
			return nil, err
		}
	}
	return definition, err
}
