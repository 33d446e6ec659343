package bff

import (
	"encoding/json"
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var textMappingNoted = problem.Define("ontology.mapping_noted", "The mapping of '{id}' was noted.", "'{id}' 클래스의 매핑을 기록했습니다.")

// mappingMetadata notes in a class that data was mapped to it. The write is a command
// like any other; the answer is 200 around it. Fields that nobody knows are allowed.
func (f *Function) mappingMetadata(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	entry, err := mappingEntry(body, problem.Timestamp(f.core.Now()))
	if err != nil {
		return nil, err
	}
	database, branch, id := r.PathValue("db_name"), r.Branch(), r.PathValue("class_id")
	kept := 0
	resp, err := r.Write(f.core.Commands, "ontology.mapping-metadata/"+branch+"/"+id, func(c writes.Caller) (a command.Accepted, answer any, err error) {
		a, kept, err = f.core.Writes.NoteMapping(r.Context(), c, database, branch, id, entry)
		return a, map[string]any{"command_id": a.ID, "ontology_id": id, "database": database, "branch": branch, "status": "processing", "mode": "event_sourcing"}, err
	})
	if err != nil {
		return nil, err
	}
	resp.Body = httpapi.Envelope{Status: "success", Message: textMappingNoted.With("id", id).In(r.Lang), Data: map[string]any{
		"class_id": id, "mapping_entry": entry, "total_history_entries": kept, "update": resp.Body,
	}}
	resp.Status = http.StatusOK
	return resp, nil
}

// mappingEntry reads a note; now is its time unless it has one.
func mappingEntry(body map[string]any, now string) (entry writes.MappingEntry, err error) {
	if entry.Timestamp, err = core.Text(body, "timestamp", false); err != nil {
		return entry, err
	}
	if entry.SourceFile, err = core.Text(body, "sourceFile", false); err != nil {
		return entry, err
	}
	if entry.Timestamp == "" {
		entry.Timestamp = now
	}
	if entry.SourceFile == "" {
		entry.SourceFile = "unknown"
	}
	for _, number := range []struct {
		name string
		into *any
	}{{"mappingsCount", &entry.MappingsCount}, {"averageConfidence", &entry.AverageConfidence}} {
		switch v := body[number.name].(type) {
		case nil:
			*number.into = json.Number("0")
		case json.Number:
			*number.into = v
		default:
			return entry, problem.Validation(problem.WrongType(problem.TypeFloat, []any{"body", number.name}, v))
		}
	}
	if entry.MappingDetails = body["mappingDetails"]; entry.MappingDetails == nil {
		entry.MappingDetails = []any{}
	}
	return entry, nil
}
