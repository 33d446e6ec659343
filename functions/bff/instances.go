package bff

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// class reads and checks database and class of a path.
func (f *Function) class(r *httpapi.Request) (database, class string, err error) {
	return f.core.ClassOf(r)
}

func (f *Function) getInstance(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := f.instance(r)
	if err != nil {
		return nil, err
	}
	minSequence := r.Int("min_sequence", 0, 0, 1<<62)
	moment, past, err := f.moment(r, ref.Database)
	if err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	var d reads.Document
	if past {
		d, err = f.reads.AsOf(r.Context(), ref, moment)
		if reason := (problem.Message{}); errors.As(err, &reason) {
			err = problem.InvalidParameter([]any{"query", "as_of_position"}, reason, r.Query("as_of_position", ""))
		}
	} else {
		d, err = f.reads.Instance(r.Context(), ref, uint64(minSequence))
	}
	if err != nil {
		return nil, err
	}
	f.core.Labelled(r, ref.Database, ref.Class, []reads.Document{d})
	resp := httpapi.OK(map[string]any{"status": "success", "data": d})
	sequence, _ := d["event_sequence"].(json.Number)
	n, err := strconv.ParseUint(sequence.String(), 10, 64)
	if err != nil {
		return nil, problem.Internal(fmt.Errorf("instance %s: sequence: %w", ref.ID, err))
	}
	return httpapi.Tagged(r, resp, n), nil
}

// instanceSequence answers the sequence that the next write of an instance has to
// expect, from the log; 0 for one that never was.
func (f *Function) instanceSequence(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := f.instance(r)
	if err != nil {
		return nil, err
	}
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	sequence, _, err := f.core.Writes.Sequence(r.Context(), ref.Database, writes.InstanceAggregate(ref))
	if err != nil {
		return nil, err
	}
	return httpapi.Tagged(r, httpapi.Success(r, textSequence.With(), map[string]any{
		"db_name": ref.Database, "branch": ref.Branch, "class_id": ref.Class, "instance_id": ref.ID, "expected_seq": sequence,
	}), sequence), nil
}

// sampleValues lists values that instances have, of one property or of all.
func (f *Function) sampleValues(r *httpapi.Request) (*httpapi.Response, error) {
	database, class, err := f.class(r)
	if err != nil {
		return nil, err
	}
	limit := int(r.Int("limit", 200, 1, 500))
	if err := r.Check(); err != nil {
		return nil, err
	}
	list, err := f.reads.List(r.Context(), database, sweep.Instances, search.Query{Alias: search.InstancesAlias(database), Class: class, Limit: limit}, event.Position{})
	if err != nil {
		return nil, err
	}
	samples := map[string][]any{}
	for _, d := range list.Documents {
		data, _ := d["data"].(map[string]any)
		for name, v := range data {
			samples[name] = flatten(v, samples[name])
		}
	}
	property := r.Query("property_name", "")
	if property == "" {
		return httpapi.OK(map[string]any{"class_id": class, "total": len(samples), "property_values": samples}), nil
	}
	property = property[strings.LastIndexAny(property, "/#")+1:]
	values := samples[property]
	if values == nil {
		values = []any{}
	}
	return httpapi.OK(map[string]any{"class_id": class, "property": property, "total": len(values), "values": values}), nil
}

// flatten appends a value, or the items of a list, without repeating any.
func flatten(v any, list []any) []any {
	items, many := v.([]any)
	if !many {
		items = []any{v}
	}
	for _, item := range items {
		if item == nil {
			continue
		}
		key, err := json.Marshal(item)
		if err != nil {
			continue
		}
		if !slices.ContainsFunc(list, func(other any) bool { b, err := json.Marshal(other); return err == nil && string(b) == string(key) }) {
			list = append(list, item)
		}
	}
	return list
}
