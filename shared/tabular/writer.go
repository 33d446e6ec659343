package tabular

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Writer writes CSV for downloads: comma, CRLF, quotes where RFC 4180 needs them. Values
// are never altered, so a cell that a spreadsheet would take for a formula ("=1+1") is
// written as it is; [Reader] gives back every cell.
type Writer struct {
	w *bufio.Writer
}

// NewWriter returns a Writer. Spreadsheets take a file for UTF-8 only if it begins with
// a byte order mark; mark asks for it.
func NewWriter(w io.Writer, mark bool) *Writer {
	out := &Writer{bufio.NewWriter(w)}
	if mark {
		out.w.WriteString("\ufeff")
	}
	return out
}

// Write adds a row. Errors of the underlying writer may show only in [Writer.Flush].
func (w *Writer) Write(cells ...string) error {
	for i, cell := range cells {
		if i > 0 {
			w.w.WriteByte(',')
		}
		if !needsQuotes(cell, len(cells)) {
			w.w.WriteString(cell)
			continue
		}
		w.w.WriteByte('"')
		for {
			before, after, found := strings.Cut(cell, `"`)
			w.w.WriteString(before)
			if !found {
				break
			}
			w.w.WriteString(`""`)
			cell = after
		}
		w.w.WriteByte('"')
	}
	if _, err := w.w.WriteString("\r\n"); err != nil {
		return fmt.Errorf("tabular: write row: %w", err)
	}
	return nil
}

// Flush writes what is buffered. Call it after the last row.
func (w *Writer) Flush() error {
	if err := w.w.Flush(); err != nil {
		return fmt.Errorf("tabular: flush: %w", err)
	}
	return nil
}

// needsQuotes is also true for every delimiter that a reader may look for, for a byte
// order mark, and for a row that would be an empty line.
func needsQuotes(cell string, columns int) bool {
	if cell == "" {
		return columns == 1
	}
	return strings.ContainsAny(cell, delimiters+"\"\r\n") || strings.HasPrefix(cell, "\ufeff") ||
		cell[0] == ' ' || cell[len(cell)-1] == ' '
}
