package xcontent

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth is Jackson's limit for nested containers.
const maxDepth = 1000

// SyntaxError says where a text is not JSON.
type SyntaxError struct {
	// Last is the place of the last token that was read without error.
	Last Pos
	// At is the place of the error.
	At Pos
	// EOF is true if the text ends too early.
	EOF bool
	// Msg is Jackson's message without the place.
	Msg string
	src string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("[%d:%d] %s", e.At.Line, e.At.Col, e.Reason())
}

// Reason is Jackson's whole message with an excerpt of the text.
func (e *SyntaxError) Reason() string {
	return fmt.Sprintf("%s\n at [Source: %s; line: %d, column: %d]", e.Msg, Excerpt(e.src), e.At.Line, e.At.Col)
}

// Excerpt shows a text as Jackson does in its messages: the first 500 bytes.
func Excerpt(src string) string {
	if len(src) <= 500 {
		return `(byte[])"` + src + `"`
	}
	return fmt.Sprintf(`(byte[])"%s"[truncated %d bytes]`, src[:500], len(src)-500)
}

// Parse reads one JSON value. Text behind the value is refused, except space.
// The error is a *SyntaxError.
func Parse(src string) (*Document, error) {
	d, end, err := parse(src, make([]node, 0, 32))
	if err != nil {
		return nil, err
	}
	p := parser{src: src, i: end, last: end}
	if p.space(); p.i < len(src) {
		return nil, p.fail("Unexpected character %s: expected end of content", charName(src[p.i:]))
	}
	return d, nil
}

// ParsePrefix reads one JSON value and ignores what follows it. A missing
// bracket at the very end is forgiven, as in the action line of a bulk request.
func ParsePrefix(src string) (*Document, error) {
	d, _, err := parse(src, make([]node, 0, 8))
	if e, ok := err.(*SyntaxError); ok && e.EOF {
		if closed, _, again := parse(strings.TrimRight(src, "\r\n ")+"}", nil); again == nil {
			return closed, nil
		}
	}
	return d, err
}

type parser struct {
	src   string
	i     int
	last  int // offset of the last good token
	nodes []node
	depth int
}

func parse(src string, buf []node) (*Document, int, error) {
	p := parser{src: src, nodes: buf}
	if !utf8.ValidString(src) {
		for i, r := range src {
			if _, size := utf8.DecodeRuneInString(src[i:]); r == utf8.RuneError && size == 1 {
				p.i = i
				return nil, 0, p.fail("Invalid UTF-8 start byte 0x%x", src[i])
			}
		}
	}
	p.space()
	if err := p.value("", -1); err != nil {
		return nil, 0, err
	}
	return &Document{src: src, nodes: p.nodes}, p.i, nil
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{Last: position(p.src, p.last), At: position(p.src, p.i), Msg: fmt.Sprintf(format, args...), src: p.src}
}

func (p *parser) eof(format string, args ...any) error {
	p.i = len(p.src)
	err := p.fail(format, args...).(*SyntaxError)
	err.EOF = true
	return err
}

func (p *parser) space() {
	for p.i < len(p.src) {
		switch p.src[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
		default:
			return
		}
	}
}

func (p *parser) value(key string, keyStart int) error {
	if p.i >= len(p.src) {
		return p.eof("No content to map due to end-of-input")
	}
	n := len(p.nodes)
	p.nodes = append(p.nodes, node{start: int32(p.i), key: key, keyStart: int32(keyStart)})
	var err error
	kind := Null
	text := ""
	switch c := p.src[p.i]; {
	case c == '{':
		kind = Object
		err = p.object()
	case c == '[':
		kind = Array
		err = p.array()
	case c == '"':
		kind = String
		p.last = p.i
		text, err = p.str("string value")
	case c == '-' || c >= '0' && c <= '9':
		kind, text, err = p.number()
	case c == 't':
		kind, text = Bool, "true"
		err = p.literal("true")
	case c == 'f':
		kind, text = Bool, "false"
		err = p.literal("false")
	case c == 'n':
		text = "null"
		err = p.literal("null")
	default:
		if word := p.word(); word == "NaN" || word == "Infinity" {
			p.i += len(word)
			return p.fail("Non-standard token '%s': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow", word)
		} else if word != "" {
			p.i += len(word)
			return p.fail("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", word)
		}
		return p.fail("Unexpected character (%s): expected a value", strings.Trim(charName(p.src[p.i:]), "()")+")")
	}
	if err != nil {
		return err
	}
	end := p.i
	if kind >= Object {
		end--
	}
	nd := &p.nodes[n]
	nd.kind, nd.text, nd.end, nd.next = kind, text, int32(end), int32(len(p.nodes))
	return nil
}

func (p *parser) open() error {
	p.last = p.i
	p.i++
	if p.depth++; p.depth > maxDepth {
		return p.fail("Document nesting depth (%d) exceeds the maximum allowed (%d, from `StreamReadConstraints.getMaxNestingDepth()`)", p.depth, maxDepth)
	}
	return nil
}

func (p *parser) close() {
	p.last = p.i
	p.i++
	p.depth--
}

