package core

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/classes"
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
	textSearchLong  = problem.Define("instance.search_long", "Search query too long (max {limit} characters)", "검색어가 너무 깁니다 (최대 {limit}자)")
	textPosition    = problem.Define("read.position", "min_position must be a position that a write has answered.", "min_position은 쓰기 응답에서 받은 위치여야 합니다.")
	textWindow      = problem.Define("read.window", "offset + limit may reach {limit} at most; go further with cursor.", "offset + limit은 최대 {limit}까지 가능합니다. 더 뒤는 cursor로 조회하세요.")
	textCursor      = problem.Define("read.cursor", "The cursor must be the next_cursor of the same list: same class, search, filters and order.", "커서는 같은 목록(같은 클래스, 검색어, 필터, 정렬)의 next_cursor여야 합니다.")
	textCursorPage  = problem.Define("read.cursor_offset", "cursor and offset exclude each other.", "cursor와 offset은 함께 쓸 수 없습니다.")
	textSortField   = problem.Define("read.sort", "Lists are sorted by instance_id, created_at, updated_at or a property of the class; '{name}' is none.", "목록은 instance_id, created_at, updated_at 또는 클래스의 속성으로 정렬할 수 있습니다. '{name}'은(는) 해당하지 않습니다.")
	textFilterField = problem.Define("read.filter", "'{class}' has no property or relationship '{name}' to filter by.", "'{class}' 클래스에 필터로 쓸 '{name}' 속성이나 관계가 없습니다.")
	textFilterShape = problem.Define("read.filter_shape", "Values of this type have parts; a filter takes single values.", "이 유형의 값은 여러 부분으로 이루어져 필터에 쓸 수 없습니다.")
)

