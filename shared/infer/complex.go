package infer

import (
	"strings"
	"unicode"

	"spiceharvester/shared/ontology/value"
)

// rule makes the rule of a type of package value, which is the judge of what the complex
// types accept.
func rule(typ string, constraints map[string]any) *value.Rule {
	t, err := value.ParseType(typ)
	if err != nil {
		panic("infer: " + err.Error())
	}
	r, errs := value.Compile(t, constraints, nil)
	if len(errs) > 0 {
		panic("infer: " + errs[0].Error())
	}
	return r
}

var (
	emailRule  = rule("email", nil)
	uriRule    = rule("url", map[string]any{"allowedSchemes": []any{"http", "https", "ftp", "ftps", "s3", "gs", "ws", "wss", "sftp", "file"}})
	phoneRules = map[string]*value.Rule{"KR": phoneRule("KR"), "US": phoneRule("US")}
)

func phoneRule(region string) *value.Rule {
	return rule("phone", map[string]any{"defaultRegion": region})
}

func accepts(r *value.Rule, s string) bool {
	_, errs := r.Normalize(s, nil)
	return len(errs) == 0
}

// isEmail asks the rule only for what it cannot decide itself: letters of other scripts.
func isEmail(s string) bool {
	if plain, ok := plainEmail(s); plain {
		return ok
	}
	return accepts(emailRule, s)
}

// plainEmail checks an address of ASCII characters without regular expressions, which
// would take most of the time in a column of addresses.
func plainEmail(s string) (plain, ok bool) {
	at := strings.LastIndexByte(s, '@')
	if len(s) > 254 || at < 1 || at > 64 {
		return true, false
	}
	ok = strings.IndexByte(s[at+1:], '.') >= 0
	before := byte('.') // a dot may stand neither first, nor last, nor behind another
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 0x80:
			return false, false
		case i == at || i > at && c == '.': // a part of the domain begins
			ok = ok && before != '.' && (i == at || before != '-')
			before = '.'
			continue
		case c == '.':
			ok = ok && before != '.'
		case i < at:
			ok = ok && emailChars[c]
		case c == '-':
			ok = ok && before != '.'
		default:
			ok = ok && classes[c]&(hasDigit|hasE|hasLetter) != 0
		}
		before = c
	}
	return true, ok && before != '.' && before != '-' && shortLabels(s[at+1:])
}

// shortLabels checks that no part of a domain has more than 63 characters.
func shortLabels(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if len(label) > 63 {
			return false
		}
	}
	return true
}

// emailChars may stand before the @.
var emailChars = func() (table [256]bool) {
	for c := range table {
		table[c] = classes[c]&(hasDigit|hasE|hasLetter) != 0 || c != 0 && c < 0x80 && strings.IndexByte("!#$%&'*+/=?^_`{|}~-", byte(c)) >= 0
	}
	return table
}()

func isURI(s string) bool { return len(s) <= 4096 && accepts(uriRule, s) }

// isUUID checks the form 8-4-4-4-12 of hexadecimal digits.
func isUUID(s string) bool {
	for i := range len(s) {
		c := s[i]
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f') {
			return false
		}
	}
	return len(s) == 36
}

// scanCoordinate checks "latitude,longitude". Points tells whether both are written with
// a decimal point, which "1,234" is not.
func scanCoordinate(s string) (points, ok bool) {
	a, b, found := strings.Cut(s, ",")
	if !found || strings.IndexByte(b, ',') >= 0 {
		return false, false
	}
	lat, okLat := scanDegrees(strings.TrimSpace(a))
	lon, okLon := scanDegrees(strings.TrimSpace(b))
	points = strings.IndexByte(a, '.') >= 0 && strings.IndexByte(b, '.') >= 0
	return points, okLat && okLon && lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180
}

// scanDegrees reads a number as package value does in coordinates: digits and a point.
func scanDegrees(s string) (float64, bool) {
	if strings.Trim(s, "+-.0123456789") != "" || strings.HasSuffix(s, ".") || strings.HasPrefix(strings.TrimLeft(s, "+-"), ".") {
		return 0, false
	}
	var buf [64]byte
	_, n, ok := appendNumber(buf[:0], s, dot)
	return n.value, ok
}

// readPhone looks at a text of digits and the marks between them. Digits alone may be any
// id: they count as a Korean mobile number by their prefix, as an American one only
// with a name that says so.
func readPhone(s string) evidence {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	if n < 7 || n > 15 || s[0] == '-' {
		return 0
	}
	if s[0] == '+' {
		if !accepts(phoneRules["US"], s) {
			return 0
		}
		out := evPhoneAbroad
		switch {
		case strings.HasPrefix(s, "+82"):
			out |= evAbroadKR
		case strings.HasPrefix(s, "+1"):
			out |= evAbroadUS
		}
		return out
	}
	var out evidence
	if koreanPrefix(s) && n >= 9 && n <= 11 && accepts(phoneRules["KR"], s) {
		out |= evPhoneKR
	}
	if (n == 10 || n == 11 && s[0] == '1') && accepts(phoneRules["US"], s) {
		out |= evPhoneUS
	}
	if out != 0 && n == len(s) {
		out |= evPhoneDigits
		if !strings.HasPrefix(s, "01") {
			out &^= evPhoneKR
		}
	}
	return out
}

// koreanPrefix knows the beginnings of Korean numbers: areas, mobile, internet, personal.
func koreanPrefix(s string) bool {
	s = strings.TrimPrefix(s, "(")
	if len(s) < 3 || s[0] != '0' {
		return false
	}
	switch s[1] {
	case '2', '3', '4', '5', '6':
		return true
	case '1':
		return s[2] >= '0' && s[2] <= '9' && s[2] != '5'
	case '7', '8':
		return s[2] == '0'
	}
	return false
}

// isAddress wants several words, one of them with a letter, and a number or a comma.
// That is weak, so addresses are looked for only in columns whose name says so.
func isAddress(s string) bool {
	letter, mark := false, false
	for _, r := range s {
		letter = letter || unicode.IsLetter(r)
		mark = mark || unicode.IsDigit(r) || r == ','
	}
	return letter && mark && len(strings.Fields(s)) >= 2
}
