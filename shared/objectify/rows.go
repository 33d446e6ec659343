package objectify

import (
	"context"
	"errors"
	"io"

	"spiceharvester/shared/ingest"
	"spiceharvester/shared/tabular"
)

// rows reads the file of a version from the row after the checkpoint.
type rows struct {
	reader *tabular.Reader
	file   io.Closer
	limit  int64 // rows of the job; 0 is all
	last   int64
}

// openRows opens the file. Rows before the checkpoint are passed over; their keys
// are remembered.
func (s *step) openRows(ctx context.Context) error {
	if s.rows != nil {
		return nil
	}
	source, err := ingest.SourceOf(s.version)
	if err != nil {
		return err
	}
	file, err := s.Files.Open(ctx, s.version)
	if err != nil {
		return err
	}
	reader, err := tabular.NewReader(file, source.Options())
	if err != nil {
		return errors.Join(err, file.Close())
	}
	s.rows = &rows{reader: reader, file: file, limit: int64(s.job.Options.MaxRows)}
	for s.rows.last < s.job.NextRow {
		row, end, err := s.rows.next()
		if err != nil || end {
			return err
		}
		s.mapper.Skip(row)
		if row.Number%1000 == 0 {
			if err := s.renew(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *step) closeRows() {
	if s.rows != nil {
		s.rows.file.Close()
		s.rows = nil
	}
}

// next gives the next row; end is true behind the last one.
func (r *rows) next() (row tabular.Row, end bool, err error) {
	if r.limit > 0 && r.last >= r.limit {
		return row, true, nil
	}
	row, err = r.reader.Read()
	var e *tabular.Error
	if errors.Is(err, io.EOF) || errors.As(err, &e) && e.Kind == tabular.KindHeaderOnly {
		return row, true, nil
	}
	r.last = row.Number
	return row, false, err
}

// batch is some rows, mapped.
type batch struct {
	first, last int64 // rows
	good        []Mapped
	refused     []RowError
	bad         int64 // refused rows
	end         bool  // the file ends here
}

// read maps the next rows. How many is decided by the file and the job alone: a
// step that is repeated gets the same batch.
func (s *step) read() (*batch, error) {
	size := s.job.Options.BatchSize
	if size <= 0 {
		size = DefaultBatch
	}
	b := &batch{first: s.rows.last + 1, last: s.rows.last}
	bytes := 0
	for n := 0; n < min(size, MaxBatch) && bytes < batchBytes; n++ {
		row, end, err := s.rows.next()
		if err != nil {
			return nil, err
		}
		if end {
			b.end = true
			return b, nil
		}
		for _, c := range row.Cells {
			bytes += len(c)
		}
		b.last = row.Number
		made, refused := s.mapper.Row(row)
		if len(refused) > 0 {
			b.refused = append(b.refused, refused...)
			b.bad++
			continue
		}
		b.good = append(b.good, made)
	}
	return b, nil
}
