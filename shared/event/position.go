package event

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Position is where an event stands in the log: the byte range of its line in
// a segment of a chain. Positions of one chain are totally ordered. The zero
// value means "none": every real line follows a header, so its offset is not 0.
//
// Its text form is "chain.segment.offset.length", in decimal.
type Position struct {
	Chain   int
	Segment uint64
	Offset  uint32
	Length  uint32
}

// IsZero reports whether the position is absent.
func (p Position) IsZero() bool { return p.Offset == 0 }

// Compare orders positions of one chain. Positions of different chains have no
// order between them; Compare then orders by chain.
func (p Position) Compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Chain, q.Chain), cmp.Compare(p.Segment, q.Segment), cmp.Compare(p.Offset, q.Offset))
}

// String gives the text form, or "" for none.
func (p Position) String() string {
	if p.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d.%d.%d.%d", p.Chain, p.Segment, p.Offset, p.Length)
}

// ParsePosition reads the text form; "" is the absent position.
func ParsePosition(s string) (Position, error) {
	if s == "" {
		return Position{}, nil
	}
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return Position{}, fmt.Errorf("event: position %q is not chain.segment.offset.length", s)
	}
	chain, err1 := strconv.ParseUint(parts[0], 10, 16)
	segment, err2 := strconv.ParseUint(parts[1], 10, 63)
	offset, err3 := strconv.ParseUint(parts[2], 10, 31)
	length, err4 := strconv.ParseUint(parts[3], 10, 31)
	if err := errors.Join(err1, err2, err3, err4); err != nil || offset == 0 {
		return Position{}, fmt.Errorf("event: position %q is not chain.segment.offset.length", s)
	}
	return Position{int(chain), segment, uint32(offset), uint32(length)}, nil
}
