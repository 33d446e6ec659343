package labelquery

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Request is a query as a client wrote it.
type Request struct {
	ClassLabel string
	ClassID    string
	Filters    []FilterRequest
	Select     []string // nil: all fields
	OrderBy    string
	Descending bool
	Limit      int
	Offset     int
}

// FilterRequest is one filter, its field by label or id.
type FilterRequest struct {
	Field string
	Op    Op
	Value any
	name  string // what the request calls the field: field or field_label
}

// Bounds of a request.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
	maxFilters   = 100
	maxValues    = 1000 // of one list
)

var (
	textNoClass     = problem.Define("query.no_class", "class_label or class_id is required", "class_label 또는 class_id가 필요합니다.")
	textOperator    = problem.Define("query.operator", "'{operator}' is no operator; there are {operators}", "'{operator}'은(는) 연산자가 아닙니다. 사용할 수 있는 연산자: {operators}")
	textList        = problem.Define("query.list", "'{operator}' takes a list of at most {limit} values", "'{operator}'에는 최대 {limit}개 값의 목록이 필요합니다.")
	textScalar      = problem.Define("query.scalar", "'{operator}' takes a text, a number or a truth value", "'{operator}'에는 문자열, 숫자 또는 참/거짓 값이 필요합니다.")
	textMany        = problem.Define("query.filters", "at most {limit} filters can be set, got {count}", "필터는 최대 {limit}개까지 지정할 수 있습니다. 받은 개수: {count}")
	textField       = problem.Define("query.field", "Field not found: {field}", "필드를 찾을 수 없습니다: {field}")
	textSelectField = problem.Define("query.select_field", "SELECT field not found: {field}", "SELECT 필드를 찾을 수 없습니다: {field}")
	textOrderField  = problem.Define("query.order_field", "ORDER BY field not found: {field}", "ORDER BY 필드를 찾을 수 없습니다: {field}")
)

// Parse reads a QueryInput. extra names further fields that the caller reads.
func Parse(body map[string]any, extra ...string) (*Request, error) {
	p := &parser{}
	p.known(body, []any{"body"}, append(extra, "class_label", "class_id", "filters", "select", "limit", "offset", "order_by", "order_direction")...)
	q := &Request{
		ClassLabel: p.text(body, "class_label", "body"), ClassID: p.text(body, "class_id", "body"), OrderBy: p.text(body, "order_by", "body"),
		Limit: p.whole(body, "limit", DefaultLimit, MaxLimit), Offset: p.whole(body, "offset", 0, 1<<40),
	}
	if q.ClassLabel == "" && q.ClassID == "" && !wrongType(body["class_label"]) && !wrongType(body["class_id"]) {
		p.errs = append(p.errs, problem.InvalidValue([]any{"body", "class_label"}, textNoClass.With(), nil))
	}
	switch direction := p.text(body, "order_direction", "body"); strings.ToLower(direction) {
	case "", "asc":
	case "desc":
		q.Descending = true
	default:
		p.errs = append(p.errs, problem.NotOneOf([]any{"body", "order_direction"}, []string{"asc", "desc"}, direction))
	}
	filters := p.list(body, "filters")
	if len(filters) > maxFilters {
		p.errs = append(p.errs, problem.InvalidValue([]any{"body", "filters"}, textMany.With("limit", maxFilters, "count", len(filters)), nil))
		filters = nil
	}
	for i, item := range filters {
		q.Filters = append(q.Filters, p.filter(item, i))
	}
	for i, item := range p.list(body, "select") {
		name, ok := item.(string)
		if !ok {
			p.errs = append(p.errs, problem.WrongType(problem.TypeString, []any{"body", "select", i}, item))
		}
		q.Select = append(q.Select, name)
	}
	return q, p.errs.Err()
}

// wrongType reports whether a text has another type; that is told already.
func wrongType(v any) bool {
	_, ok := v.(string)
	return v != nil && !ok
}

type parser struct{ errs problem.FieldErrors }

func (p *parser) known(body map[string]any, loc []any, names ...string) {
	for _, name := range slices.Sorted(maps.Keys(body)) {
		if !slices.Contains(names, name) {
			p.errs = append(p.errs, problem.Unexpected(problem.At(loc, name)))
		}
	}
}

func (p *parser) text(body map[string]any, name string, loc ...any) string {
	switch v := body[name].(type) {
	case string:
		return v
	case nil:
	default:
		p.errs = append(p.errs, problem.WrongType(problem.TypeString, problem.At(loc, name), v))
	}
	return ""
}

func (p *parser) list(body map[string]any, name string) []any {
	switch v := body[name].(type) {
	case []any:
		return v
	case nil:
	default:
		p.errs = append(p.errs, problem.WrongType(problem.TypeList, []any{"body", name}, v))
	}
	return nil
}

