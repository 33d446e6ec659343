package core

import (
	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textClassAccepted  = problem.Define("ontology.accepted", "Ontology change of '{id}' accepted.", "온톨로지 '{id}' 변경 명령이 접수되었습니다.")
	textClassValidated = problem.Define("ontology.validated", "Ontology '{id}' was checked.", "온톨로지 '{id}' 검증을 완료했습니다.")
)

// OntologyWrites are the endpoints for writes on classes. They differ between
// the APIs in their paths and in ids: only the BFF makes an id out of a label.
type OntologyWrites struct {
	*Core
	ClassParam string
	GenerateID bool
}

// declared answers an accepted declaration or change, with what the linter says.
func declared(r *httpapi.Request, d writes.Declared, database, branch, id string) httpapi.Envelope {
	answer := classAccepted(r, d.Accepted, database, branch, id)
	answer.Data.(map[string]any)["lint_report"] = d.Lint.In(r.Lang)
	return answer
}

func classAccepted(r *httpapi.Request, a command.Accepted, database, branch, id string) httpapi.Envelope {
	return httpapi.Envelope{Status: "accepted", Message: textClassAccepted.With("id", id).In(r.Lang), Data: map[string]any{
		"command_id": a.ID, "ontology_id": id, "database": database, "branch": branch, "status": "processing", "mode": "event_sourcing", "position": a.Position.String(),
	}}
}

// Create answers the declaration of a class.
func (o *OntologyWrites) Create(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	database, branch := r.PathValue("db_name"), r.Branch()
	return r.Write(o.Commands, "ontology.create/"+branch, func(c writes.Caller) (command.Accepted, any, error) {
		a, id, err := o.Writes.CreateClass(r.Context(), c, database, branch, body, o.GenerateID)
		return a.Accepted, declared(r, a, database, branch, id), err
	})
}

// Update answers a change of a class.
func (o *OntologyWrites) Update(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	database, branch, id, expected := r.PathValue("db_name"), r.Branch(), r.PathValue(o.ClassParam), r.Expected()
	return r.Write(o.Commands, "ontology.update/"+branch+"/"+id, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := o.Writes.UpdateClass(r.Context(), c, database, branch, id, expected, body)
		return a.Accepted, declared(r, a, database, branch, id), err
	})
}

// Delete answers the deletion of a class.
func (o *OntologyWrites) Delete(r *httpapi.Request) (*httpapi.Response, error) {
	database, branch, id, expected := r.PathValue("db_name"), r.Branch(), r.PathValue(o.ClassParam), r.Expected()
	return r.Write(o.Commands, "ontology.delete/"+branch+"/"+id, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := o.Writes.DeleteClass(r.Context(), c, database, branch, id, expected)
		return a, classAccepted(r, a, database, branch, id), err
	})
}

// Validate answers what the linter says about a declaration; nothing is written.
func (o *OntologyWrites) Validate(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	database, branch := r.PathValue("db_name"), r.Branch()
	if err := o.RequireTarget(r); err != nil {
		return nil, err
	}
	_, sent := body["id"]
	schema, errs := ontology.Declare(body, o.Writes.Options(r.Context(), database, branch, true, o.Now()), "body")
	if err := errs.Err(); err != nil {
		return nil, err
	}
	whole, _, err := o.Classes.Parents(r.Context(), database, branch, schema.Class)
	if err != nil {
		return nil, err
	}
	report, err := o.Writes.LintClass(r.Context(), database, branch, nil, schema.Class, whole)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textClassValidated.With("id", schema.Class.ID), map[string]any{
		"db_name": database, "branch": branch, "class_id": schema.Class.ID, "id_generated": !sent,
		"lint_report": report.In(r.Lang), "interface_issues": []any{},
	}), nil
}

