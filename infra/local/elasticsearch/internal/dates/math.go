package dates

import (
	"fmt"
	"strings"
	"time"
)

// Math reads a date that may be an expression: now, or a date followed by ||,
// then steps +1d, -2M or /d. With up, missing fields and roundings go to the
// last millisecond of their unit. The error text is the real server's; wrong
// is true if the date before the steps could not be read.
func Math(text string, f *Format, now time.Time, loc *time.Location, up bool) (t time.Time, wrong bool, err error) {
	if loc == nil {
		loc = time.UTC
	}
	steps, isNow := strings.CutPrefix(text, "now")
	if isNow {
		t = now
	} else {
		date, rest, found := strings.Cut(text, "||")
		steps = rest
		ok := false
		if t, ok = f.Parse(date, loc, up && !found); !ok {
			return t, true, fmt.Errorf("failed to parse date field [%s] with format [%s]", date, f)
		}
	}
	t, err = apply(t.In(loc), steps, up)
	return t, false, err
}

func apply(t time.Time, steps string, up bool) (time.Time, error) {
	for i := 0; i < len(steps); {
		op := steps[i]
		if op != '+' && op != '-' && op != '/' {
			return t, fmt.Errorf("operator not supported for date math [%s]", steps)
		}
		i++
		n, digits := 0, 0
		for i < len(steps) && steps[i] >= '0' && steps[i] <= '9' && digits < 9 {
			n = n*10 + int(steps[i]-'0')
			i++
			digits++
		}
		if digits == 0 {
			n = 1
		}
		if op == '/' && n != 1 {
			return t, fmt.Errorf("rounding `/` can only be used on single unit types [%s]", steps)
		}
		if i >= len(steps) {
			return t, fmt.Errorf("truncated date math [%s]", steps)
		}
		unit := steps[i]
		i++
		if !strings.ContainsRune("yMwdhHms", rune(unit)) {
			return t, fmt.Errorf("unit [%c] not supported for date math [%s]", unit, steps)
		}
		switch op {
		case '-':
			n = -n
			fallthrough
		case '+':
			t = Add(t, unit, n)
		case '/':
			t = Truncate(t, unit)
			if up {
				t = Add(t, unit, 1).Add(-time.Millisecond)
			}
		}
	}
	return t, nil
}

// Add moves a date by n units: y q M w d h H m s.
func Add(t time.Time, unit byte, n int) time.Time {
	switch unit {
	case 'y':
		return addMonths(t, 12*n)
	case 'q':
		return addMonths(t, 3*n)
	case 'M':
		return addMonths(t, n)
	case 'w':
		return t.AddDate(0, 0, 7*n)
	case 'd':
		return t.AddDate(0, 0, n)
	case 'h', 'H':
		return t.Add(time.Duration(n) * time.Hour)
	case 'm':
		return t.Add(time.Duration(n) * time.Minute)
	}
	return t.Add(time.Duration(n) * time.Second)
}

// addMonths keeps the day inside the month: 31 January + 1M is 28 February.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// Truncate goes back to the start of the unit in the date's own time zone.
// Weeks start on Monday.
func Truncate(t time.Time, unit byte) time.Time {
	y, m, d := t.Date()
	switch unit {
	case 'y':
		return time.Date(y, 1, 1, 0, 0, 0, 0, t.Location())
	case 'q':
		return time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, t.Location())
	case 'M':
		return time.Date(y, m, 1, 0, 0, 0, 0, t.Location())
	case 'w':
		back := (int(t.Weekday()) + 6) % 7
		return time.Date(y, m, d-back, 0, 0, 0, 0, t.Location())
	case 'd':
		return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
	case 'h', 'H':
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	case 'm':
		return t.Add(-time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	}
	return t.Add(-time.Duration(t.Nanosecond()))
}

// Zone reads a time zone: "+09:00", "Z" or a name such as "Asia/Seoul".
func Zone(name string) (*time.Location, error) {
	f := fields{}
	if rest, ok := matchZone(name, &f); ok && rest == "" {
		return f.zone, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone [%s]", name)
	}
	return loc, nil
}
