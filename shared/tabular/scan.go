package tabular

import (
	"bytes"
	"errors"
	"io"

	"spiceharvester/shared/problem"
)

// scanner splits text into rows. It owns one buffer that holds the present row; the
// buffer grows with the row, up to the limit.
type scanner struct {
	dec       *decoder
	delimiter byte
	loneCR    bool      // a CR without LF ends a line
	stop      [256]bool // bytes that may end an unquoted field
	pattern   uint64    // the delimiter in each byte
	opt       Options

	buf    []byte // buf[lo:] is not split yet
	lo     int
	offset int64 // in the file, of buf[lo]
	line   int64 // of buf[lo]
	ended  error // why no more text follows buf

	rowLine int64 // where the last row began
	spans   []span
}

// sniffBytes bounds the text in which the delimiter is looked for.
const sniffBytes = 1 << 20

// span is a field within its row.
type span struct{ start, end int32 }

func (s *scanner) start(src io.Reader, opt Options) error {
	s.dec, s.opt, s.line = newDecoder(src), opt, 1
	s.offset = s.dec.bom
	s.buf = make([]byte, 0, rawSize)
	for {
		delimiter, loneCR, ok := sniff(s.buf, s.ended != nil)
		if ok {
			s.delimiter, s.loneCR = delimiter, loneCR
			break
		}
		// Of a very long first line the beginning is enough.
		if len(s.buf) >= sniffBytes {
			s.delimiter = delimiter
			break
		}
		s.more()
	}
	if opt.Delimiter != 0 {
		s.delimiter = opt.Delimiter
	}
	s.pattern = uint64(s.delimiter) * ones
	s.stop[s.delimiter], s.stop['\n'], s.stop['\r'] = true, true, true
	return nil
}

// more adds text to the buffer and drops what was split already.
func (s *scanner) more() {
	if s.lo > 0 {
		s.buf = s.buf[:copy(s.buf, s.buf[s.lo:])]
		s.lo = 0
	}
	if cap(s.buf)-len(s.buf) < cap(s.buf)/4 {
		s.buf = append(make([]byte, 0, 2*cap(s.buf)), s.buf...)
	}
	s.buf, s.ended = s.dec.read(s.buf)
}

// row reads a row and appends its fields to cells. All of them share one string.
func (s *scanner) row(cells []string) ([]string, error) {
	s.spans = s.spans[:0]
	n, next, err := s.split()
	if err != nil {
		return nil, err
	}
	text := string(s.buf[s.lo : s.lo+n])
	for _, f := range s.spans {
		cells = append(cells, text[f.start:f.end])
	}
	s.skip(next)
	return cells, nil
}

// skip goes on behind the first n bytes of the buffer.
func (s *scanner) skip(n int) {
	s.offset += s.dec.fileBytes(s.buf[s.lo : s.lo+n])
	s.lo += n
}

// split finds the fields of the row at the beginning of the buffer. It returns the
// length of the row and where the next one begins.
func (s *scanner) split() (n, next int, err error) {
	s.rowLine = s.line
	row := s.buf[s.lo:]
	i, start := 0, 0
	if len(row) == 0 {
		if row, err = s.extend(0, 0); err != nil {
			return 0, 0, err
		}
		if len(row) == 0 {
			return 0, 0, io.EOF
		}
	}
	if i, n, next = s.plain(row); next > 0 {
		s.line++
		return n, next, nil
	}
	for {
		// A field begins at i.
		open, end := i, 0
		start = i
		if i == len(row) {
			if row, err = s.extend(start, i); err != nil {
				return 0, 0, err
			}
		}
		if i < len(row) && row[i] == '"' {
			if row, start, end, i, err = s.quoted(row, i); err != nil {
				return 0, 0, err
			}
		} else {
			for {
				for i < len(row) && !s.stop[row[i]] {
					i++
				}
				// A CR at the end of the buffer: what follows decides.
				if i+1 < len(row) || i < len(row) && row[i] != '\r' {
					if row[i] != '\r' || row[i+1] == '\n' || s.loneCR {
						break
					}
					i++ // a lone CR is data
					continue
				}
				before := len(row)
				if row, err = s.extend(start, i); err != nil {
					return 0, 0, err
				}
				if len(row) == before {
					break
				}
			}
			end = i
		}
		if end-start > s.opt.MaxFieldBytes {
			return 0, 0, s.fieldTooLarge(open)
		}
		if len(s.spans) == s.opt.MaxColumns {
			return 0, 0, s.fail(KindTooManyColumns, textColumns, start, "limit", s.opt.MaxColumns)
		}
		s.spans = append(s.spans, span{int32(start), int32(end)})
		if i < len(row) && row[i] == s.delimiter {
			i++
			continue
		}
		// The end of the row: a line break or the end of the file.
		n = i
		if i < len(row) {
			i++
			if row[i-1] == '\r' && i < len(row) && row[i] == '\n' {
				i++
			}
			s.line++
		}
		if i > s.opt.MaxRowBytes {
			return 0, 0, s.fail(KindRowTooLarge, textRow, 0, "limit", s.opt.MaxRowBytes)
		}
		return n, i, nil
	}
}

