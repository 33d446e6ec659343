package infer

import (
	"strings"
	"time"
	"unicode/utf8"
)

// layout is a way to write a date.
type layout uint8

const (
	yearFirst layout = iota
	monthFirst
	dayFirst
	dayDots
	compact
	monthName
	korean
	chinese
	era
	layoutCount
)

// layoutNames stand in a [Format].
var layoutNames = [layoutCount]string{
	yearFirst: "YYYY-MM-DD", monthFirst: "MM/DD/YYYY", dayFirst: "DD/MM/YYYY", dayDots: "DD.MM.YYYY",
	compact: "YYYYMMDD", monthName: "D MMM YYYY", korean: "YYYY년 MM월 DD일", chinese: "YYYY年MM月DD日", era: "令和年月日",
}

// date is a date of which the order of day and month may be open.
type date struct {
	layouts uint16 // bit l is set if it is a date in layout l
	y, m, d int    // in all layouts but dayFirst
	size    int    // bytes that were read
}

// ymd returns the date in one of its layouts.
func (d date) ymd(l layout) (year, month, day int) {
	if l == dayFirst {
		return d.y, d.d, d.m
	}
	return d.y, d.m, d.d
}

// scanDate reads the date at the beginning of s. What follows it must not be a digit.
func scanDate(s string) (date, bool) {
	a, n := scanDigits(s, 8)
	if n == 0 {
		return scanNamedDate(s)
	}
	rest := s[n:]
	if rest == "" || rest[0] == 'T' || rest[0] == ' ' && n == 8 {
		if n != 8 {
			return date{}, false
		}
		y, m, d := a/10_000, a/100%100, a%100
		// Any number of eight digits could be meant; only the years of living memory count.
		return date{1 << compact, y, m, d, 8}, y >= 1900 && y <= 2100 && isDate(y, m, d)
	}
	switch sep := rest[0]; {
	case sep == '-' || sep == '/' || sep == '.':
		b, bn := scanDigits(rest[1:], 2)
		if bn == 0 {
			if n <= 2 && sep == '-' {
				return scanDayMonth(s, a, n)
			}
			return date{}, false
		}
		rest = rest[1+bn:]
		if rest == "" || rest[0] != sep {
			return date{}, false
		}
		if n == 4 {
			d, dn := scanDigits(rest[1:], 2)
			return date{1 << yearFirst, a, b, d, n + bn + dn + 2}, dn > 0 && isDate(a, b, d) && endsDigits(rest[1+dn:])
		}
		y, yn := scanDigits(rest[1:], 4)
		if n > 2 || yn != 4 || !endsDigits(rest[1+yn:]) {
			return date{}, false
		}
		out := date{y: y, m: a, d: b, size: n + bn + yn + 2}
		if sep == '.' {
			out.layouts, out.m, out.d = 1<<dayDots, b, a
			return out, isDate(y, b, a)
		}
		if isDate(y, a, b) {
			out.layouts |= 1 << monthFirst
		}
		if isDate(y, b, a) {
			out.layouts |= 1 << dayFirst
		}
		return out, out.layouts != 0
	case sep == ' ' && n <= 2:
		return scanDayMonth(s, a, n)
	case sep >= utf8.RuneSelf && n == 4:
		if out, ok := scanMarked(s, a, n, "년", "월", "일"); ok {
			out.layouts = 1 << korean
			return out, true
		}
		out, ok := scanMarked(s, a, n, "年", "月", "日")
		out.layouts = 1 << chinese
		return out, ok
	}
	return date{}, false
}

