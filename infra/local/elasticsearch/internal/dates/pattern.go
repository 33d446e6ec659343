package dates

import (
	"fmt"
	"strings"
	"time"
)

// pattern is a compiled Java date pattern.
type pattern struct {
	items []item
	full  bool // prints date, time, milliseconds and offset
}

// item is a number field, a literal or an optional group.
type item struct {
	letter   byte // y M d H m s S f X, or 0 for a literal
	width    int  // exact number of digits; 1 means any
	literal  string
	optional []item
}

func compilePattern(src string) (*pattern, error) {
	items, rest, err := compileItems(src)
	if err != nil {
		return nil, err
	}
	if rest != "" {
		//lint:ignore ST1005 the real server's text
		return nil, fmt.Errorf("Pattern invalid: [%s]", src)
	}
	return &pattern{items: items}, nil
}

func compileItems(src string) (items []item, rest string, err error) {
	for src != "" {
		c := src[0]
		switch {
		case c == ']':
			return items, src, nil
		case c == '[':
			inner, after, err := compileItems(src[1:])
			if err != nil {
				return nil, "", err
			}
			if !strings.HasPrefix(after, "]") {
				//lint:ignore ST1005 Java's text
				return nil, "", fmt.Errorf("Pattern ends with an incomplete optional section")
			}
			items, src = append(items, item{optional: inner}), after[1:]
		case c == '\'':
			end := strings.IndexByte(src[1:], '\'')
			if end < 0 {
				//lint:ignore ST1005 Java's text
				return nil, "", fmt.Errorf("Pattern ends with an incomplete string literal: %s", src)
			}
			items, src = append(items, item{literal: src[1 : end+1]}), src[end+2:]
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			n := 1
			for n < len(src) && src[n] == c {
				n++
			}
			switch c {
			case 'u':
				c = 'y'
			case 'x', 'Z':
				c = 'X'
			case 'y', 'M', 'd', 'H', 'm', 's', 'S', 'f', 'X':
			default:
				//lint:ignore ST1005 Java's text
				return nil, "", fmt.Errorf("Unknown pattern letter: %c", c)
			}
			items, src = append(items, item{letter: c, width: n}), src[n:]
		default:
			items, src = append(items, item{literal: string(c)}), src[1:]
		}
	}
	return items, "", nil
}

// fields collects what a text holds; -1 stands for absent.
type fields struct {
	year, month, day, hour, minute, second, nanos int
	zone                                          *time.Location
}

func (p *pattern) parse(text string, loc *time.Location, up bool) (time.Time, bool) {
	f := fields{-1, -1, -1, -1, -1, -1, -1, nil}
	rest, ok := match(p.items, text, &f)
	if !ok || rest != "" {
		return time.Time{}, false
	}
	fill := func(v *int, low, high int) {
		if *v < 0 {
			if *v = low; up {
				*v = high
			}
		}
	}
	if f.year < 0 {
		f.year = 1970
	}
	fill(&f.month, 1, 1)
	fill(&f.day, 1, 1)
	fill(&f.hour, 0, 23)
	fill(&f.minute, 0, 59)
	fill(&f.second, 0, 59)
	fill(&f.nanos, 0, 999_999_999)
	if f.month < 1 || f.month > 12 || f.day < 1 || f.hour > 23 || f.minute > 59 || f.second > 59 {
		return time.Time{}, false
	}
	zone := f.zone
	if zone == nil {
		zone = loc
	}
	if zone == nil {
		zone = time.UTC
	}
	t := time.Date(f.year, time.Month(f.month), f.day, f.hour, f.minute, f.second, f.nanos, zone)
	// time.Date turns 30 February into March; the real server refuses it.
	if t.Day() != f.day && f.day > 28 {
		return time.Time{}, false
	}
	return t, true
}