func (p *parser) object() error {
	start := p.i
	if err := p.open(); err != nil {
		return err
	}
	var few [8]string
	keys, seen := few[:0], map[string]bool(nil)
	for first := true; ; first = false {
		p.space()
		if p.i >= len(p.src) {
			return p.unclosed("Object", start)
		}
		if p.src[p.i] == '}' {
			p.close()
			return nil
		}
		if !first {
			if p.src[p.i] != ',' {
				return p.fail("Unexpected character %s: was expecting comma to separate Object entries", charName(p.src[p.i:]))
			}
			p.i++
			p.space()
			if p.i >= len(p.src) {
				return p.unclosed("Object", start)
			}
		}
		if p.src[p.i] != '"' {
			return p.fail("Unexpected character %s: was expecting double-quote to start field name", charName(p.src[p.i:]))
		}
		keyStart := p.i
		key, err := p.str("field name")
		if err != nil {
			return err
		}
		if duplicate(&keys, &seen, key) {
			// Jackson stands behind the closing quote when it notices.
			return p.fail("Duplicate field '%s'", key)
		}
		p.last = keyStart
		p.space()
		if p.i >= len(p.src) {
			return p.eof("Unexpected end-of-input within/between Object entries")
		}
		if p.src[p.i] != ':' {
			return p.fail("Unexpected character %s: was expecting a colon to separate field name and value", charName(p.src[p.i:]))
		}
		p.i++
		p.space()
		if p.i >= len(p.src) {
			return p.eof("Unexpected end-of-input within/between Object entries")
		}
		if err := p.value(key, keyStart); err != nil {
			return err
		}
	}
}

// duplicate notes a member name and reports whether it was there before.
func duplicate(keys *[]string, seen *map[string]bool, key string) bool {
	if *seen == nil && len(*keys) < cap(*keys) {
		for _, k := range *keys {
			if k == key {
				return true
			}
		}
		*keys = append(*keys, key)
		return false
	}
	if *seen == nil {
		*seen = make(map[string]bool, 32)
		for _, k := range *keys {
			(*seen)[k] = true
		}
	}
	if (*seen)[key] {
		return true
	}
	(*seen)[key] = true
	return false
}

func (p *parser) array() error {
	start := p.i
	if err := p.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		p.space()
		if p.i >= len(p.src) {
			return p.unclosed("Array", start)
		}
		if p.src[p.i] == ']' {
			p.close()
			return nil
		}
		if !first {
			if p.src[p.i] != ',' {
				return p.fail("Unexpected character %s: was expecting comma to separate Array entries", charName(p.src[p.i:]))
			}
			p.i++
			p.space()
			if p.i >= len(p.src) {
				return p.unclosed("Array", start)
			}
		}
		if err := p.value("", -1); err != nil {
			return err
		}
	}
}

func (p *parser) unclosed(what string, start int) error {
	at := position(p.src, start)
	return p.eof("Unexpected end-of-input: expected close marker for %s (start marker at [Source: %s; line: %d, column: %d])", what, Excerpt(p.src), at.Line, at.Col)
}

func (p *parser) literal(word string) error {
	if p.word() != word {
		got := p.word()
		p.i += len(got)
		return p.fail("Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", got)
	}
	p.last = p.i
	p.i += len(word)
	return nil
}

func (p *parser) word() string {
	j := p.i
	for j < len(p.src) && (p.src[j] >= 'a' && p.src[j] <= 'z' || p.src[j] >= 'A' && p.src[j] <= 'Z' || p.src[j] >= '0' && p.src[j] <= '9' || p.src[j] == '_') {
		j++
	}
	return p.src[p.i:j]
}

func (p *parser) number() (Kind, string, error) {
	start, kind := p.i, Int
	digits := func() bool {
		from := p.i
		for p.i < len(p.src) && p.src[p.i] >= '0' && p.src[p.i] <= '9' {
			p.i++
		}
		return p.i > from
	}
	if p.src[p.i] == '-' {
		p.i++
	}
	zero := p.i < len(p.src) && p.src[p.i] == '0'
	from := p.i
	if !digits() {
		if p.i >= len(p.src) {
			return 0, "", p.eof("Unexpected end-of-input in a Number value")
		}
		return 0, "", p.fail("Unexpected character %s in numeric value: expected digit (0-9) to follow minus sign, for valid numeric value", charName(p.src[p.i:]))
	}
	if zero && p.i-from > 1 {
		p.i = from + 1
		return 0, "", p.fail("Invalid numeric value: Leading zeroes not allowed")
	}
	if p.i < len(p.src) && p.src[p.i] == '.' {
		kind = Float
		p.i++
		if !digits() {
			return 0, "", p.fail("Decimal point not followed by a digit")
		}
	}
	if p.i < len(p.src) && (p.src[p.i] == 'e' || p.src[p.i] == 'E') {
		kind = Float
		p.i++
		if p.i < len(p.src) && (p.src[p.i] == '+' || p.src[p.i] == '-') {
			p.i++
		}
		if !digits() {
			return 0, "", p.fail("Exponent indicator not followed by a digit")
		}
	}
	p.last = start
	return kind, p.src[start:p.i], nil
}

func charName(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	return fmt.Sprintf("('%c' (code %d))", r, r)
}