// scanNamedDate reads a date that begins with the name of a month or an era.
func scanNamedDate(s string) (date, bool) {
	if s == "" || s[0] < 'A' {
		return date{}, false
	}
	for _, e := range eras {
		rest, ok := strings.CutPrefix(s, e.name)
		if !ok {
			continue
		}
		y, n := scanDigits(rest, 2)
		if n == 0 && strings.HasPrefix(rest, "元") {
			y, n = 1, len("元")
		}
		out, ok := scanMarked(rest, e.before+y, n, "年", "月", "日")
		out.layouts, out.size = 1<<era, out.size+len(e.name)
		day := time.Date(out.y, time.Month(out.m), out.d, 0, 0, 0, 0, time.UTC)
		return out, ok && y > 0 && !day.Before(e.from) && day.Before(e.until)
	}
	m, rest := cutMonth(s)
	if m == 0 || rest == "" || rest[0] != ' ' {
		return date{}, false
	}
	rest = strings.TrimLeft(rest, " ")
	d, n := scanDigits(rest, 2)
	if n == 0 {
		return date{}, false
	}
	rest = rest[n:]
	after, hasComma := strings.CutPrefix(rest, ",")
	trimmed := strings.TrimLeft(after, " ")
	if !hasComma && trimmed == after {
		return date{}, false
	}
	y, n := scanDigits(trimmed, 4)
	size := len(s) - len(trimmed) + n
	return date{1 << monthName, y, m, d, size}, n == 4 && isDate(y, m, d) && endsDigits(s[size:])
}

// scanDayMonth reads 2 Jan 2024 and 02-Jan-2024. The day was read already.
func scanDayMonth(s string, d, n int) (date, bool) {
	sep := s[n]
	m, rest := cutMonth(s[n+1:])
	if m == 0 || rest == "" || rest[0] != sep {
		return date{}, false
	}
	y, yn := scanDigits(rest[1:], 4)
	size := len(s) - len(rest) + 1 + yn
	return date{1 << monthName, y, m, d, size}, yn == 4 && isDate(y, m, d) && endsDigits(s[size:])
}

var months = [12]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

// cutMonth returns the month whose English name, or its first three letters, s begins
// with; 0 if there is none.
func cutMonth(s string) (month int, rest string) {
	n := 0
	for n < len(s) && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	if n < 3 || n > len("september") {
		return 0, s
	}
	word := s[:n]
	for i, name := range months {
		if n == 3 && strings.EqualFold(word, name[:3]) || strings.EqualFold(word, name) || n == 4 && i == 8 && strings.EqualFold(word, "sept") {
			return i + 1, strings.TrimPrefix(s[n:], ".")
		}
	}
	return 0, s
}

// eras of Japan whose dates are read.
var eras = []struct {
	name        string
	before      int // the year before the first
	from, until time.Time
}{
	{"令和", 2018, utcDay(2019, 5, 1), utcDay(9999, 1, 1)},
	{"平成", 1988, utcDay(1989, 1, 8), utcDay(2019, 5, 1)},
	{"昭和", 1925, utcDay(1926, 12, 25), utcDay(1989, 1, 8)},
}

func utcDay(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// scanMarked reads a date whose parts are followed by words: 2024년 1월 2일. The year was
// read already, in n bytes.
func scanMarked(s string, y, n int, year, month, day string) (date, bool) {
	rest, ok := strings.CutPrefix(s[n:], year)
	if !ok || n == 0 {
		return date{}, false
	}
	rest = strings.TrimLeft(rest, " ")
	m, mn := scanDigits(rest, 2)
	rest, ok = strings.CutPrefix(rest[mn:], month)
	if !ok {
		return date{}, false
	}
	rest = strings.TrimLeft(rest, " ")
	d, dn := scanDigits(rest, 2)
	rest, ok = strings.CutPrefix(rest[dn:], day)
	return date{y: y, m: m, d: d, size: len(s) - len(rest)}, ok && isDate(y, m, d)
}

// scanDigits reads at most limit digits. It reads none if more follow.
func scanDigits(s string, limit int) (v, n int) {
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		if n == limit {
			return 0, 0
		}
		v = v*10 + int(s[n]-'0')
		n++
	}
	return v, n
}

func endsDigits(rest string) bool { return rest == "" || rest[0] < '0' || rest[0] > '9' }

// isDate reports whether the calendar has the day.
func isDate(y, m, d int) bool {
	if m < 1 || m > 12 || d < 1 || y < 0 || y > 9999 {
		return false
	}
	switch m {
	case 4, 6, 9, 11:
		return d <= 30
	case 2:
		leap := y%4 == 0 && (y%100 != 0 || y%400 == 0)
		return d <= 28 || leap && d == 29
	}
	return d <= 31
}

// appendDate writes YYYY-MM-DD.
func appendDate(dst []byte, y, m, d int) []byte {
	return append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10),
		'-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
}
