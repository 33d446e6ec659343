package infer

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A decimal mark is '.' or ','. The other one, blanks, apostrophes and underscores may
// stand between groups of digits.
const (
	dot   = '.'
	comma = ','
)

// number is what appendNumber found out.
type number struct {
	value    float64 // for statistics only
	fraction bool    // written with a decimal mark or an exponent
	places   int     // digits behind the decimal mark
}

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// appendNumber reads a number whose decimal mark is mark and appends its JSON text to
// dst: the digits as they are written, without grouping and plus sign, parentheses as a
// minus. Groups must be regular: thousands, or lakh and crore with commas. A number with
// leading zeros is none: it is a code, and reading it would lose them.
func appendNumber(dst []byte, s string, mark byte) (_ []byte, n number, ok bool) {
	begin := len(dst)
	neg, s, ok := cutSign(s)
	if !ok {
		return dst, n, false
	}
	if neg {
		dst = append(dst, '-')
	}
	first := len(dst)
	i, mantissa := 0, uint64(0)
	var g groups
	for i < len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			dst = append(dst, c)
			mantissa = mantissa*10 + uint64(c-'0')
			g.digits++
			i++
			continue
		}
		sep, size := groupMark(s[i:], mark)
		if size == 0 {
			break
		}
		if !g.separate(sep) {
			return dst, n, false
		}
		i += size
	}
	digits := len(dst) - first
	if !g.end() || digits > 1 && dst[first] == '0' || g.mark != 0 && dst[first] == '0' {
		return dst, n, false
	}
	if i < len(s) && s[i] == mark {
		n.fraction = true
		if digits == 0 {
			dst = append(dst, '0')
		}
		point := len(dst)
		for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			if n.places == 0 {
				dst = append(dst, '.')
			}
			dst = append(dst, s[i])
			mantissa = mantissa*10 + uint64(s[i]-'0')
			n.places++
		}
		if len(dst) == point && digits == 0 {
			return dst, n, false
		}
	}
	if digits+n.places == 0 {
		return dst, n, false
	}
	exponent := i < len(s) && s[i]|0x20 == 'e'
	if exponent {
		n.fraction = true
		rest := s[i+1:]
		if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if rest == "" || strings.Trim(rest, "0123456789") != "" {
			return dst, n, false
		}
		dst = append(dst, s[i:]...)
		i = len(s)
	}
	if i != len(s) {
		return dst, n, false
	}
	if !n.fraction && mantissa == 0 && digits == 1 { // there is no minus zero among the integers
		return append(dst[:begin], '0'), n, true
	}
	if digits+n.places < len(powers) && !exponent {
		n.value = float64(mantissa) / powers[n.places]
		if neg {
			n.value = -n.value
		}
	} else {
		n.value, _ = strconv.ParseFloat(string(dst[begin:]), 64) // out of range gives ±Inf
	}
	return dst, n, true
}

// cutSign takes the sign away, or the parentheses that mean a negative number.
func cutSign(s string) (neg bool, rest string, ok bool) {
	switch {
	case s == "":
		return false, "", false
	case s[0] == '(':
		inner, closed := strings.CutSuffix(s[1:], ")")
		inner = trimBlanks(inner)
		return true, inner, closed && inner != "" && inner[0] != '-' && inner[0] != '+'
	case s[0] == '-':
		return true, s[1:], true
	case s[0] == '+':
		return false, s[1:], true
	}
	if rest, found := strings.CutPrefix(s, "−"); found {
		return true, rest, true
	}
	return false, s, true
}

// groupMark returns the mark between groups of digits that s begins with.
func groupMark(s string, decimal byte) (mark rune, size int) {
	switch c := s[0]; {
	case c == decimal:
		return 0, 0
	case c == ',', c == '.', c == ' ', c == '\'', c == '_':
		return rune(c), 1
	case c < utf8.RuneSelf:
		return 0, 0
	}
	switch r, size := utf8.DecodeRuneInString(s); r {
	case '\u00a0', '\u202f', '\u2009', '’': // the blanks of typesetting, the Swiss mark
		return r, size
	}
	return 0, 0
}

// groups checks the grouping of digits while they are read.
type groups struct {
	mark   rune
	count  int // closed groups
	first  int // digits in the first
	digits int // digits in the present one
	odd    bool
	indian bool
}

// separate closes a group. It reports false if the number is broken for sure.
func (g *groups) separate(mark rune) bool {
	switch {
	case g.count == 0:
		g.mark, g.first, g.indian = mark, g.digits, mark == ','
	case mark != g.mark:
		return false
	default:
		g.odd = g.odd || g.digits != 3
		g.indian = g.indian && g.digits == 2
	}
	ok := g.digits >= 1 && g.digits <= 3
	g.count++
	g.digits = 0
	return ok
}

// end reports whether the groups are regular.
func (g *groups) end() bool {
	if g.count == 0 {
		return true
	}
	return g.digits == 3 && (!g.odd || g.indian && g.first <= 2)
}

// cutPercent takes the percent sign away.
func cutPercent(s string) (string, bool) {
	rest, ok := strings.CutSuffix(s, "%")
	if !ok {
		rest, ok = strings.CutSuffix(s, "％")
	}
	return trimBlanks(rest), ok
}

// trimBlanks takes away the blanks that may stand inside of a number's text: no line
// breaks and no tabs.
func trimBlanks(s string) string {
	return strings.TrimFunc(s, func(r rune) bool { return r == ' ' || r >= utf8.RuneSelf && unicode.IsSpace(r) })
}

// hasLeadingZero reports whether s is digits only and begins with a zero that a number
// would lose.
func hasLeadingZero(s string) bool {
	return len(s) > 1 && s[0] == '0' && allDigits(s)
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
