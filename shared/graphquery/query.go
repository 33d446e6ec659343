package graphquery

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"spiceharvester/shared/graph"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
)

// Hop is one hop as clients write it. Direction is "forward" (along the link) or
// "reverse" (from its target to what holds it).
type Hop struct {
	Predicate   string `json:"predicate"`
	TargetClass string `json:"target_class"`
	Direction   string `json:"direction,omitempty"`
}

const (
	forward = "forward"
	reverse = "reverse"
)

func (h Hop) reversed() bool { return h.Direction == reverse }

// Query is a graph query, echoed as it was understood.
type Query struct {
	StartClass        string         `json:"start_class"`
	Hops              []Hop          `json:"hops"`
	Filters           map[string]any `json:"filters"`
	Limit             int            `json:"limit"`
	Offset            int            `json:"offset"`
	MaxNodes          int            `json:"max_nodes"`
	MaxEdges          int            `json:"max_edges"`
	IncludePaths      bool           `json:"include_paths"`
	MaxPaths          int            `json:"max_paths"`
	PathDepthLimit    *int           `json:"path_depth_limit,omitempty"`
	NoCycles          bool           `json:"no_cycles"`
	IncludeProvenance bool           `json:"include_provenance"`
	IncludeDocuments  bool           `json:"include_documents"`
	IncludeAudit      bool           `json:"include_audit"`

	startField string // what the request calls start_class
}

var (
	textInvalid   = problem.Define("graph.invalid", "Invalid query: {field}: {reason}", "잘못된 쿼리입니다: {field}: {reason}")
	textHops      = problem.Define("graph.hops", "at most {limit} hops can be followed, got {count}", "최대 {limit}개의 홉만 따라갈 수 있습니다. 받은 개수: {count}")
	textFilters   = problem.Define("graph.filters", "at most {limit} filters can be set, got {count}", "필터는 최대 {limit}개까지 지정할 수 있습니다. 받은 개수: {count}")
	textFilter    = problem.Define("graph.filter_value", "a filter compares with a text, a number or a truth value", "필터 값은 문자열, 숫자 또는 참/거짓이어야 합니다.")
	textPair      = problem.Define("graph.hop_pair", "a hop is an object or a list of predicate and target class", "홉은 객체이거나 [관계, 대상 클래스] 목록이어야 합니다.")
	textDirection = problem.Define("graph.direction", "'direction' and 'reverse' contradict each other", "'direction'과 'reverse' 값이 서로 다릅니다.")
)

// invalid is a query that breaks a rule: 400 with the field by its path in the
// message and in errors. path begins below the body.
func invalid(reason problem.Message, input any, path ...any) error {
	name := ""
	for i, step := range path {
		if i > 0 {
			name += "."
		}
		switch s := step.(type) {
		case int:
			name += strconv.Itoa(s)
		case string:
			name += s
		}
	}
	p := problem.BadRequest(textInvalid.With("field", name, "reason", reason))
	p.Errors = problem.FieldErrors{problem.InvalidValue(append([]any{"body"}, path...), reason, input)}
	return p
}

// names of the fields that Parse knows.
var names = []string{
	"start_class", "hops", "filters", "limit", "offset", "max_nodes", "max_edges", "include_paths", "max_paths", "path_depth_limit",
	"no_cycles", "include_provenance", "include_documents", "include_audit",
}

// Parse reads a query. Bounds that are beyond the limits are cut to them; all else
// that is wrong is named.
func Parse(body map[string]any, l Limits) (*Query, error) {
	f := &fields{body: body}
	f.known(names...)
	q := &Query{
		startField: "start_class",
		StartClass: f.text("start_class", true), Filters: f.object("filters"),
		Limit: f.whole("limit", 100, 1, l.Limit), Offset: f.whole("offset", 0, 0, maxInt),
		MaxNodes: f.whole("max_nodes", 500, 1, maxNodes), MaxEdges: f.whole("max_edges", 2000, 1, maxEdges),
		IncludePaths: f.flag("include_paths", false), MaxPaths: f.whole("max_paths", 100, 1, l.Paths),
		NoCycles: f.flag("no_cycles", false), IncludeProvenance: f.flag("include_provenance", false),
		IncludeDocuments: f.flag("include_documents", true), IncludeAudit: f.flag("include_audit", false),
	}
	if body["path_depth_limit"] != nil {
		depth := f.whole("path_depth_limit", 0, 1, l.Hops)
		q.PathDepthLimit = &depth
	}
	hops := f.list("hops")
	if len(hops) > l.Hops {
		return nil, invalid(textHops.With("limit", l.Hops, "count", len(hops)), nil, "hops")
	}
	q.Hops = make([]Hop, 0, len(hops))
	for i, item := range hops {
		q.Hops = append(q.Hops, f.hop(item, i))
	}
	if q.Offset+q.Limit > search.Window {
		f.errs = append(f.errs, problem.TooBig([]any{"body", "offset"}, search.Window-q.Limit, q.Offset))
	}
	return f.finish(q)
}

// ParseSimple reads the query of instances of one class: class_name, filters,
// limit.
func ParseSimple(body map[string]any, l Limits) (*Query, error) {
	f := &fields{body: body}
	f.known("class_name", "filters", "limit")
	return f.finish(&Query{
		startField: "class_name", StartClass: f.text("class_name", true), Filters: f.object("filters"), Hops: []Hop{},
		Limit: f.whole("limit", 100, 1, l.Limit), MaxNodes: l.Limit, MaxEdges: 1, IncludeDocuments: true,
	})
}

