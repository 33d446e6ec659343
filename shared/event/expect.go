package event

import "strconv"

// Expect says what the last fact of an aggregate must be. The zero value
// expects nothing. Its text form is "", "absent", "present" or a sequence.
type Expect string

// Expectations without a sequence.
const (
	Any     Expect = ""
	Absent  Expect = "absent"  // no fact, or the last fact is a deletion
	Present Expect = "present" // there is a fact and the last one is no deletion
)

// At expects a present aggregate whose last fact has this sequence.
func At(sequence uint64) Expect { return Expect(strconv.FormatUint(sequence, 10)) }

// Sequence gives the expected sequence and whether there is one.
func (x Expect) Sequence() (uint64, bool) {
	n, err := strconv.ParseUint(string(x), 10, 63)
	return n, err == nil
}

// Exclusive reports whether at most one open command may hold this expectation:
// once one such command succeeded, the others cannot.
func (x Expect) Exclusive() bool {
	_, at := x.Sequence()
	return at || x == Absent
}

func (x Expect) valid() bool {
	_, at := x.Sequence()
	return at || x == Any || x == Absent || x == Present
}
