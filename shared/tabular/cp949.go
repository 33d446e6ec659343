package tabular

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
)

// cp949Table has the character of each pair of bytes, 0 where there is none. The decoder
// of x/text does not say where it met bytes that it does not know; a table does, and is
// faster.
var cp949Table = sync.OnceValue(func() *[1 << 16]uint16 {
	table := new([1 << 16]uint16)
	dec := korean.EUCKR.NewDecoder()
	for lead := 0x81; lead <= 0xfe; lead++ {
		for trail := 0x41; trail <= 0xfe; trail++ {
			out, err := dec.Bytes([]byte{byte(lead), byte(trail)})
			if err != nil {
				continue
			}
			if r, size := utf8.DecodeRune(out); r != utf8.RuneError && size == len(out) {
				table[lead<<8|trail] = uint16(r)
			}
		}
	}
	return table
})

func (d *decoder) cp949(dst []byte) ([]byte, bool) {
	table := cp949Table()
	for d.lo < len(d.raw) && cap(dst)-len(dst) >= utf8.UTFMax {
		b := d.raw[d.lo:]
		if b[0] < utf8.RuneSelf {
			n := asciiPrefix(b[:min(len(b), cap(dst)-len(dst))])
			dst = append(dst, b[:n]...)
			d.take(n)
			continue
		}
		if len(b) < 2 {
			break
		}
		r := table[int(b[0])<<8|int(b[1])]
		if r == 0 {
			return dst, true
		}
		dst = utf8.AppendRune(dst, rune(r))
		d.take(2)
	}
	return dst, false
}

// cp949Prefix is the number of bytes that are CP949, and whether what follows them is
// the first half of a pair that is cut at the end.
func cp949Prefix(b []byte) (n int, cut bool) {
	table := cp949Table()
	for n < len(b) {
		switch {
		case b[n] < utf8.RuneSelf:
			n++
		case n+1 == len(b):
			return n, true
		case table[int(b[n])<<8|int(b[n+1])] == 0:
			return n, false
		default:
			n += 2
		}
	}
	return n, false
}
