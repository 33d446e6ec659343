package tabular

import (
	"encoding/binary"
	"math/bits"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// marks sets the high bit of each byte of x that is zero, and perhaps of others above
// it: callers look at the byte again.
func marks(x uint64) uint64 { return (x - ones) &^ x & highs }

// plain splits the leading fields that are not quoted, eight bytes at a time. When it
// meets the end of the row it returns the row's length and where the next one begins;
// otherwise next is 0 and the general way goes on at field, the first field that is
// quoted, too large, or not wholly in the buffer.
func (s *scanner) plain(row []byte) (field, n, next int) {
	start := 0
	for at := 0; at+8 <= len(row); at += 8 {
		word := binary.LittleEndian.Uint64(row[at:])
		found := marks(word^s.pattern) | marks(word^'\n'*ones) | marks(word^'\r'*ones) | marks(word^'"'*ones)
		for ; found != 0; found &= found - 1 {
			p := at + bits.TrailingZeros64(found)>>3
			after := p + 1
			switch row[p] {
			case s.delimiter:
			case '\n':
			case '\r':
				if after == len(row) || s.loneCR {
					return start, 0, 0
				}
				if row[after] != '\n' {
					continue
				}
				after++
			case '"':
				if p == start {
					return start, 0, 0
				}
				continue
			default:
				continue
			}
			if p-start > s.opt.MaxFieldBytes || len(s.spans) == s.opt.MaxColumns || after > s.opt.MaxRowBytes {
				return start, 0, 0
			}
			s.spans = append(s.spans, span{int32(start), int32(p)})
			if row[p] != s.delimiter {
				return 0, p, after
			}
			start = after
		}
	}
	return start, 0, 0
}
