package labelquery

import (
	"bytes"
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

// maxScanBytes bounds the data that is read for one answer.
const maxScanBytes = 64 << 20

// scanPage is how many instances are fetched at once.
const scanPage = 500

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

// fields of documents that rows are made of.
var fields = []string{"instance_id", "class_id", "created_at", "updated_at", "data"}

type document struct {
	Instance  string         `json:"instance_id"`
	Class     string         `json:"class_id"`
	CreatedAt string         `json:"created_at"`
	UpdatedAt string         `json:"updated_at"`
	Data      map[string]any `json:"data"`
}

func decode(source json.RawMessage) (document, error) {
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	var d document
	if err := decoder.Decode(&d); err != nil {
		return d, problem.Internal(fmt.Errorf("labelquery: document: %w", err))
	}
	return d, nil
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
	hits, err := s.Search.Select(ctx, p.selection, q.Offset, q.Limit)
	if err != nil {
		return Result{}, unavailable(err)
	}
	r := Result{Total: hits.Total, Rows: make([]Row, 0, len(hits.Documents))}
	for _, source := range hits.Documents {
		d, err := decode(source)
		if err != nil {
			return Result{}, err
		}
		r.Rows = append(r.Rows, q.row(&d))
	}
	return r, nil
}

// scan reads what Elasticsearch leaves over and decides the rest.
func (s *Service) scan(ctx context.Context, q *Query, selection search.Selection) (Result, error) {
	selection.Order = nil
	var matched []document
	read, size, tooMuch := 0, 0, false
	err := s.Search.Walk(ctx, selection, s.MaxScan+1, scanPage, func(source json.RawMessage) (bool, error) {
		read++
		size += len(source)
		if tooMuch = read > s.MaxScan || size > maxScanBytes; tooMuch {
			return false, nil
		}
		d, err := decode(source)
		if err == nil && q.passes(&d) {
			matched = append(matched, d)
		}
		return true, err
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
