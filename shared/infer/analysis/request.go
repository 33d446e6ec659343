package analysis

import (
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// Limits of a table. The size of the request bounds the rest.
const (
	MaxColumns = 5000
	maxRows    = 1_000_000
)

// Codes of tables that cannot be read, in the problem's context as "code".
const (
	codeTooLarge = "GRID_TOO_LARGE"
	codeMismatch = "COLUMN_COUNT_MISMATCH"
)

var (
	textManyColumns = problem.Define("analysis.columns", "A table may have at most {limit} columns; this one has {count}.", "표의 열은 최대 {limit}개입니다. 현재 {count}개입니다.")
	textLongRow     = problem.Define("analysis.long_row", "Row {row} has {cells} cells, but the table has {columns} columns.", "{row}번째 행의 셀은 {cells}개이지만 표의 열은 {columns}개입니다.")
)

// Request is a table with the wishes of the client.
type Request struct {
	Columns      []string
	SampleSize   int
	ComplexTypes bool
	// Fields are the members of the body that an API has beside those of every table.
	Fields map[string]any

	rows [][]any // of any JSON values; none is longer than Columns
}

// Read reads the body of a request. Also names the members that the API takes beside data,
// columns, sample_size and include_complex_types. The error names what is wrong, and where.
func Read(body []byte, also ...string) (*Request, error) {
	limits := strictjson.DefaultLimits
	limits.Items = maxRows
	v, err := strictjson.DecodeLimits(body, limits, "body")
	if err != nil {
		return nil, err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, problem.Validation(problem.WrongType(problem.TypeDict, []any{"body"}, v))
	}
	f := fields{object: object}
	q := &Request{rows: f.rows("data"), Columns: f.texts("columns")}
	q.SampleSize = f.atLeastOne("sample_size", DefaultSampleSize)
	q.ComplexTypes = f.flag("include_complex_types")
	q.Fields = f.others(also)
	if err := f.errs.Err(); err != nil {
		return nil, err
	}
	if n := len(q.Columns); n > MaxColumns {
		return nil, refuse(codeTooLarge, problem.NewFieldError(problem.TypeTooLong, []any{"body", "columns"}, textManyColumns.With("limit", MaxColumns, "count", n), nil))
	}
	return q, q.checkLengths()
}

// checkLengths refuses rows with more cells than there are columns: whatever was meant,
// some cell has no name. A row that is shorter ends in blank cells.
func (q *Request) checkLengths() error {
	var errs problem.FieldErrors
	for i, row := range q.rows {
		if len(row) > len(q.Columns) {
			errs = append(errs, problem.NewFieldError(problem.TypeTooLong, []any{"body", "data", i},
				textLongRow.With("row", i+1, "cells", len(row), "columns", len(q.Columns)), nil))
		}
		if len(errs) == problem.MaxFieldErrors {
			break
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return refuse(codeMismatch, errs...)
}

// refuse is a table that cannot be read. The first reason is the message.
func refuse(code string, errs ...problem.FieldError) error {
	p := problem.BadRequest(errs[0].Msg).WithContext("code", code)
	p.Errors = errs
	return p
}
