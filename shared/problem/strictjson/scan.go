package strictjson

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"spiceharvester/shared/problem"
)

var (
	reasonUTF8     = problem.Define("json.syntax.utf8", "the bytes are not UTF-8", "바이트가 UTF-8이 아닙니다")
	reasonValue    = problem.Define("json.syntax.value", "a value is expected", "값이 필요합니다")
	reasonKey      = problem.Define("json.syntax.key", "a key in quotes is expected", "따옴표로 묶은 키가 필요합니다")
	reasonColon    = problem.Define("json.syntax.colon", "a colon is expected", "콜론이 필요합니다")
	reasonComma    = problem.Define("json.syntax.comma", "a comma or the closing bracket is expected", "쉼표나 닫는 괄호가 필요합니다")
	reasonTrailing = problem.Define("json.syntax.trailing", "more text follows the value", "값 뒤에 다른 내용이 있습니다")
	reasonNumber   = problem.Define("json.syntax.number", "this is not a number", "숫자가 아닙니다")
	reasonString   = problem.Define("json.syntax.string", "the string is not closed", "문자열이 닫히지 않았습니다")
	reasonControl  = problem.Define("json.syntax.control", "a control character in a string must be escaped", "문자열의 제어 문자는 이스케이프해야 합니다")
	reasonEscape   = problem.Define("json.syntax.escape", "this escape is not known", "알 수 없는 이스케이프입니다")
)

// scanner reads the tokens of RFC 8259 from bytes that are valid UTF-8.
type scanner struct {
	data []byte
	pos  int
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// space skips the four blanks that JSON knows.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) literal(word string) bool {
	if len(s.data)-s.pos >= len(word) && string(s.data[s.pos:s.pos+len(word)]) == word {
		s.pos += len(word)
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

// number reads a number in JSON's grammar and returns its text: no plus sign, no
// leading zero, digits on both sides of a point.
func (s *scanner) number() (string, bool) {
	start := s.pos
	s.take('-')
	if !s.take('0') && !s.digits() {
		return "", false
	}
	if s.take('.') && !s.digits() {
		return "", false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		if !s.digits() {
			return "", false
		}
	}
	return string(s.data[start:s.pos]), true
}

// string reads a string. One without a backslash, the usual case, is copied in one go. whole is false when it holds half of a surrogate pair.
func (s *scanner) string() (text string, whole bool, reason *problem.Text) {
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return string(s.data[start : s.pos-1]), true, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", true, reasonControl
		}
		s.pos++
	}
	return "", true, reasonString
}

// escaped goes on with a string at its first backslash.
func (s *scanner) escaped(start int) (text string, whole bool, reason *problem.Text) {
	buf := append([]byte(nil), s.data[start:s.pos]...)
	whole = true
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(buf), whole, nil
		case c < ' ':
			return "", true, reasonControl
		case c != '\\':
			buf = append(buf, c)
			s.pos++
			continue
		}
		r, paired, ok := s.escape()
		if !ok {
			return "", true, reasonEscape
		}
		whole = whole && paired
		buf = utf8.AppendRune(buf, r)
	}
	return "", true, reasonString
}

var shortEscapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads one escape sequence. paired is false for half of a surrogate pair.
func (s *scanner) escape() (r rune, paired, ok bool) {
	if s.pos+1 >= len(s.data) {
		return 0, true, false
	}
	c := s.data[s.pos+1]
	if c != 'u' {
		r, ok = shortEscapes[c]
		if ok {
			s.pos += 2
		}
		return r, true, ok
	}
	r, ok = s.hex(s.pos)
	if !ok {
		return 0, true, false
	}
	s.pos += 6
	if !utf16.IsSurrogate(r) {
		return r, true, true
	}
	if low, ok := s.hex(s.pos); ok {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			s.pos += 6
			return both, true, true
		}
	}
	return utf8.RuneError, false, true
}

// hex reads the four digits of the \uXXXX that starts at a position.
func (s *scanner) hex(at int) (rune, bool) {
	if at+6 > len(s.data) || s.data[at] != '\\' || s.data[at+1] != 'u' {
		return 0, false
	}
	for _, c := range s.data[at+2 : at+6] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return 0, false
		}
	}
	n, err := strconv.ParseUint(string(s.data[at+2:at+6]), 16, 16)
	return rune(n), err == nil
}
