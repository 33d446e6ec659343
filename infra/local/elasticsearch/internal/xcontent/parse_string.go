package xcontent

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string; the current byte is its opening quote.
func (p *parser) str(what string) (string, error) {
	p.i++
	start := p.i
	for p.i < len(p.src) {
		c := p.src[p.i]
		if c == '"' {
			s := p.src[start:p.i]
			p.i++
			return s, nil
		}
		if c == '\\' {
			return p.escaped(start)
		}
		if c < 0x20 {
			return "", p.fail("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in %s", c, what)
		}
		p.i++
	}
	return "", p.eof("Unexpected end-of-input in VALUE_STRING")
}

func (p *parser) escaped(start int) (string, error) {
	var b strings.Builder
	b.WriteString(p.src[start:p.i])
	for p.i < len(p.src) {
		c := p.src[p.i]
		switch {
		case c == '"':
			p.i++
			return b.String(), nil
		case c < 0x20:
			return "", p.fail("Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		case c != '\\':
			b.WriteByte(c)
			p.i++
			continue
		}
		p.i++
		if p.i >= len(p.src) {
			break
		}
		c = p.src[p.i]
		p.i++
		switch c {
		case '"', '\\', '/':
			b.WriteByte(c)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, ok := p.hex4()
			if !ok {
				return "", p.fail("Unexpected character: expected a hex-digit for character escape sequence")
			}
			if utf16.IsSurrogate(r) && strings.HasPrefix(p.src[p.i:], `\u`) {
				save := p.i
				p.i += 2
				low, ok := p.hex4()
				if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
					r = pair
				} else {
					p.i = save
				}
			}
			b.WriteRune(r)
		default:
			p.i--
			return "", p.fail("Unrecognized character escape %s", charName(p.src[p.i:]))
		}
	}
	return "", p.eof("Unexpected end-of-input in VALUE_STRING")
}

func (p *parser) hex4() (rune, bool) {
	if p.i+4 > len(p.src) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(p.src[p.i : p.i+4]) {
		r <<= 4
		switch {
		case c >= '0' && c <= '9':
			r |= rune(c - '0')
		case c >= 'a' && c <= 'f':
			r |= rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			r |= rune(c-'A') + 10
		default:
			return 0, false
		}
	}
	p.i += 4
	return r, true
}
