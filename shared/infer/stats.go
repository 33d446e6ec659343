package infer

import "math"

// statKind separates numbers that must not be mixed.
type statKind uint8

const (
	statNumber statKind = iota
	statPercent
	statMoney
	statKinds
)

// stats is a running summary of numbers. Mean and deviation follow Welford's method.
type stats struct {
	n        int64
	min, max float64
	minCell  []byte // as written
	maxCell  []byte
	mean, m2 float64
	width    int64 // characters of all
	places   int   // the most digits behind the decimal mark
}

func (s *stats) add(v float64, places int, cell string) {
	if math.IsInf(v, 0) {
		return // the statistics would be lost; the number itself is not
	}
	if s.n == 0 || v < s.min {
		s.min, s.minCell = v, append(s.minCell[:0], cell...)
	}
	if s.n == 0 || v > s.max {
		s.max, s.maxCell = v, append(s.maxCell[:0], cell...)
	}
	s.n++
	delta := v - s.mean
	s.mean += delta / float64(s.n)
	s.m2 += delta * (v - s.mean)
	s.width += int64(len(cell))
	s.places = max(s.places, places)
}

// join returns the summary of both.
func (s *stats) join(o *stats) *stats {
	switch {
	case s == nil || s.n == 0:
		return o
	case o == nil || o.n == 0:
		return s
	}
	out := *s
	if o.min < out.min {
		out.min, out.minCell = o.min, o.minCell
	}
	if o.max > out.max {
		out.max, out.maxCell = o.max, o.maxCell
	}
	n := float64(s.n + o.n)
	delta := o.mean - s.mean
	out.n += o.n
	out.mean += delta * float64(o.n) / n
	out.m2 += o.m2 + delta*delta*float64(s.n)*float64(o.n)/n
	out.width += o.width
	out.places = max(s.places, o.places)
	return &out
}

// deviation is that of a sample; 0 for a single number.
func (s *stats) deviation() float64 {
	if s.n < 2 {
		return 0
	}
	return math.Sqrt(s.m2 / float64(s.n-1))
}