// finish checks the filters and tells all that is wrong.
func (f *fields) finish(q *Query) (*Query, error) {
	if len(q.Filters) > maxFilters {
		return nil, invalid(textFilters.With("limit", maxFilters, "count", len(q.Filters)), nil, "filters")
	}
	for _, name := range slices.Sorted(maps.Keys(q.Filters)) {
		switch q.Filters[name].(type) {
		case string, json.Number, bool:
		default:
			f.errs = append(f.errs, problem.InvalidValue([]any{"body", "filters", name}, textFilter.With(), nil))
		}
	}
	return q, f.errs.Err()
}

const maxInt = 1 << 40

// fields reads a body and collects what is wrong.
type fields struct {
	body map[string]any
	errs problem.FieldErrors
}

func (f *fields) known(names ...string) {
	for _, name := range slices.Sorted(maps.Keys(f.body)) {
		if !slices.Contains(names, name) {
			f.errs = append(f.errs, problem.Unexpected([]any{"body", name}))
		}
	}
}

func (f *fields) wrong(typ string, v any, at ...any) {
	f.errs = append(f.errs, problem.WrongType(typ, append([]any{"body"}, at...), v))
}

func (f *fields) text(name string, required bool) string {
	switch v := f.body[name].(type) {
	case string:
		return v
	case nil:
		if required {
			f.errs = append(f.errs, problem.Missing([]any{"body", name}))
		}
	default:
		f.wrong(problem.TypeString, v, name)
	}
	return ""
}

func (f *fields) flag(name string, otherwise bool) bool {
	switch v := f.body[name].(type) {
	case bool:
		return v
	case nil:
	default:
		f.wrong(problem.TypeBool, v, name)
	}
	return otherwise
}

func (f *fields) object(name string) map[string]any {
	switch v := f.body[name].(type) {
	case map[string]any:
		return v
	case nil:
	default:
		f.wrong(problem.TypeDict, v, name)
	}
	return nil
}

func (f *fields) list(name string) []any {
	switch v := f.body[name].(type) {
	case []any:
		return v
	case nil:
	default:
		f.wrong(problem.TypeList, v, name)
	}
	return nil
}

// whole reads a number. What is too high is cut; what is too low is a mistake.
func (f *fields) whole(name string, otherwise, low, high int) int {
	switch v := f.body[name].(type) {
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		switch {
		case err != nil:
			f.wrong(problem.TypeInt, v, name)
		case n < int64(low):
			f.errs = append(f.errs, problem.TooSmall([]any{"body", name}, low, n))
		default:
			return int(min(n, int64(high)))
		}
	case nil:
	default:
		f.wrong(problem.TypeInt, v, name)
	}
	return otherwise
}

// hop reads one hop: an object, or as the multi-hop route has it a list of
// predicate and class.
func (f *fields) hop(item any, i int) Hop {
	at := []any{"body", "hops", i}
	if pair, ok := item.([]any); ok {
		if len(pair) == 2 || len(pair) == 3 {
			o := map[string]any{"predicate": pair[0], "target_class": pair[1]}
			if len(pair) == 3 {
				o["direction"] = pair[2]
			}
			item = o
		}
	}
	body, ok := item.(map[string]any)
	if !ok {
		f.errs = append(f.errs, problem.InvalidValue(at, textPair.With(), item))
		return Hop{}
	}
	inner := &fields{body: body}
	inner.known("predicate", "target_class", "direction", "reverse")
	h := Hop{Predicate: inner.text("predicate", true), TargetClass: inner.text("target_class", true)}
	direction := inner.text("direction", false)
	switch direction {
	case "", forward:
	case reverse:
		h.Direction = reverse
	default:
		inner.errs = append(inner.errs, problem.NotOneOf([]any{"body", "direction"}, []string{forward, reverse}, direction))
	}
	if inner.flag("reverse", direction == reverse) {
		if direction == forward {
			inner.errs = append(inner.errs, problem.InvalidValue([]any{"body", "reverse"}, textDirection.With(), true))
		}
		h.Direction = reverse
	} else if direction == reverse {
		inner.errs = append(inner.errs, problem.InvalidValue([]any{"body", "reverse"}, textDirection.With(), false))
	}
	for _, e := range inner.errs {
		e.Loc = append(slices.Clone(at), e.Loc[1:]...)
		f.errs = append(f.errs, e)
	}
	return h
}

// hops are the hops as an engine takes them.
func (q *Query) hops() []graph.Hop {
	list := make([]graph.Hop, len(q.Hops))
	for i, h := range q.Hops {
		list[i] = graph.Hop{Predicate: h.Predicate, Reverse: h.reversed(), Target: h.TargetClass}
	}
	return list
}

// checkClassIDs refuses what cannot be a class. Such a text would also not be safe
// in a node's name, Class/id.
func (q *Query) checkClassIDs() error {
	if err := ontology.CheckClassID(q.StartClass); err != nil {
		return invalid(problem.MessageOf(err), q.StartClass, q.startField)
	}
	for i, h := range q.Hops {
		if err := ontology.CheckClassID(h.TargetClass); err != nil {
			return invalid(problem.MessageOf(err), h.TargetClass, "hops", i, "target_class")
		}
	}
	return nil
}
