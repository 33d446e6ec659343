package graphquery

import (
	"context"
	"encoding/json"
	"fmt"

	"spiceharvester/shared/graph"
	"spiceharvester/shared/search"
)

// startPage bounds the instances that are fetched at once to start from.
const startPage = 1000

// candidate is an instance that may pass the filters.
type candidate struct {
	Instance string         `json:"instance_id"`
	Data     map[string]any `json:"data"`
}

// starts visits the instances of the start class that pass the filters, by id, a
// page at a time.
func (s *Service) starts(ctx context.Context, database string, q *Query, want int, visit func([]graph.Node) (bool, error)) error {
	selection := search.Selection{Alias: search.InstancesAlias(database), Class: q.StartClass, Fields: []string{"instance_id"}}
	if len(q.Filters) > 0 {
		selection.Fields = nil // a part of the data would not have the texts of its numbers
	}
	for name, v := range q.Filters {
		selection.Where = append(selection.Where, search.HasAny(name, keys(v)...))
	}
	size := max(1, min(want, startPage))
	page := make([]graph.Node, 0, size)
	seen := 0
	stopped := false
	flush := func() (bool, error) {
		if len(page) == 0 {
			return true, nil
		}
		goOn, err := visit(page)
		page = page[:0]
		stopped = !goOn
		return goOn, err
	}
	err := search.Visit(ctx, s.Search, selection, maxInt, size, func(d *candidate) (bool, error) {
		seen++
		if passes(d.Data, q.Filters) {
			page = append(page, graph.Node{Class: q.StartClass, ID: d.Instance})
		}
		if seen%size == 0 {
			return flush()
		}
		return true, nil
	})
	if err == nil && !stopped {
		_, err = flush()
	}
	return err
}

// keys are all under which a value that a filter accepts may be indexed: the
// filter compares texts, the index knows numbers and truth values too.
func keys(filter any) []string {
	text := text(filter)
	list := []string{search.Key(text)}
	if text == "true" || text == "false" {
		return list // the key of the truth value is the same text
	}
	if n := json.Number(text); isNumber(n) {
		list = append(list, search.Key(n))
	}
	return list
}

func isNumber(n json.Number) bool {
	var out json.Number
	return json.Unmarshal([]byte(n), &out) == nil && out == n && json.Valid([]byte(n))
}

// text is a value as filters compare it.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return v.String()
	}
	return ""
}

// passes reports whether data has every value that is filtered for. A list has the
// values of its items.
func passes(data, filters map[string]any) bool {
	for name, want := range filters {
		if !equal(data[name], want) {
			return false
		}
	}
	return true
}

// equal compares as texts; two JSON numbers compare by value, so 12.50 is 12.5.
func equal(v, want any) bool {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if equal(item, want) {
				return true
			}
		}
		return false
	case json.Number:
		if n, ok := want.(json.Number); ok && search.Key(n) == search.Key(v) {
			return true
		}
	case string, bool:
	default:
		return false
	}
	return text(v) == text(want)
}
