// Package tabular reads and writes delimited text (CSV) as a stream.
//
// A [Reader] finds out the encoding (UTF-8, UTF-16 with a byte order mark, CP949), the
// delimiter and the kind of line breaks, and yields rows with their place in the file.
// It changes no cell: nothing is trimmed, unescaped beyond RFC 4180, or cut. Its memory
// is bounded by the limits of [Options], whatever the size of the file.
package tabular

import (
	"errors"
	"io"
	"iter"
	"strings"
)

// Limits of a file unless Options say otherwise.
const (
	MaxFieldBytes = 1 << 20
	MaxRowBytes   = 16 << 20
	MaxColumns    = 5000
	// RaggedLines is how many line numbers of ragged rows are kept.
	RaggedLines = 100
)

// Options say how a file is read. The zero value detects everything and expects a header.
type Options struct {
	// Delimiter separates fields; 0 means the one that the first line has most often of
	// comma, tab, semicolon and bar.
	Delimiter byte
	// NoHeader says that the first row is data. Columns are then column_1, column_2 …
	NoHeader bool
	// Limits in bytes of UTF-8 and columns; 0 means the constants above.
	MaxFieldBytes, MaxRowBytes, MaxColumns int
}

// Row is one row of data.
type Row struct {
	// Line is the line of the file on which the row begins, from 1.
	Line int64
	// Number counts rows of data from 1.
	Number int64
	// Fields is the number of fields in the file. When it is not the number of columns
	// the row is ragged.
	Fields int
	// Cells has at least one cell a column: missing ones are "", surplus ones follow.
	// The slice is used again for the next row; the strings stay.
	Cells []string
}

// Stats is what was read so far.
type Stats struct {
	// Rows of data and rows of which every cell is blank. Blank rows are left out.
	Rows  int64 `json:"rows"`
	Blank int64 `json:"blank_rows"`
	// Ragged counts the rows with too few or too many fields; RaggedLines are the lines
	// of the first of them.
	Ragged      int64   `json:"ragged_rows"`
	RaggedLines []int64 `json:"ragged_lines,omitempty"`
}

// Reader yields the rows of a file. It is not safe for concurrent use.
type Reader struct {
	opt     Options
	scan    scanner
	columns []string
	renamed []Renamed
	stats   Stats
	cells   []string
	pending bool // the first row was read ahead and is data
	err     error
}

// NewReader reads the head of a file. It fails with an [*Error] if there is no row, and
// with the error of src if that cannot be read.
func NewReader(src io.Reader, opt Options) (*Reader, error) {
	setDefault(&opt.MaxFieldBytes, MaxFieldBytes)
	setDefault(&opt.MaxRowBytes, MaxRowBytes)
	setDefault(&opt.MaxColumns, MaxColumns)
	if opt.Delimiter != 0 && !canDelimit(opt.Delimiter) {
		return nil, newError(KindDelimiter, textDelimiter, 0, 0, "delimiter", string(rune(opt.Delimiter)))
	}
	r := &Reader{opt: opt}
	if err := r.scan.start(src, opt); err != nil {
		return nil, err
	}
	first, err := r.next()
	if errors.Is(err, io.EOF) {
		return nil, newError(KindEmpty, textEmpty, 0, 0)
	}
	if err != nil {
		return nil, err
	}
	if opt.NoHeader {
		r.columns, r.pending = numberedNames(len(first)), true
	} else {
		r.columns, r.renamed = Names(first)
	}
	return r, nil
}

func setDefault(limit *int, otherwise int) {
	if *limit == 0 {
		*limit = otherwise
	}
}

// Columns returns the names of the columns, all different and none blank.
func (r *Reader) Columns() []string { return r.columns }

// Renamed returns the columns whose names are not those of the header, and why.
func (r *Reader) Renamed() []Renamed { return r.renamed }

// Delimiter returns the delimiter that was given or found.
func (r *Reader) Delimiter() byte { return r.scan.delimiter }

// Encoding returns the encoding. A file that has been plain ASCII so far is UTF-8.
func (r *Reader) Encoding() Encoding { return r.scan.dec.enc }

// Stats returns what was read so far.
func (r *Reader) Stats() Stats { return r.stats }

// Read returns the next row, or io.EOF. A file with a header and no row ends with an
// [*Error] of [KindHeaderOnly]. After an error Read repeats it.
func (r *Reader) Read() (Row, error) {
	if r.err != nil {
		return Row{}, r.err
	}
	if r.pending {
		r.pending = false
	} else if _, err := r.next(); err != nil {
		if errors.Is(err, io.EOF) && r.stats.Rows == 0 {
			err = newError(KindHeaderOnly, textHeaderOnly, 0, 0)
		}
		r.err = err
		return Row{}, err
	}
	r.stats.Rows++
	row := Row{Line: r.scan.rowLine, Number: r.stats.Rows, Fields: len(r.cells)}
	if row.Fields != len(r.columns) {
		r.stats.Ragged++
		if len(r.stats.RaggedLines) < RaggedLines {
			r.stats.RaggedLines = append(r.stats.RaggedLines, row.Line)
		}
		for len(r.cells) < len(r.columns) {
			r.cells = append(r.cells, "")
		}
	}
	row.Cells = r.cells
	return row, nil
}

// Rows yields the rows that are left. An error ends it and is yielded with a zero Row.
func (r *Reader) Rows() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for {
			row, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next reads the next row that is not blank into r.cells.
func (r *Reader) next() ([]string, error) {
	for {
		cells, err := r.scan.row(r.cells[:0])
		if err != nil {
			return nil, err
		}
		r.cells = cells
		if !isBlank(cells) {
			return cells, nil
		}
		r.stats.Blank++
	}
}

func isBlank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}