// MinPosition reads the position that a list waits for; zero without one.
func (c *Core) MinPosition(r *httpapi.Request, database string) (event.Position, error) {
	text := r.Query("min_position", "")
	p, err := event.ParsePosition(text)
	if err == nil && !p.IsZero() {
		var chain int
		if chain, err = c.Log.ChainOf(r.Context(), database); err != nil {
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

// Page reads limit and offset.
func Page(r *httpapi.Request, highest int64) (limit, offset int, err error) {
	limit, offset = int(r.Int("limit", 100, 1, highest)), int(r.Int("offset", 0, 0, search.Window))
	if err := r.Check(); err != nil {
		return 0, 0, err
	}
	if limit+offset > search.Window {
		return 0, 0, problem.InvalidParameter([]any{"query", "offset"}, textWindow.With("limit", search.Window), offset)
	}
	return limit, offset, nil
}

// ClassOf reads and checks database and class of a path.
func (c *Core) ClassOf(r *httpapi.Request) (database, class string, err error) {
	database, class = r.PathValue("db_name"), r.PathValue("class_id")
	if err := writes.CheckTarget(database, r.Branch()); err != nil {
		return "", "", err
	}
	if err := ontology.CheckClassID(class); err != nil {
		return "", "", problem.InvalidParameter([]any{"path", "class_id"}, err, class)
	}
	return database, class, nil
}

// Labelled fills in the class's label, which is read when the document is read: a
// document depends on its own facts only.
func (c *Core) Labelled(r *httpapi.Request, database, class string, docs []reads.Document) {
	label := any(nil)
	if d, err := c.Classes.Get(r.Context(), database, r.Branch(), class); err == nil {
		label = d.Class.Label.In(r.Lang)
	}
	for _, d := range docs {
		d["class_label"] = label
		d["properties"] = []any{}
	}
}

// InstanceLists are the endpoints that list instances.
type InstanceLists struct {
	*Core
	Reads *reads.Reads
}

// selected is which instances of a class a client asks for.
type selected struct {
	database, class string
	definition      *classes.Definition // only if the query names fields
	query           search.Query
	minPosition     event.Position
}

// selection reads class, search, filters, order and min_position.
func (l *InstanceLists) selection(r *httpapi.Request) (s selected, err error) {
	if s.database, s.class, err = l.ClassOf(r); err != nil {
		return s, err
	}
	text := r.Query("search", "")
	if utf8.RuneCountInString(text) > maxSearch {
		return s, problem.InvalidParameter([]any{"query", "search"}, textSearchLong.With("limit", maxSearch), nil)
	}
	s.query = search.Query{Alias: search.InstancesAlias(s.database), Class: s.class, Search: text}
	if err := l.order(r, &s); err != nil {
		return s, err
	}
	if err := l.filters(r, &s); err != nil {
		return s, err
	}
	s.minPosition, err = l.MinPosition(r, s.database)
	return s, err
}

// schema reads the class, which must exist.
func (l *InstanceLists) schema(r *httpapi.Request, s *selected) (*ontology.Schema, error) {
	if s.definition == nil {
		d, err := l.Classes.Get(r.Context(), s.database, r.Branch(), s.class)
		if err != nil {
			return nil, err
		}
		s.definition = d
	}
	return s.definition.Schema, nil
}

// order reads sort and order.
func (l *InstanceLists) order(r *httpapi.Request, s *selected) error {
	name, direction := r.Query("sort", ""), r.Query("order", "")
	if direction != "" && direction != "asc" && direction != "desc" {
		return problem.Validation(problem.NotOneOf([]any{"query", "order"}, []string{"asc", "desc"}, direction))
	}
	desc := direction == "desc"
	switch name {
	case "":
		if direction != "" {
			s.query.Sort = []search.Order{{Field: "event_timestamp", Desc: desc}}
		}
		return nil
	case "updated_at":
		name = "event_timestamp"
		fallthrough
	case "instance_id", "created_at":
		s.query.Sort = []search.Order{{Field: name, Desc: desc}}
		return nil
	}
	schema, err := l.schema(r, s)
	if err != nil {
		return err
	}
	if _, known := schema.Rule(name); !known {
		return problem.InvalidParameter([]any{"query", "sort"}, textSortField.With("name", name), name)
	}
	s.query.Sort = []search.Order{search.ByProperty(name, desc)}
	return nil
}

const filterPrefix = "filter."

// filters reads filter.<property>=value; several must all hold.
func (l *InstanceLists) filters(r *httpapi.Request, s *selected) error {
	query := r.URL.Query()
	var errs problem.FieldErrors
	for _, parameter := range slices.Sorted(maps.Keys(query)) {
		name, isFilter := strings.CutPrefix(parameter, filterPrefix)
		if !isFilter {
			continue
		}
		schema, err := l.schema(r, s)
		if err != nil {
			return err
		}
		for _, text := range query[parameter] {
			equal, bad := filterOf(schema, name, text, []any{"query", parameter})
			errs = append(errs, bad...)
			s.query.Filter = append(s.query.Filter, equal)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	p := problem.BadRequest(errs[0].Msg)
	p.Errors = errs
	return p
}

// filterOf makes a filter of a text, which is read as the property's type reads it.
func filterOf(schema *ontology.Schema, name, text string, loc []any) (search.Equal, problem.FieldErrors) {
	if _, isLink := schema.Relationship(name); isLink {
		return search.LinkIs(name, text), nil
	}
	rule, known := schema.Rule(name)
	if !known {
		return search.Equal{}, problem.FieldErrors{problem.InvalidValue(loc, textFilterField.With("class", schema.Class.ID, "name", name), nil)}
	}
	var first problem.FieldErrors
	for _, candidate := range candidates(text) {
		v, errs := rule.Normalize(candidate, loc)
		if list, many := v.([]any); many && len(errs) == 0 && len(list) == 1 {
			v = list[0]
		}
		switch v.(type) {
		case string, json.Number, bool:
			return search.PropertyIs(name, v), nil
		}
		if len(errs) == 0 {
			errs = problem.FieldErrors{problem.InvalidValue(loc, textFilterShape.With(), text)}
		}
		if first == nil {
			first = errs
		}
	}
	return search.Equal{}, first
}

// candidates are the JSON values that a text may stand for.
func candidates(text string) []any {
	single := []any{text}
	var v any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if json.Valid([]byte(text)) && decoder.Decode(&v) == nil {
		switch v.(type) {
		case json.Number, bool:
			single = append(single, v)
		}
	}
	all := single
	for _, item := range single {
		all = append(all, []any{item})
	}
	return all
}

// instancePage is a page of instances.
type instancePage struct {
	selected
	limit, offset int
	reads.Page
	next *string
}

// page reads limit, offset or cursor, and the page.
func (l *InstanceLists) page(r *httpapi.Request) (p instancePage, err error) {
	if p.limit, p.offset, err = Page(r, 1000); err != nil {
		return p, err
	}
	if p.selected, err = l.selection(r); err != nil {
		return p, err
	}
	q := p.query
	q.Limit, q.Offset = p.limit, p.offset
	mark := digest(&q)
	if cursor := r.Query("cursor", ""); cursor != "" {
		if p.offset > 0 {
			return p, problem.InvalidParameter([]any{"query", "cursor"}, textCursorPage.With(), nil)
		}
		if q.After, err = openCursor(cursor, mark, q.SortValues()); err != nil {
			return p, problem.InvalidParameter([]any{"query", "cursor"}, err, nil)
		}
	}
	if p.Page, err = l.Reads.List(r.Context(), p.database, sweep.Instances, q, p.minPosition); err != nil {
		return p, err
	}
	if len(p.Documents) == p.limit {
		text := makeCursor(mark, p.Last)
		p.next = &text
	}
	l.Labelled(r, p.database, p.class, p.Documents)
	return p, nil
}

// List answers a page of a class's instances.
func (l *InstanceLists) List(r *httpapi.Request) (*httpapi.Response, error) {
	p, err := l.page(r)
	if err != nil {
		return nil, err
	}
	body := map[string]any{
		"class_id": p.class, "total": p.Total, "limit": p.limit, "offset": p.offset, "search": nil, "instances": p.Documents, "next_cursor": p.next,
	}
	if p.query.Search != "" {
		body["search"] = p.query.Search
	}
	return httpapi.OK(body), nil
}

// digest tells lists apart, so that a cursor is only taken by the list it is of.
func digest(q *search.Query) string {
	what, err := json.Marshal([]any{q.Alias, q.Class, q.Search, q.Targets, q.Filter, q.Sort})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(what)
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// cursor is a place in a list.
type cursor struct {
	List  string          `json:"l"`
	After json.RawMessage `json:"a"` // as Elasticsearch has answered it, numbers included
}

func makeCursor(list string, after json.RawMessage) string {
	text, err := json.Marshal(cursor{list, after})
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// maxCursor bounds a cursor: an id, a property's key and what is around them.
const maxCursor = 16 << 10

// openCursor gives the place that a cursor names.
func openCursor(text, list string, values int) (json.RawMessage, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c cursor
	if err != nil || len(text) > maxCursor || json.Unmarshal(raw, &c) != nil || c.List != list {
		return nil, textCursor.With()
	}
	var after []any
	if json.Unmarshal(c.After, &after) != nil || len(after) != values {
		return nil, textCursor.With()
	}
	for _, v := range after {
		switch v.(type) {
		case nil, string, float64:
		default:
			return nil, textCursor.With()
		}
	}
	return c.After, nil
}
