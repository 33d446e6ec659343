package tabular

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is how a file writes characters.
type Encoding string

// The encodings that are read. A file in any other is refused at the first bytes that
// do not fit.
const (
	UTF8    Encoding = "UTF-8"
	UTF16LE Encoding = "UTF-16LE" // with byte order mark
	UTF16BE Encoding = "UTF-16BE" // with byte order mark
	CP949   Encoding = "CP949"    // Korean Windows, a superset of EUC-KR
)

// rawSize is how much of the file is looked at when its encoding is chosen.
const rawSize = 64 << 10

// decoder turns the bytes of a file into UTF-8.
type decoder struct {
	src  io.Reader
	enc  Encoding
	open bool // no byte above 127 was seen: it may still be UTF-8 or CP949
	raw  []byte
	lo   int // raw[lo:] is not decoded yet
	bom  int64
	off  int64 // offset in the file of raw[lo]
	err  error // of src, io.EOF at the end
}

// badBytes is where the text stops to be text.
type badBytes struct {
	offset int64
	enc    string
}

func (badBytes) Error() string { return "bad bytes" }

// newDecoder reads the head of the file and the byte order mark.
func newDecoder(src io.Reader) *decoder {
	d := &decoder{src: src, enc: UTF8, open: true, raw: make([]byte, 0, rawSize)}
	d.fill(3)
	for mark, enc := range map[string]Encoding{"\xef\xbb\xbf": UTF8, "\xff\xfe": UTF16LE, "\xfe\xff": UTF16BE} {
		if bytes.HasPrefix(d.raw, []byte(mark)) {
			d.enc, d.open, d.lo, d.bom = enc, false, len(mark), int64(len(mark))
		}
	}
	d.off = d.bom
	return d
}

// fill reads until at least want bytes (up to rawSize) are there or the file ends.
func (d *decoder) fill(want int) {
	if d.lo > 0 {
		d.raw = d.raw[:copy(d.raw, d.raw[d.lo:])]
		d.lo = 0
	}
	empty := 0
	for len(d.raw) < want && d.err == nil {
		n, err := d.src.Read(d.raw[len(d.raw):rawSize])
		d.raw, d.err = d.raw[:len(d.raw)+n], err
		if n > 0 {
			empty = 0
		} else if empty++; empty == 100 && err == nil {
			d.err = io.ErrNoProgress
		}
	}
}

// read appends text to dst, up to its capacity (at least 4 bytes must be free). At the
// end of the file it returns io.EOF; bytes that are no text give a badBytes after the
// text before them was returned.
func (d *decoder) read(dst []byte) ([]byte, error) {
	for {
		if len(d.raw) == d.lo {
			if d.fill(1); len(d.raw) == 0 {
				return dst, d.err
			}
		}
		before, wasOpen := len(dst), d.open
		var bad bool
		switch d.enc {
		case UTF8:
			dst, bad = d.utf8(dst)
		case CP949:
			dst, bad = d.cp949(dst)
		default:
			dst, bad = d.utf16(dst)
		}
		switch {
		case len(dst) > before:
			return dst, nil
		case bad:
			return dst, d.bad()
		case d.open != wasOpen: // the encoding was chosen only now
		default: // a character is cut at the end of raw
			have := len(d.raw) - d.lo
			if d.fill(have + 1); len(d.raw) == have {
				if errors.Is(d.err, io.EOF) {
					return dst, d.bad()
				}
				return dst, d.err
			}
		}
	}
}

func (d *decoder) bad() error {
	name := string(d.enc)
	if d.open {
		name = "UTF-8, UTF-16 (BOM), CP949"
	}
	return badBytes{d.off, name}
}

func (d *decoder) utf8(dst []byte) ([]byte, bool) {
	b := d.raw[d.lo:]
	b = b[:min(len(b), cap(dst)-len(dst))]
	if d.open {
		n := asciiPrefix(b)
		if n == 0 {
			return dst, d.choose()
		}
		d.take(n)
		return append(dst, b[:n]...), false
	}
	n, bad := len(b)-cutRune(b), false
	if !utf8.Valid(b[:n]) {
		n = validPrefix(b[:n])
		bad = n == 0
	}
	d.take(n)
	return append(dst, b[:n]...), bad
}

func (d *decoder) take(n int) {
	d.lo += n
	d.off += int64(n)
}

// choose decides between UTF-8 and CP949 by what follows the first byte above 127: many
// pairs of CP949 are valid UTF-8 too, so one character is not enough. It reports whether
// the text is neither.
func (d *decoder) choose() bool {
	d.fill(rawSize)
	b := d.raw
	ended := errors.Is(d.err, io.EOF)
	n := validPrefix(b)
	if n == len(b) || !ended && n == len(b)-cutRune(b) {
		d.open = false
		return false
	}
	k, cut := cp949Prefix(b)
	if k == len(b) || !ended && cut {
		d.enc, d.open = CP949, false
		return false
	}
	// The offset that is told is where the better guess breaks.
	d.off += int64(max(n, k))
	return true
}

// asciiPrefix is the number of bytes before the first one above 127.
func asciiPrefix(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		if binary.LittleEndian.Uint64(b[n:])&0x8080808080808080 != 0 {
			break
		}
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// cutRune is the number of bytes at the end that may be the beginning of a character.
func cutRune(b []byte) int {
	for n := 1; n <= 3 && n <= len(b); n++ {
		if c := b[len(b)-n]; utf8.RuneStart(c) {
			if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

func validPrefix(b []byte) int {
	n := 0
	for n < len(b) {
		n += asciiPrefix(b[n:])
		if n == len(b) {
			break
		}
		r, size := utf8.DecodeRune(b[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

func (d *decoder) utf16(dst []byte) ([]byte, bool) {
	var order binary.ByteOrder = binary.LittleEndian
	if d.enc == UTF16BE {
		order = binary.BigEndian
	}
	for len(d.raw)-d.lo >= 2 && cap(dst)-len(dst) >= utf8.UTFMax {
		r, size := rune(order.Uint16(d.raw[d.lo:])), 2
		if utf16.IsSurrogate(r) {
			if len(d.raw)-d.lo < 4 {
				break
			}
			r, size = utf16.DecodeRune(r, rune(order.Uint16(d.raw[d.lo+2:]))), 4
			if r == utf8.RuneError {
				return dst, true
			}
		}
		dst = utf8.AppendRune(dst, r)
		d.take(size)
	}
	return dst, false
}

// fileBytes is the number of bytes in the file that a piece of text was decoded from.
func (d *decoder) fileBytes(text []byte) int64 {
	if d.enc == UTF8 {
		return int64(len(text))
	}
	var n int64
	for _, c := range text {
		switch {
		case c < utf8.RuneSelf && d.enc == CP949:
			n++
		case utf8.RuneStart(c):
			n += 2
			if c >= 0xf0 {
				n += 2 // a pair of surrogates
			}
		}
	}
	return n
}
