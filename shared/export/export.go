// Package export writes rows for download, as they come: memory does not grow with
// their number.
package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/tabular"
)

// Format is a file format.
type Format string

// The formats.
const (
	CSV       Format = "csv"   // RFC 4180: a header, then a line a row
	JSON      Format = "json"  // one array of objects
	JSONLines Format = "jsonl" // an object a line
)

// Formats lists the formats.
var Formats = []string{string(CSV), string(JSON), string(JSONLines)}

// ParseFormat reads the parameter format; "" is JSON.
func ParseFormat(text string) (Format, error) {
	if text == "" {
		return JSON, nil
	}
	if !slices.Contains(Formats, text) {
		return "", problem.Validation(problem.NotOneOf([]any{"query", "format"}, Formats, text))
	}
	return Format(text), nil
}

// MediaType is the format's media type.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	case JSONLines:
		return "application/jsonl; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// Options are what a format may be asked for.
type Options struct {
	Format  Format
	Columns []string // of CSV, in order; other fields of a row are left out
	Mark    bool     // begin CSV with a byte order mark, which spreadsheets want
}

// Write writes rows. CSV takes the columns out of each row; the other formats write
// whole rows. It ends with the first error, of a row or of the writer; what was
// written until then is a part, and the caller must see to it that nobody takes it
// for the whole.
//
// Cells are data and are never altered: a text that a spreadsheet would take for a
// formula ("=1+1") is written as it is, so that what is exported can be imported
// again. A list or an object is one cell with its JSON, null an empty one.
func Write(w io.Writer, o Options, rows iter.Seq2[map[string]any, error]) error {
	switch o.Format {
	case CSV:
		return writeCSV(w, o, rows)
	case JSONLines:
		return writeJSON(w, rows, "", "\n", "")
	}
	return writeJSON(w, rows, "[", ",\n", "]\n")
}

func writeCSV(w io.Writer, o Options, rows iter.Seq2[map[string]any, error]) error {
	out := tabular.NewWriter(w, o.Mark)
	if err := out.Write(o.Columns...); err != nil {
		return err
	}
	cells := make([]string, len(o.Columns))
	for row, err := range rows {
		if err != nil {
			return err
		}
		for i, name := range o.Columns {
			cells[i] = strictjson.Text(row[name])
		}
		if err := out.Write(cells...); err != nil {
			return err
		}
	}
	return out.Flush()
}

// writeJSON writes rows between two texts, divided by another. With nothing to open,
// the divider ends each row instead.
func writeJSON(w io.Writer, rows iter.Seq2[map[string]any, error], begin, divider, end string) error {
	if _, err := io.WriteString(w, begin); err != nil {
		return err
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	first := true
	for row, err := range rows {
		if err != nil {
			return err
		}
		line.Reset()
		if !first && begin != "" {
			line.WriteString(divider)
		}
		first = false
		if err := encoder.Encode(row); err != nil {
			return fmt.Errorf("export: row: %w", err)
		}
		if line.Truncate(line.Len() - 1); begin == "" {
			line.WriteString(divider)
		}
		if _, err := w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, end)
	return err
}
