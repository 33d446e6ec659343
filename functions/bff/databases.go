package bff

import (
	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textDatabases      = problem.Define("database.listed", "Databases listed.", "데이터베이스 목록을 조회했습니다.")
	textCreateAccepted = problem.Define("database.create_accepted", "Creation of database '{name}' accepted.", "데이터베이스 '{name}' 생성 명령이 접수되었습니다.")
	textDeleteAccepted = problem.Define("database.delete_accepted", "Deletion of database '{name}' accepted.", "데이터베이스 '{name}' 삭제 명령이 접수되었습니다.")
	textExists         = problem.Define("database.checked", "Existence of database '{name}' checked.", "데이터베이스 '{name}' 존재 여부를 확인했습니다.")
	textSequence       = problem.Define("database.sequence", "Expected sequence read.", "예상 시퀀스를 조회했습니다.")
)

func (f *Function) listDatabases(r *httpapi.Request) (*httpapi.Response, error) {
	list, err := f.core.ListDatabases(r.Context())
	if err != nil {
		return nil, err
	}
	if list, err = f.decorate(r, list); err != nil {
		return nil, err
	}
	return httpapi.Success(r, textDatabases.With(), map[string]any{"databases": list, "count": len(list)}), nil
}

func databaseAccepted(r *httpapi.Request, a command.Accepted, name string, text *problem.Text) httpapi.Envelope {
	return httpapi.Envelope{Status: "accepted", Message: text.With("name", name).In(r.Lang), Data: map[string]any{
		"command_id": a.ID, "database_name": name, "status": "processing", "mode": "event_sourcing", "position": a.Position.String(),
	}}
}

func (f *Function) createDatabase(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "name", "description", "options"); err != nil {
		return nil, err
	}
	var fact writes.DatabaseFact
	if fact.Database, err = core.Text(body, "name", true); err != nil {
		return nil, err
	}
	if fact.Description, err = core.Text(body, "description", false); err != nil {
		return nil, err
	}
	if fact.Options, err = core.Object(body, "options", false); err != nil {
		return nil, err
	}
	return r.Write(f.core.Commands, "database.create", func(c writes.Caller) (command.Accepted, any, error) {
		a, err := f.core.Writes.CreateDatabase(r.Context(), c, fact)
		return a, databaseAccepted(r, a, fact.Database, textCreateAccepted), err
	})
}

func (f *Function) deleteDatabase(r *httpapi.Request) (*httpapi.Response, error) {
	name := r.PathValue("db_name")
	if err := f.mayDelete(r, name); err != nil {
		return nil, err
	}
	var expected *uint64
	if r.HasExpected() {
		n := r.Expected()
		expected = &n
	}
	return r.Write(f.core.Commands, "database.delete", func(c writes.Caller) (command.Accepted, any, error) {
		a, err := f.core.Writes.DeleteDatabase(r.Context(), c, name, expected)
		return a, databaseAccepted(r, a, name, textDeleteAccepted), err
	})
}

// database reads name and state of the database that a path names.
func (f *Function) database(r *httpapi.Request) (name string, exists bool, sequence uint64, err error) {
	name = r.PathValue("db_name")
	if err := ontology.CheckDatabase(name); err != nil {
		return name, false, 0, problem.InvalidParameter([]any{"path", "db_name"}, err, name)
	}
	exists, sequence, err = f.core.DatabaseExists(r.Context(), name)
	return name, exists, sequence, err
}

func (f *Function) getDatabase(r *httpapi.Request) (*httpapi.Response, error) {
	name, exists, sequence, err := f.database(r)
	if err != nil {
		return nil, err
	}
	inner := httpapi.Envelope{Status: "success", Message: textExists.With("name", name).In(r.Lang), Data: map[string]any{"exists": exists}}
	return httpapi.Tagged(r, httpapi.OK(map[string]any{"status": "success", "data": inner}), sequence), nil
}

func (f *Function) expectedSequence(r *httpapi.Request) (*httpapi.Response, error) {
	name, _, sequence, err := f.database(r)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textSequence.With(), map[string]any{"db_name": name, "expected_seq": sequence}), nil
}