// quoted reads the field that opens with a quote at i. Doubled quotes are made single in
// the buffer. It returns where the text of the field begins and ends and where the
// reading goes on: at a delimiter, a line break or the end of the file.
func (s *scanner) quoted(row []byte, i int) (_ []byte, start, end, next int, err error) {
	open, start := i, i+1
	end = start // of the unescaped text
	from := start
	// Unescaping moves text to the front. The quotes that it leaves out go behind it, so
	// that line breaks and bytes of the row can still be counted.
	settle := func() {
		for k := end; k < from; k++ {
			row[k] = '"'
		}
	}
	for {
		at := bytes.IndexByte(row[from:], '"')
		if at < 0 || from+at+1 == len(row) {
			settle()
			before := len(row)
			if row, err = s.extend(open, end+before-from); err != nil {
				return nil, 0, 0, 0, err
			}
			if len(row) > before {
				continue
			}
			if at < 0 {
				return nil, 0, 0, 0, s.fail(KindUnterminatedQuote, textOpenQuote, open)
			}
		}
		piece := row[from : from+at]
		s.line += s.lineBreaks(piece)
		if from != end {
			copy(row[end:], piece)
		}
		end += at
		from += at
		next = from + 1
		if next == len(row) || row[next] == s.delimiter || row[next] == '\n' {
			settle()
			return row, start, end, next, nil
		}
		if row[next] == '\r' {
			settle()
			if next+1 == len(row) {
				if row, err = s.extend(open, end); err != nil {
					return nil, 0, 0, 0, err
				}
			}
			if s.loneCR || next+1 == len(row) || row[next+1] == '\n' {
				return row, start, end, next, nil
			}
		}
		if row[next] != '"' {
			settle()
			return nil, 0, 0, 0, s.fail(KindTextAfterQuote, textAfterQuote, next)
		}
		row[end] = '"'
		end++
		from = next + 1
	}
}

// lineBreaks counts the line breaks within a quoted field.
func (s *scanner) lineBreaks(text []byte) int64 {
	n := bytes.Count(text, []byte{'\n'})
	if s.loneCR {
		n += bytes.Count(text, []byte{'\r'}) - bytes.Count(text, []byte("\r\n"))
	}
	return int64(n)
}

// extend reads more text behind the row. At the end of the file it returns the row as
// it is. The text of the present field, as far as it was read, lies between field and at.
func (s *scanner) extend(field, at int) ([]byte, error) {
	switch {
	case at-field > s.opt.MaxFieldBytes+2: // the quotes do not count
		return nil, s.fieldTooLarge(field)
	case len(s.buf)-s.lo > s.opt.MaxRowBytes+2: // nor does the line break
		return nil, s.fail(KindRowTooLarge, textRow, 0, "limit", s.opt.MaxRowBytes)
	}
	if s.ended == nil {
		s.more()
	}
	var bad badBytes
	switch {
	case s.ended == nil || errors.Is(s.ended, io.EOF):
		return s.buf[s.lo:], nil
	case errors.As(s.ended, &bad):
		line := s.rowLine + s.lineBreaks(s.buf[s.lo:])
		return nil, newError(KindEncoding, textEncoding, line, bad.offset, "encoding", bad.enc)
	}
	return nil, s.ended
}

func (s *scanner) fieldTooLarge(start int) error {
	return s.fail(KindFieldTooLarge, textField, start, "column", len(s.spans)+1, "limit", s.opt.MaxFieldBytes)
}

// fail makes an error that points at a byte of the row. Line breaks are counted again
// from the beginning of the row: s.line may be further on.
func (s *scanner) fail(kind Kind, text *problem.Text, at int, pairs ...any) error {
	before := s.buf[s.lo : s.lo+at]
	return newError(kind, text, s.rowLine+s.lineBreaks(before), s.offset+s.dec.fileBytes(before), pairs...)
}
