package core

import (
	"slices"

	"spiceharvester/shared/command"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// commandResult is the body of an accepted instance write (bff-api 1.7).
type commandResult struct {
	CommandID   any            `json:"command_id"`
	Status      string         `json:"status"`
	Result      map[string]any `json:"result"`
	Error       *string        `json:"error"`
	CompletedAt *string        `json:"completed_at"`
	RetryCount  int            `json:"retry_count"`
}

var (
	textCreateAccepted = problem.Define("instance.create_accepted", "Instance creation accepted.", "인스턴스 생성 명령이 접수되었습니다.")
	textUpdateAccepted = problem.Define("instance.update_accepted", "Instance update accepted.", "인스턴스 수정 명령이 접수되었습니다.")
	textDeleteAccepted = problem.Define("instance.delete_accepted", "Instance deletion accepted.", "인스턴스 삭제 명령이 접수되었습니다.")
	textBulkAccepted   = problem.Define("instance.bulk_accepted", "{count} instances accepted for creation.", "인스턴스 {count}건의 생성 명령이 접수되었습니다.")
	textUnknownKeys    = problem.Define("instance.unknown_label_keys", "Unknown fields: {labels}", "알 수 없는 필드입니다: {labels}")
	textUnknownHint    = problem.Define("instance.unknown_label_hint", "Use known labels or property ids of the class.", "클래스의 알려진 레이블이나 속성 ID를 사용하세요.")
)

func accepted(r *httpapi.Request, a command.Accepted, t writes.InstanceTarget, message problem.Message, more map[string]any) commandResult {
	result := map[string]any{
		"message": message.In(r.Lang), "class_id": t.Class, "db_name": t.Database, "branch": t.Branch, "position": a.Position.String(),
	}
	for name, value := range more {
		result[name] = value
	}
	return commandResult{CommandID: a.ID, Status: command.Pending, Result: result}
}

// target reads where an instance lives from the request; classParam is the name
// of the path parameter that holds the class.
func target(r *httpapi.Request, classParam string) writes.InstanceTarget {
	return writes.InstanceTarget{Database: r.PathValue("db_name"), Branch: r.Branch(), Class: r.PathValue(classParam)}
}

// InstanceWrites are the endpoints for writes on instances. They differ between
// the APIs in their paths and in labels: only the BFF takes labels for keys.
type InstanceWrites struct {
	*Core
	ClassParam string
	Labels     bool
}

func (i *InstanceWrites) body(r *httpapi.Request) (data, metadata map[string]any, err error) {
	body, err := r.Body()
	if err != nil {
		return nil, nil, err
	}
	if err := Known(body, "data", "metadata"); err != nil {
		return nil, nil, err
	}
	if data, err = Object(body, "data", true); err != nil {
		return nil, nil, err
	}
	metadata, err = Object(body, "metadata", false)
	return data, metadata, err
}

// Create answers the creation of one instance.
func (i *InstanceWrites) Create(r *httpapi.Request) (*httpapi.Response, error) {
	data, metadata, err := i.body(r)
	if err != nil {
		return nil, err
	}
	t := target(r, i.ClassParam)
	if data, err = i.resolve(r, t, data); err != nil {
		return nil, err
	}
	return r.Write(i.Commands, "instance.create/"+t.Branch+"/"+t.Class, func(c writes.Caller) (command.Accepted, any, error) {
		a, id, err := i.Writes.CreateInstance(r.Context(), c, t, data, metadata)
		return a, accepted(r, a, t, textCreateAccepted.With(), map[string]any{"instance_id": id}), err
	})
}

// Update answers a merge patch.
func (i *InstanceWrites) Update(r *httpapi.Request) (*httpapi.Response, error) {
	data, metadata, err := i.body(r)
	if err != nil {
		return nil, err
	}
	t, id, expected := target(r, i.ClassParam), r.PathValue("instance_id"), r.Expected()
	if err := r.Check(); err != nil {
		return nil, err
	}
	if data, err = i.resolve(r, t, data); err != nil {
		return nil, err
	}
	return r.Write(i.Commands, "instance.update/"+t.Branch+"/"+t.Class+"/"+id, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := i.Writes.UpdateInstance(r.Context(), c, t, id, expected, data, metadata)
		return a, accepted(r, a, t, textUpdateAccepted.With(), map[string]any{"instance_id": id}), err
	})
}

// Delete answers a deletion.
func (i *InstanceWrites) Delete(r *httpapi.Request) (*httpapi.Response, error) {
	t, id, expected := target(r, i.ClassParam), r.PathValue("instance_id"), r.Expected()
	return r.Write(i.Commands, "instance.delete/"+t.Branch+"/"+t.Class+"/"+id, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := i.Writes.DeleteInstance(r.Context(), c, t, id, expected)
		return a, accepted(r, a, t, textDeleteAccepted.With(), map[string]any{"instance_id": id}), err
	})
}

// resolve turns labels used as keys into property ids (bff-api 2.8): what is no
// field of the class is looked up as a label, in the reader's language first.
func (i *InstanceWrites) resolve(r *httpapi.Request, t writes.InstanceTarget, data map[string]any) (map[string]any, error) {
	if !i.Labels {
		return data, nil
	}
	if err := writes.CheckTarget(t.Database, t.Branch); err != nil {
		return nil, err
	}
	if err := ontology.CheckClassID(t.Class); err != nil {
		return nil, problem.InvalidParameter([]any{"path", i.ClassParam}, err, t.Class)
	}
	d, err := i.Classes.Get(r.Context(), t.Database, t.Branch, t.Class)
	if err != nil {
		return nil, err
	}
	byLabel := labels(d.Schema.Class, r.Lang)
	resolved := make(map[string]any, len(data))
	var unknown []string
	var errs problem.FieldErrors
	for key, value := range data {
		name, known := byLabel[key]
		if !known {
			unknown = append(unknown, key)
			errs = append(errs, problem.Unexpected([]any{"body", "data", key}))
			continue
		}
		resolved[name] = value
	}
	if len(unknown) == 0 {
		return resolved, nil
	}
	slices.Sort(unknown)
	p := problem.BadRequest(textUnknownKeys.With("labels", unknown))
	p.Errors = errs
	return nil, p.WithHint(textUnknownHint.With()).WithDetail(map[string]any{
		"error": "unknown_label_keys", "class_id": t.Class, "labels": unknown, "hint": textUnknownHint.With().In(r.Lang),
	})
}

// labels maps every name and label of a class's fields to the name. A name wins
// over a label, the reader's language over Korean over English.
func labels(c ontology.Class, lang problem.Lang) map[string]string {
	type field struct {
		name  string
		label ontology.Localized
	}
	var fields []field
	for _, p := range c.Properties {
		fields = append(fields, field{p.Name, p.Label})
	}
	for _, l := range c.Relationships {
		fields = append(fields, field{l.Predicate, l.Label})
	}
	names := map[string]string{}
	for _, f := range fields {
		names[f.name] = f.name
	}
	for _, language := range []problem.Lang{lang, problem.Korean, problem.English} {
		for _, f := range fields {
			text := f.label[string(language)]
			if _, taken := names[text]; !taken && text != "" {
				names[text] = f.name
			}
		}
	}
	return names
}
