package infer

import "strings"

// booleans are the words for true and false, in lower case.
var booleans = map[string]bool{
	"true": true, "yes": true, "y": true, "on": true, "1": true, "참": true, "예": true, "はい": true, "真": true, "是": true,
	"false": false, "no": false, "n": false, "off": false, "0": false, "거짓": false, "아니오": false, "いいえ": false, "偽": false, "否": false, "假": false,
}

// maxBoolean is the length of the longest of them, in bytes.
const maxBoolean = 9

// scanBool reads a word for true or false in any case.
func scanBool(s string) (v, ok bool) {
	if len(s) > maxBoolean {
		return false, false
	}
	var buf [maxBoolean]byte
	v, ok = booleans[string(lower(buf[:0], s))]
	return v, ok
}

// lower appends s with the ASCII letters in lower case.
func lower(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// trim takes blanks off both ends, quickly when there are none.
func trim(s string) string {
	if s == "" {
		return s
	}
	if a, b := s[0], s[len(s)-1]; a > ' ' && a < 0x80 && b > ' ' && b < 0x80 {
		return s
	}
	return strings.TrimSpace(s)
}
