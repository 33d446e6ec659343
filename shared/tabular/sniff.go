package tabular

import "strings"

// delimiters are those that are looked for, in the order that decides between equals.
const delimiters = ",\t;|"

// sniff looks at the first line that is not blank: the delimiter that it has most often
// outside of quotes wins, a comma if there is none. It also tells whether lines end with
// a lone CR, as they did on old Macs: everywhere else a lone CR is data. The last result
// is false when the line does not end in text and more of it may follow.
func sniff(text []byte, atEnd bool) (delimiter byte, loneCR, ok bool) {
	var counts [len(delimiters)]int
	quoted, fieldStart, blank := false, true, true
	best := func() byte {
		at := 0
		for i, n := range counts {
			if n > counts[at] {
				at = i
			}
		}
		return delimiters[at]
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted:
			quoted = c != '"' // a doubled quote opens the field again
			fieldStart = !quoted
			continue
		case c == '"' && fieldStart:
			quoted, blank = true, false
			continue
		case c == '\r' && i+1 == len(text) && !atEnd:
			return 0, false, false
		case c == '\r' || c == '\n':
			loneCR = loneCR || c == '\r' && (i+1 == len(text) || text[i+1] != '\n')
			if !blank {
				return best(), loneCR, true
			}
			fieldStart = true
			if c == '\r' && i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
			continue
		}
		at := strings.IndexByte(delimiters, c)
		if at >= 0 {
			counts[at]++
		}
		blank = blank && (c == ' ' || c == '\t')
		fieldStart = at >= 0
	}
	return best(), loneCR, atEnd
}

// canDelimit reports whether fields can be separated by c at all.
func canDelimit(c byte) bool {
	switch {
	case c == '"', c == '\r', c == '\n', c == 0, c >= 0x80,
		'0' <= c && c <= '9', 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z':
		return false
	}
	return true
}
