package labelquery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
)

// Service answers queries.
type Service struct {
	Search *search.Client
	Kinds  *Kinds
	// MaxScan is the most instances that are read for one answer
	// (QUERY_MAX_SCAN_DOCS).
	MaxScan int
}

// maxScanBytes bounds the data that is kept for one answer.
const maxScanBytes = 64 << 20

// scanPage is how many instances are fetched at once.
const scanPage = 200

// MaxScanFromEnv reads QUERY_MAX_SCAN_DOCS, 5000 by default.
func MaxScanFromEnv(getenv func(string) string) (int, error) {
	text := strings.TrimSpace(getenv("QUERY_MAX_SCAN_DOCS"))
	if text == "" {
		return 5000, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, fmt.Errorf("environment: QUERY_MAX_SCAN_DOCS is %q, not a number from 1 to 1000000", text)
	}
	return n, nil
}

var (
	textScan   = problem.Define("query.scan", "This query would have to read more than {limit} instances of '{class}'. Add a filter that equality, order or null decides.", "이 쿼리는 '{class}' 클래스의 인스턴스를 {limit}개 넘게 읽어야 합니다. 같음, 크기 비교 또는 null 조건의 필터를 추가하세요.")
	textWindow = problem.Define("query.window", "offset + limit may reach {limit} at most; narrow the query.", "offset + limit은 최대 {limit}까지 가능합니다. 쿼리 범위를 좁히세요.")
)

// Row is one instance of an answer.
type Row = map[string]any

// Result is a page of rows and the number of all.
type Result struct {
	Rows  []Row
	Total int
}

// document is what rows are made of.
type document struct {
	Instance  string         `json:"instance_id"`
	Class     string         `json:"class_id"`
	CreatedAt string         `json:"created_at"`
	UpdatedAt string         `json:"updated_at"`
	Data      map[string]any `json:"data"`
}

// size estimates the bytes of a document.
func (d *document) size() int { return len(d.Instance) + 100 + sizeOf(d.Data) }

func sizeOf(v any) int {
	n := 16
	switch v := v.(type) {
	case string:
		n += len(v)
	case json.Number:
		n += len(v)
	case []any:
		for _, item := range v {
			n += sizeOf(item)
		}
	case map[string]any:
		for name, item := range v {
			n += 16 + len(name) + sizeOf(item)
		}
	}
	return n
}

// get reads a field of a document.
func (d *document) get(field string) any {
	switch field {
	case "@id":
		return d.Class + "/" + d.Instance
	case "@type", "class_id":
		return d.Class
	case "instance_id":
		return d.Instance
	case "@created":
		return d.CreatedAt
	case "@modified":
		return d.UpdatedAt
	}
	return d.Data[field]
}

func (q *Query) passes(d *document) bool {
	for _, f := range q.Filters {
		if !Matches(d.get(f.Property), f.Op, f.Value) {
			return false
		}
	}
	return true
}

// row shows a document: its identity, and its data or what was selected.
func (q *Query) row(d *document) Row {
	row := Row{}
	if q.Select == nil {
		for name, v := range d.Data {
			row[name] = v
		}
	}
	for _, name := range q.Select {
		if v := d.get(name); v != nil {
			row[name] = v
		} else if v, sent := d.Data[name]; sent {
			row[name] = v
		}
	}
	row["@id"], row["@type"], row["instance_id"], row["class_id"] = d.Class+"/"+d.Instance, d.Class, d.Instance, d.Class
	return row
}

// Run answers a query on a class as it is declared.
func (s *Service) Run(ctx context.Context, database string, d *classes.Definition, q *Query) (Result, error) {
	kinds, err := s.Kinds.of(ctx, database, d)
	if err != nil {
		return Result{}, err
	}
	p := makePlan(database, q, kinds)
	if !p.exact {
		return s.scan(ctx, q, p.selection)
	}
	if q.Offset+q.Limit > search.Window {
		return Result{}, problem.InvalidParameter([]any{"body", "offset"}, textWindow.With("limit", search.Window), q.Offset)
	}
	page, total, err := search.Select[document](ctx, s.Search, p.selection, q.Offset, q.Limit)
	if err != nil {
		return Result{}, unavailable(err)
	}
	r := Result{Total: total, Rows: make([]Row, 0, len(page))}
	for i := range page {
		r.Rows = append(r.Rows, q.row(&page[i]))
	}
	return r, nil
}

// scan reads what Elasticsearch leaves over and decides the rest.
func (s *Service) scan(ctx context.Context, q *Query, selection search.Selection) (Result, error) {
	selection.Order = nil
	var matched []document
	read, kept, tooMuch := 0, 0, false
	err := search.Visit(ctx, s.Search, selection, s.MaxScan+1, scanPage, func(d *document) (bool, error) {
		if read++; read <= s.MaxScan && q.passes(d) {
			matched = append(matched, *d)
			kept += d.size()
		}
		tooMuch = read > s.MaxScan || kept > maxScanBytes
		return !tooMuch, nil
	})
	if err != nil {
		return Result{}, unavailable(err)
	}
	if tooMuch {
		return Result{}, problem.BadRequest(textScan.With("limit", s.MaxScan, "class", q.Class)).WithContext("max_scan_docs", s.MaxScan)
	}
	if q.OrderBy != "" {
		slices.SortStableFunc(matched, func(a, b document) int { return Compare(a.get(q.OrderBy), b.get(q.OrderBy), q.Descending) })
	}
	r := Result{Total: len(matched), Rows: []Row{}}
	for i := min(q.Offset, len(matched)); i < min(q.Offset+q.Limit, len(matched)); i++ {
		r.Rows = append(r.Rows, q.row(&matched[i]))
	}
	return r, nil
}

func unavailable(err error) error {
	if _, known := problem.AsProblem(err); known {
		return err
	}
	return problem.Unavailable(problem.ServiceUnavailable, "search", err)
}
