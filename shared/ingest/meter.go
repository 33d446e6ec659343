package ingest

import (
	"errors"
	"io"
	"time"

	"spiceharvester/shared/problem"
)

// meter counts what passes and copies it, ends it above a limit, and lets an
// upload say now and then that it is alive.
type meter struct {
	r     io.Reader
	limit int64     // bytes; 0 is none
	to    io.Writer // gets a copy, never fails
	n     int64
	err   error // of the reader, io.EOF aside

	period time.Duration
	now    func() time.Time
	last   time.Time
	tick   func() error
}

// every calls f whenever a period has passed between two reads.
func (m *meter) every(period time.Duration, now func() time.Time, f func() error) {
	m.period, m.now, m.last, m.tick = period, now, now(), f
}

func (m *meter) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.r.Read(p)
	m.n += int64(n)
	m.to.Write(p[:n])
	switch {
	case m.limit > 0 && m.n > m.limit:
		err = problem.PayloadTooLarge(m.limit)
	case m.tick != nil && m.now().Sub(m.last) >= m.period:
		m.last = m.now()
		if tickErr := m.tick(); tickErr != nil {
			err = tickErr
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		m.err = err
		return 0, err
	}
	return n, err
}