// ValidateUpdate answers what the linter says about a change.
func (o *OntologyWrites) ValidateUpdate(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	database, branch, id := r.PathValue("db_name"), r.Branch(), r.PathValue(o.ClassParam)
	if err := o.RequireTarget(r); err != nil {
		return nil, err
	}
	before, err := o.Classes.Get(r.Context(), database, branch, id)
	if err != nil {
		return nil, err
	}
	update, errs := ontology.ParseUpdate(body, id, o.Writes.Options(r.Context(), database, branch, false, o.Now()), "body")
	if err := errs.Err(); err != nil {
		return nil, err
	}
	after := update.Apply(before.Class)
	whole, _, err := o.Classes.Parents(r.Context(), database, branch, after)
	if err != nil {
		return nil, err
	}
	style, err := o.Writes.LintClass(r.Context(), database, branch, &before.Class, after, whole)
	if err != nil {
		return nil, err
	}
	diff := ontology.LintUpdate(before.Schema.Class, whole, o.Writes.LintOptions(branch))
	protected := o.Writes.Protected(branch)
	stored, err := o.Writes.StoredReport(r.Context(), database, branch, after)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textClassValidated.With("id", id), map[string]any{
		"db_name": database, "branch": branch, "class_id": id, "protected_branch": protected, "requires_proof": protected && diff.IsHighRisk(),
		"lint_report": style.Join(diff).In(r.Lang), "lint_report_create": style.In(r.Lang), "lint_report_diff": diff.In(r.Lang), "interface_issues": []any{},
		"stored_instances": stored,
	}), nil
}

// RequireTarget checks the database and the branch of a request: 400 for bad
// names, 404 for what does not exist.
func (c *Core) RequireTarget(r *httpapi.Request) error {
	database, branch := r.PathValue("db_name"), r.Branch()
	if err := writes.CheckTarget(database, branch); err != nil {
		return err
	}
	exists, _, err := c.DatabaseExists(r.Context(), database)
	if err == nil && !exists {
		err = problem.NotFound(problem.KindDatabase, database)
	}
	return err
}

// Class reads the class that a request names, from the log.
func (c *Core) Class(r *httpapi.Request, param string) (*classes.Definition, error) {
	database, branch, id := r.PathValue("db_name"), r.Branch(), r.PathValue(param)
	if err := c.RequireTarget(r); err != nil {
		return nil, err
	}
	if err := ontology.CheckClassID(id); err != nil {
		return nil, problem.InvalidParameter([]any{"path", param}, err, id)
	}
	return c.Classes.Get(r.Context(), database, branch, id)
}

// ByLabel lets the path name a class by a label, too: what is the id of a class stays,
// any other text is looked up among the labels in the reader's language, then in Korean,
// then in English. Of several classes with the same label the first by id is meant. An
// id wins over a label because ids are unique and labels are not: nobody can take over
// the address of a class by giving its id to another one as a label.
func (c *Core) ByLabel(param string, h httpapi.Handler) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		id, err := c.classOf(r, r.PathValue(param))
		if err != nil {
			return nil, err
		}
		r.SetPathValue(param, id)
		return h(r)
	}
}

// ByLabelText is ByLabel for writes of many: a text that has the form of an id is taken
// as one without a look, so that nobody pays for labels who does not use them.
func (c *Core) ByLabelText(param string, h httpapi.Handler) httpapi.Handler {
	byLabel := c.ByLabel(param, h)
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		if ontology.CheckClassID(r.PathValue(param)) == nil {
			return h(r)
		}
		return byLabel(r)
	}
}

func (c *Core) classOf(r *httpapi.Request, text string) (string, error) {
	database, branch := r.PathValue("db_name"), r.Branch()
	if err := writes.CheckTarget(database, branch); err != nil {
		return "", err
	}
	if ontology.CheckClassID(text) == nil {
		if exists, err := c.Classes.Exists(r.Context(), database, branch, text); err != nil || exists {
			return text, err
		}
	}
	list, err := c.Classes.All(r.Context(), database, branch)
	if err != nil {
		return "", err
	}
	for _, lang := range []problem.Lang{r.Lang, problem.Korean, problem.English} {
		for _, d := range list {
			if d.Class.Label[string(lang)] == text {
				return d.Class.ID, nil
			}
		}
	}
	return text, nil
}

// ClassDocument is a class as the OMS shows it: texts as maps, and where it
// stands in the log.
type ClassDocument struct {
	ontology.Class
	Branch      string         `json:"branch"`
	Version     uint64         `json:"version"`
	CreatedAt   string         `json:"created_at"`
	UpdatedAt   string         `json:"updated_at"`
	IndexStatus map[string]any `json:"index_status"`
}

// Document shows a class as the log has it.
func Document(d *classes.Definition, branch string) ClassDocument {
	return ClassDocument{
		Class: d.Class, Branch: branch, Version: d.Sequence, CreatedAt: problem.Timestamp(d.Created), UpdatedAt: problem.Timestamp(d.Updated),
		IndexStatus: map[string]any{"event_sequence": d.Sequence, "position": d.Position.String()},
	}
}
