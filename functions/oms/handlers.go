package oms

import (
	"context"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes"
)

const version = "1.0.0"

var (
	textDescription = problem.Define("oms.description", "Ontology management service.", "온톨로지 관리 서비스")
	textHealthy     = problem.Define("oms.healthy", "Service is healthy", "서비스가 정상입니다.")
	textUnhealthy   = problem.Define("oms.unhealthy", "The event log cannot be reached.", "이벤트 로그에 연결할 수 없습니다.")
	textListed      = problem.Define("oms.databases", "Databases listed.", "데이터베이스 목록을 조회했습니다.")
	textAccepted    = problem.Define("oms.database_accepted", "Command for database '{name}' accepted.", "데이터베이스 '{name}' 명령이 접수되었습니다.")
	textExists      = problem.Define("oms.database_checked", "Existence of database '{name}' checked.", "데이터베이스 '{name}' 존재 여부를 확인했습니다.")
	textClasses     = problem.Define("oms.classes", "Ontologies listed.", "온톨로지 목록을 조회했습니다.")
	textRead        = problem.Define("oms.class_read", "Ontology '{id}' read.", "온톨로지 '{id}'을(를) 조회했습니다.")
)

func (f *Function) root(r *httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(map[string]any{"service": "Ontology Management Service", "version": version, "description": textDescription.With().In(r.Lang)}), nil
}

// health answers 200 in any case; its status says whether the log can be
// reached.
func (f *Function) health(r *httpapi.Request) (*httpapi.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	data := map[string]any{"service": "OMS", "version": version, "status": "healthy", "description": textDescription.With().In(r.Lang), "modernized": true}
	if err := f.core.Ready(ctx); err != nil {
		data["status"] = "unhealthy"
		text := textUnhealthy.With().In(r.Lang)
		return httpapi.OK(httpapi.Envelope{Status: "error", Message: text, Data: data, Errors: []string{text}}), nil
	}
	return httpapi.Success(r, textHealthy.With(), data), nil
}

func (f *Function) listDatabases(r *httpapi.Request) (*httpapi.Response, error) {
	list, err := f.core.ListDatabases(r.Context())
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textListed.With(), map[string]any{"databases": list}), nil
}

func accepted(r *httpapi.Request, a command.Accepted, name string) httpapi.Envelope {
	return httpapi.Envelope{Status: "accepted", Message: textAccepted.With("name", name).In(r.Lang), Data: map[string]any{
		"command_id": a.ID, "database_name": name, "status": "processing", "mode": "event_sourcing", "position": a.Position.String(),
	}}
}

func (f *Function) createDatabase(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "name", "description"); err != nil {
		return nil, err
	}
	var fact writes.DatabaseFact
	if fact.Database, err = core.Text(body, "name", true); err != nil {
		return nil, err
	}
	if fact.Description, err = core.Text(body, "description", false); err != nil {
		return nil, err
	}
	return r.Write(f.core.Commands, "database.create", func(c writes.Caller) (command.Accepted, any, error) {
		a, err := f.core.Writes.CreateDatabase(r.Context(), c, fact)
		return a, accepted(r, a, fact.Database), err
	})
}

func (f *Function) deleteDatabase(r *httpapi.Request) (*httpapi.Response, error) {
	name, expected := r.PathValue("db_name"), r.Expected()
	return r.Write(f.core.Commands, "database.delete", func(c writes.Caller) (command.Accepted, any, error) {
		a, err := f.core.Writes.DeleteDatabase(r.Context(), c, name, &expected)
		return a, accepted(r, a, name), err
	})
}

// existsOrClasses serves two paths that overlap for the router:
// /database/exists/{db_name} and /database/{db_name}/ontology.
func (f *Function) existsOrClasses(r *httpapi.Request) (*httpapi.Response, error) {
	first, second := r.PathValue("first"), r.PathValue("second")
	switch {
	case first == "exists":
		r.SetPathValue("db_name", second)
		return f.databaseExists(r)
	case second == "ontology":
		r.SetPathValue("db_name", first)
		return f.listClasses(r)
	}
	return nil, problem.RouteNotFound()
}

func (f *Function) databaseExists(r *httpapi.Request) (*httpapi.Response, error) {
	name := r.PathValue("db_name")
	if err := ontology.CheckDatabase(name); err != nil {
		return nil, problem.InvalidParameter([]any{"path", "db_name"}, err, name)
	}
	exists, _, err := f.core.DatabaseExists(r.Context(), name)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textExists.With("name", name), map[string]any{"exists": exists}), nil
}

func (f *Function) getClass(r *httpapi.Request) (*httpapi.Response, error) {
	d, err := f.core.Class(r, "class_id")
	if err != nil {
		return nil, err
	}
	return httpapi.Tagged(r, httpapi.Success(r, textRead.With("id", d.Class.ID), core.Document(d, r.Branch())), d.Sequence), nil
}

func (f *Function) listClasses(r *httpapi.Request) (*httpapi.Response, error) {
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	limit, offset := int(r.Int("limit", 100, 1, 1000)), int(r.Int("offset", 0, 0, search.Window-1000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	list, err := f.reads.ListClasses(r.Context(), r.PathValue("db_name"), limit, offset, event.Position{})
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textClasses.With(), map[string]any{
		"ontologies": list.Documents, "count": list.Total, "limit": limit, "offset": offset, "branch": r.Branch(),
	}), nil
}
