package value

import (
	"regexp"
	"strings"
	"time"

	"spiceharvester/shared/problem"
)

var (
	textDate     = problem.Define("value.date", "Input should be a valid date in the form YYYY-MM-DD", "YYYY-MM-DD 형식의 올바른 날짜여야 합니다.")
	textDatetime = problem.Define("value.datetime", "Input should be a valid ISO 8601 date and time, such as 2024-01-31T09:30:00Z", "올바른 ISO 8601 날짜와 시간이어야 합니다. 예: 2024-01-31T09:30:00Z")
	textTime     = problem.Define("value.time", "Input should be a valid time in the form HH:MM:SS", "HH:MM:SS 형식의 올바른 시간이어야 합니다.")
)

var timeSpecs = map[string]*spec{
	"xsd:date":     {group: groupTime, build: simple(normalizeDate), sortKey: textKey},
	"xsd:dateTime": {group: groupTime, build: simple(normalizeDatetime), sortKey: datetimeKey},
	"xsd:time":     {group: groupTime, build: simple(normalizeTime), sortKey: textKey},
}

// normalizeDate accepts the one form of a date that is not ambiguous.
func normalizeDate(v any) (any, *fault) {
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(problem.TypeString)
	}
	if !isDate(s) {
		return nil, &fault{problem.TypeDateParsing, textDate.With()}
	}
	return s, nil
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

var clock = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)? ?(Z|z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?$`)

// parseClock brings a time of day into the form HH:MM:SS[.fraction] and its offset into
// the form Z or ±HH:MM. Digits of a fraction are kept, zeros at its end are not.
func parseClock(s string) (hms, offset string, ok bool) {
	m := clock.FindStringSubmatch(s)
	if m == nil {
		return "", "", false
	}
	seconds := m[3]
	if seconds == "" {
		seconds = "00"
	}
	hms = m[1] + ":" + m[2] + ":" + seconds
	if fraction := strings.TrimRight(m[4], "0"); fraction != "" {
		hms += "." + fraction
	}
	switch offset = m[5]; len(offset) {
	case 1:
		offset = "Z"
	case 3: // +09
		offset += ":00"
	case 5: // +0900
		offset = offset[:3] + ":" + offset[3:]
	}
	if offset == "+00:00" || offset == "-00:00" {
		offset = "Z"
	}
	return hms, offset, true
}

// normalizeDatetime brings a date and time into the form of RFC 3339. The offset is
// kept; a time without one is UTC, a date alone is its midnight.
func normalizeDatetime(v any) (any, *fault) {
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(problem.TypeString)
	}
	bad := &fault{problem.TypeDatetimeParsing, textDatetime.With()}
	if len(s) < len(time.DateOnly) || !isDate(s[:len(time.DateOnly)]) {
		return nil, bad
	}
	date, rest := s[:len(time.DateOnly)], s[len(time.DateOnly):]
	if rest == "" {
		return date + "T00:00:00Z", nil
	}
	if !strings.ContainsRune("Tt ", rune(rest[0])) {
		return nil, bad
	}
	hms, offset, ok := parseClock(rest[1:])
	if !ok {
		return nil, bad
	}
	if offset == "" {
		offset = "Z"
	}
	return date + "T" + hms + offset, nil
}

// normalizeTime completes the seconds. An offset is kept as it is: a time of day alone
// cannot be moved to UTC without changing the day.
func normalizeTime(v any) (any, *fault) {
	s, ok := v.(string)
	if !ok {
		return nil, wrongType(problem.TypeString)
	}
	hms, offset, ok := parseClock(s)
	if !ok {
		return nil, &fault{problem.TypeTimeParsing, textTime.With()}
	}
	return hms + offset, nil
}

// datetimeKey is the instant in UTC with nine digits of a second.
func datetimeKey(v any) string {
	s, _ := v.(string)
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return textKey(v)
	}
	t = t.UTC()
	key := t.Format("2006-01-02T15:04:05.000000000Z")
	if t.Year() > 9999 {
		return "~" + key // an offset moved it behind every year of four digits
	}
	return key
}
