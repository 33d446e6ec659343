package bff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

const maxSearch = 100 // characters of a search text

var (
	textSearchLong = problem.Define("instance.search_long", "Search query too long (max {limit} characters)", "검색어가 너무 깁니다 (최대 {limit}자)")
	textPosition   = problem.Define("read.position", "min_position must be a position that a write has answered.", "min_position은 쓰기 응답에서 받은 위치여야 합니다.")
	textWindow     = problem.Define("read.window", "offset + limit may reach {limit} at most; narrow the search.", "offset + limit은 최대 {limit}까지 가능합니다. 검색 범위를 좁히세요.")
)

// class reads and checks database and class of a path.
func (f *Function) class(r *httpapi.Request) (database, class string, err error) {
	database, class = r.PathValue("db_name"), r.PathValue("class_id")
	if err := writes.CheckTarget(database, r.Branch()); err != nil {
		return "", "", err
	}
	if err := ontology.CheckClassID(class); err != nil {
		return "", "", problem.InvalidParameter([]any{"path", "class_id"}, err, class)
	}
	return database, class, nil
}

// position reads min_position.
func (f *Function) position(r *httpapi.Request, database string) (event.Position, error) {
	text := r.Query("min_position", "")
	p, err := event.ParsePosition(text)
	if err == nil && !p.IsZero() {
		var chain int
		if chain, err = f.core.Log.ChainOf(r.Context(), database); err != nil {
			return p, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		if chain == p.Chain {
			return p, nil
		}
	}
	if text == "" {
		return event.Position{}, nil
	}
	return p, problem.InvalidParameter([]any{"query", "min_position"}, textPosition.With(), text)
}

// page reads limit and offset.
func page(r *httpapi.Request, highest int64) (limit, offset int, err error) {
	limit, offset = int(r.Int("limit", 100, 1, highest)), int(r.Int("offset", 0, 0, search.Window))
	if err := r.Check(); err != nil {
		return 0, 0, err
	}
	if limit+offset > search.Window {
		return 0, 0, problem.InvalidParameter([]any{"query", "offset"}, textWindow.With("limit", search.Window), offset)
	}
	return limit, offset, nil
}

func (f *Function) listInstances(r *httpapi.Request) (*httpapi.Response, error) {
	database, class, err := f.class(r)
	if err != nil {
		return nil, err
	}
	limit, offset, err := page(r, 1000)
	if err != nil {
		return nil, err
	}
	text := r.Query("search", "")
	if utf8.RuneCountInString(text) > maxSearch {
		return nil, problem.InvalidParameter([]any{"query", "search"}, textSearchLong.With("limit", maxSearch), nil)
	}
	minPosition, err := f.position(r, database)
	if err != nil {
		return nil, err
	}
	list, err := f.reads.List(r.Context(), database, sweep.Instances, search.Query{
		Alias: search.InstancesAlias(database), Class: class, Search: text, Offset: offset, Limit: limit,
	}, minPosition)
	if err != nil {
		return nil, err
	}
	f.labelled(r, database, class, list.Documents)
	body := map[string]any{"class_id": class, "total": list.Total, "limit": limit, "offset": offset, "search": nil, "instances": list.Documents}
	if text != "" {
		body["search"] = text
	}
	return httpapi.OK(body), nil
}

// labelled fills in the class's label, which is read when the document is read:
// a document depends on its own facts only.
func (f *Function) labelled(r *httpapi.Request, database, class string, docs []reads.Document) {
	label := any(nil)
	if d, err := f.core.Classes.Get(r.Context(), database, r.Branch(), class); err == nil {
		label = d.Class.Label.In(r.Lang)
	}
	for _, d := range docs {
		d["class_label"] = label
		d["properties"] = []any{}
	}
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
	} else {
		d, err = f.reads.Instance(r.Context(), ref, uint64(minSequence))
	}
	if err != nil {
		return nil, err
	}
	f.labelled(r, ref.Database, ref.Class, []reads.Document{d})
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