func match(items []item, text string, f *fields) (string, bool) {
	for i, it := range items {
		switch {
		case it.optional != nil:
			saved := *f
			if rest, ok := match(it.optional, text, f); ok {
				text = rest
			} else {
				*f = saved
			}
		case it.literal != "":
			if !strings.HasPrefix(text, it.literal) {
				return "", false
			}
			text = text[len(it.literal):]
		case it.letter == 'X':
			rest, ok := matchZone(text, f)
			if !ok {
				return "", false
			}
			text = rest
		case it.letter == 'f' || it.letter == 'S':
			rest, ok := matchFraction(it, text, f)
			if !ok {
				return "", false
			}
			text = rest
		default:
			digits := 0
			for digits < len(text) && digits < 9 && text[digits] >= '0' && text[digits] <= '9' {
				digits++
			}
			// Fields that touch each other have exactly their width.
			if touching := i+1 < len(items) && items[i+1].letter != 0 && items[i+1].letter != 'X' && items[i+1].letter != 'f'; touching && digits > it.width {
				digits = it.width
			}
			if digits == 0 || it.width > 1 && digits != it.width || it.width == 1 && it.letter != 'y' && digits > 2 {
				return "", false
			}
			n := 0
			for _, c := range text[:digits] {
				n = n*10 + int(c-'0')
			}
			f.set(it.letter, it.width, n)
			text = text[digits:]
		}
	}
	return text, true
}

func (f *fields) set(letter byte, width, n int) {
	switch letter {
	case 'y':
		if f.year = n; width == 2 {
			f.year += 2000
		}
	case 'M':
		f.month = n
	case 'd':
		f.day = n
	case 'H':
		f.hour = n
	case 'm':
		f.minute = n
	case 's':
		f.second = n
	}
}

func matchFraction(it item, text string, f *fields) (string, bool) {
	if it.letter == 'f' {
		if text == "" || text[0] != '.' && text[0] != ',' {
			return "", false
		}
		text = text[1:]
	}
	digits, n := 0, 0
	for digits < len(text) && digits < 9 && text[digits] >= '0' && text[digits] <= '9' {
		n = n*10 + int(text[digits]-'0')
		digits++
	}
	if digits == 0 || it.letter == 'S' && digits != it.width {
		return "", false
	}
	for range 9 - digits {
		n *= 10
	}
	f.nanos = n
	return text[digits:], true
}

func matchZone(text string, f *fields) (string, bool) {
	if text == "" {
		return "", false
	}
	if text[0] == 'Z' {
		f.zone = time.UTC
		return text[1:], true
	}
	if text[0] != '+' && text[0] != '-' {
		return "", false
	}
	num, n := 0, 0
	i := 1
	for i < len(text) && n < 4 {
		if text[i] == ':' && n == 2 {
			i++
			continue
		}
		if text[i] < '0' || text[i] > '9' {
			break
		}
		num = num*10 + int(text[i]-'0')
		n++
		i++
	}
	if n == 2 {
		num *= 100
	} else if n != 4 {
		return "", false
	}
	secs := (num/100*60 + num%100) * 60
	if text[0] == '-' {
		secs = -secs
	}
	f.zone = time.FixedZone("", secs)
	return text[i:], true
}

func (p *pattern) print(t time.Time) string {
	if p.full {
		return t.Format("2006-01-02T15:04:05.000Z07:00")
	}
	var b strings.Builder
	printItems(&b, p.items, t)
	return b.String()
}

func printItems(b *strings.Builder, items []item, t time.Time) {
	for _, it := range items {
		switch {
		case it.optional != nil:
			printItems(b, it.optional, t)
		case it.literal != "":
			b.WriteString(it.literal)
		case it.letter == 'y' && it.width == 2:
			fmt.Fprintf(b, "%02d", t.Year()%100)
		case it.letter == 'y':
			fmt.Fprintf(b, "%04d", t.Year())
		case it.letter == 'M':
			fmt.Fprintf(b, "%0*d", it.width, int(t.Month()))
		case it.letter == 'd':
			fmt.Fprintf(b, "%0*d", it.width, t.Day())
		case it.letter == 'H':
			fmt.Fprintf(b, "%0*d", it.width, t.Hour())
		case it.letter == 'm':
			fmt.Fprintf(b, "%0*d", it.width, t.Minute())
		case it.letter == 's':
			fmt.Fprintf(b, "%0*d", it.width, t.Second())
		case it.letter == 'S':
			b.WriteString(fmt.Sprintf("%09d", t.Nanosecond())[:min(it.width, 9)])
		case it.letter == 'f':
			fmt.Fprintf(b, ".%03d", t.Nanosecond()/1e6)
		case it.letter == 'X':
			b.WriteString(t.Format("Z07:00"))
		}
	}
}
