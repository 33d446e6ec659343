package bff

import (
	"net/http"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textClassRead = problem.Define("ontology.read", "Ontology '{id}' read.", "온톨로지 '{id}'을(를) 조회했습니다.")
)

func (f *Function) ontologyRoutes() {
	const db = "/api/v1/databases/{db_name}"
	writes := &core.OntologyWrites{Core: f.core, ClassParam: "class_label", GenerateID: true}
	label := func(h httpapi.Handler) httpapi.Handler { return f.core.ByLabel("class_label", h) }
	f.Handle("POST "+db+"/ontology", writes.Create)
	f.Handle("POST "+db+"/ontology/validate", writes.Validate)
	f.Handle("POST "+db+"/ontology/{class_label}/validate", label(writes.ValidateUpdate))
	f.Handle("PUT "+db+"/ontology/{class_label}", label(writes.Update))
	f.Handle("DELETE "+db+"/ontology/{class_label}", label(writes.Delete))
	f.Handle("GET "+db+"/ontology/list", f.listOntologies)
	f.Handle("GET "+db+"/ontology/{class_label}", label(f.getOntology))
	f.Handle("GET "+db+"/ontology/{class_label}/expected-seq", label(f.classSequence))
	f.Handle("GET "+db+"/ontology/{class_id}/schema", f.core.ByLabel("class_id", f.getSchema))
	f.Handle("POST "+db+"/ontology/{class_id}/mapping-metadata", f.core.ByLabel("class_id", f.mappingMetadata))
	f.Handle("POST "+db+"/ontology-advanced", writes.CreateAdvanced)
	f.Handle("POST "+db+"/validate-relationships", writes.ValidateRelationships)
	f.Handle("POST "+db+"/check-circular-references", writes.CheckCycles)
	f.Handle("GET "+db+"/relationship-network/analyze", f.analyzeNetwork)
	f.Handle("GET "+db+"/relationship-paths", f.relationshipPaths)
	f.Handle("GET "+db+"/classes", f.listClasses)
	f.Handle("POST "+db+"/classes", f.createClass)
	f.Handle("GET "+db+"/classes/{class_id}", f.core.ByLabel("class_id", f.getClass))
}

// getOntology shows a class in the reader's language.
func (f *Function) getOntology(r *httpapi.Request) (*httpapi.Response, error) {
	d, err := f.core.Class(r, "class_label")
	if err != nil {
		return nil, err
	}
	stamp := ontology.Stamp{Branch: r.Branch(), Version: int64(d.Sequence), CreatedAt: d.Created, UpdatedAt: d.Updated}
	return httpapi.Tagged(r, httpapi.OK(d.Class.Response(r.Lang, stamp)), d.Sequence), nil
}

func (f *Function) getClass(r *httpapi.Request) (*httpapi.Response, error) {
	d, err := f.core.Class(r, "class_id")
	if err != nil {
		return nil, err
	}
	return httpapi.Tagged(r, httpapi.Success(r, textClassRead.With("id", d.Class.ID), core.Document(d, r.Branch())), d.Sequence), nil
}

// classSequence answers the sequence that the next write of a class has to expect; 0 for
// one that does not exist.
func (f *Function) classSequence(r *httpapi.Request) (*httpapi.Response, error) {
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	id := r.PathValue("class_label")
	if err := ontology.CheckClassID(id); err != nil {
		return nil, problem.InvalidParameter([]any{"path", "class_label"}, err, id)
	}
	database, branch := r.PathValue("db_name"), r.Branch()
	sequence, _, err := f.core.Writes.Sequence(r.Context(), database, classes.Aggregate(database, branch, id))
	if err != nil {
		return nil, err
	}
	return httpapi.Tagged(r, httpapi.Success(r, textSequence.With(), map[string]any{
		"db_name": database, "branch": branch, "class_id": id, "expected_seq": sequence,
	}), sequence), nil
}

// createClass takes a class in the older shape: "@id" for the id, 200 outside.
func (f *Function) createClass(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	id, err := core.Text(body, "@id", true)
	if err != nil {
		return nil, err
	}
	delete(body, "@id")
	delete(body, "@type")
	body["id"] = id
	database, branch := r.PathValue("db_name"), r.Branch()
	resp, err := r.Write(f.core.Commands, "ontology.create/"+branch, func(c writes.Caller) (command.Accepted, any, error) {
		a, _, err := f.core.Writes.CreateClass(r.Context(), c, database, branch, body, false)
		return a.Accepted, map[string]any{"command_id": a.ID, "ontology_id": id, "database": database, "branch": branch, "status": "processing", "mode": "event_sourcing", "lint_report": a.Lint.In(r.Lang)}, err
	})
	if err != nil {
		return nil, err
	}
	resp.Status = http.StatusOK
	resp.Body = map[string]any{"status": "success", "@id": id, "data": resp.Body}
	return resp, nil
}
