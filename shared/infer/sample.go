package infer

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
)

// Sample keeps a bounded number of the rows of a file: the first ones, and a random choice
// of the others in which each has the same chance. It is for files that are too large to
// look at every row.
type Sample struct {
	rows      []SampleRow
	head      int // rows that are kept at the beginning
	reservoir int // rows that are kept of the others
	headDone  bool
	seen      int64 // rows behind the head
	random    *rand.Rand
	bytes     int
	maxBytes  int
}

// SampleRow is a row with its number.
type SampleRow struct {
	Number int64
	Cells  []string
}

// NewSample keeps the first head rows and reservoir of the others, and at most maxBytes
// of memory for them: fewer rows if they are large. The source of randomness decides
// which.
func NewSample(head, reservoir, maxBytes int, source rand.Source) *Sample {
	return &Sample{head: head, reservoir: reservoir, maxBytes: maxBytes, random: rand.New(source)}
}

// Add offers a row. Its cells may be used again by the caller.
func (s *Sample) Add(number int64, cells []string) {
	if !s.headDone {
		if len(s.rows) < s.head && s.put(len(s.rows), number, cells) {
			return
		}
		s.headDone, s.head = true, len(s.rows)
	}
	s.seen++
	if kept := len(s.rows) - s.head; kept < s.reservoir {
		if !s.put(len(s.rows), number, cells) {
			s.reservoir = kept // the memory is used up
		}
		return
	}
	// Row n takes the place of another with probability reservoir/n.
	if at := s.random.Int64N(s.seen); at < int64(s.reservoir) {
		s.put(s.head+int(at), number, cells)
	}
}

// put stores a row at a place, if there is room for its text.
func (s *Sample) put(at int, number int64, cells []string) bool {
	size := 0
	for _, cell := range cells {
		size += len(cell) + 16
	}
	before := 0
	if at < len(s.rows) {
		for _, cell := range s.rows[at].Cells {
			before += len(cell) + 16
		}
	}
	if s.bytes+size-before > s.maxBytes {
		return false
	}
	s.bytes += size - before
	row := SampleRow{number, cloneRow(cells)}
	if at < len(s.rows) {
		s.rows[at] = row
	} else {
		s.rows = append(s.rows, row)
	}
	return true
}

// cloneRow copies the cells into one string of their own.
func cloneRow(cells []string) []string {
	text := strings.Join(cells, "")
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i], text = text[:len(cell)], text[len(cell):]
	}
	return out
}

// Rows returns what was kept, in the order of the file.
func (s *Sample) Rows() []SampleRow {
	out := slices.Clone(s.rows)
	slices.SortFunc(out, func(a, b SampleRow) int { return cmp.Compare(a.Number, b.Number) })
	return out
}