func (p *parser) whole(body map[string]any, name string, otherwise, high int64) int {
	loc := []any{"body", name}
	switch v := body[name].(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		switch {
		case err != nil:
			p.errs = append(p.errs, problem.WrongType(problem.TypeInt, loc, v))
		case n < 0:
			p.errs = append(p.errs, problem.TooSmall(loc, 0, n))
		case n > high:
			p.errs = append(p.errs, problem.TooBig(loc, high, n))
		default:
			return int(n)
		}
	case nil:
	default:
		p.errs = append(p.errs, problem.WrongType(problem.TypeInt, loc, v))
	}
	return int(otherwise)
}

// filter reads one filter: field or field_label, operator, value or value_labels.
func (p *parser) filter(item any, i int) FilterRequest {
	loc := []any{"body", "filters", i}
	body, ok := item.(map[string]any)
	if !ok {
		p.errs = append(p.errs, problem.WrongType(problem.TypeDict, loc, item))
		return FilterRequest{}
	}
	p.known(body, loc, "field", "field_label", "operator", "value", "value_labels")
	f := FilterRequest{name: "field"}
	if body["field"] == nil && body["field_label"] != nil {
		f.name = "field_label"
	}
	if f.Field = p.text(body, f.name, loc...); body[f.name] == nil {
		p.errs = append(p.errs, problem.Missing(problem.At(loc, "field")))
	}
	name := p.text(body, "operator", loc...)
	if f.Op, ok = ParseOp(name); !ok {
		if body["operator"] == nil {
			p.errs = append(p.errs, problem.Missing(problem.At(loc, "operator")))
		} else {
			p.errs = append(p.errs, problem.InvalidValue(problem.At(loc, "operator"), textOperator.With("operator", name, "operators", opNames()), name))
		}
		return f
	}
	field := "value"
	value, sent := body["value"]
	if labels, other := body["value_labels"]; !sent && other {
		value, sent, field = labels, true, "value_labels"
	}
	if !sent && !f.Op.takesNone() {
		p.errs = append(p.errs, problem.Missing(problem.At(loc, "value")))
		return f
	}
	f.Value = value
	if reason := f.check(); reason != nil {
		p.errs = append(p.errs, problem.InvalidValue(problem.At(loc, field), *reason, nil))
	}
	return f
}

func opNames() string {
	names := make([]string, len(Ops))
	for i, op := range Ops {
		names[i] = string(op)
	}
	return strings.Join(names, ", ")
}

// check tells what is wrong with the value of a filter.
func (f *FilterRequest) check() *problem.Message {
	switch {
	case f.Op.takesNone():
		f.Value = nil
	case f.Op.takesList():
		if list, ok := f.Value.([]any); !ok || len(list) > maxValues {
			m := textList.With("operator", f.Op, "limit", maxValues)
			return &m
		}
	case f.Op == Eq || f.Op == Ne:
	default:
		switch f.Value.(type) {
		case string, json.Number, bool:
		default:
			m := textScalar.With("operator", f.Op)
			return &m
		}
	}
	return nil
}

// Filter is a filter on a property, by id.
type Filter struct {
	Property string
	Op       Op
	Value    any
}

// Query is a request whose names are resolved.
type Query struct {
	Class      string
	Filters    []Filter
	Select     []string // property ids; nil for all
	OrderBy    string   // "" for the order of ids
	Descending bool
	Limit      int
	Offset     int
}

// special are fields that every instance has.
var special = []string{"@id", "@type", "@created", "@modified", "instance_id", "class_id"}

// Resolve turns labels into property ids. names maps what the class knows, ids and
// labels, to ids. What it does not know is named: 400.
func (r *Request) Resolve(class ontology.Class, names map[string]string) (*Query, error) {
	q := &Query{Class: class.ID, Descending: r.Descending, Limit: r.Limit, Offset: r.Offset}
	resolve := func(label string) (string, bool) {
		if id, ok := names[label]; ok {
			return id, true
		}
		if slices.Contains(special, label) {
			return label, true
		}
		id, ok := names[label[strings.LastIndexAny(label, "/#")+1:]] // an IRI
		return id, ok
	}
	for i, f := range r.Filters {
		id, ok := resolve(f.Field)
		if !ok {
			return nil, problem.InvalidParameter([]any{"body", "filters", i, f.name}, textField.With("field", f.Field), f.Field)
		}
		q.Filters = append(q.Filters, Filter{id, f.Op, f.Value})
	}
	if r.Select != nil {
		q.Select = []string{}
	}
	for i, label := range r.Select {
		id, ok := resolve(label)
		if !ok {
			return nil, problem.InvalidParameter([]any{"body", "select", i}, textSelectField.With("field", label), label)
		}
		q.Select = append(q.Select, id)
	}
	if r.OrderBy != "" {
		id, ok := resolve(r.OrderBy)
		if !ok {
			return nil, problem.InvalidParameter([]any{"body", "order_by"}, textOrderField.With("field", r.OrderBy), r.OrderBy)
		}
		q.OrderBy = id
	}
	return q, nil
}
