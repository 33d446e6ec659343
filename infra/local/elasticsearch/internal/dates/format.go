package dates

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Default is the format of a date field that names none.
const Default = "strict_date_optional_time||epoch_millis"

// Format is a list of alternatives; the first one prints.
type Format struct {
	pattern string
	alts    []alternative
}

// alternative parses one format. Fields that the text does not hold are
// filled by fill; loc is used for texts without an offset.
type alternative interface {
	parse(text string, loc *time.Location, up bool) (time.Time, bool)
	print(t time.Time) string
}

// named maps format names to patterns; [ ] encloses an optional part.
var named = map[string]string{
	"strict_date_optional_time":       "yyyy[-MM[-dd]]['T'[HH[:mm[:ss[f]]]][X]]",
	"date_optional_time":              "y[-M[-d]]['T'[H[:m[:s[f]]]][X]]",
	"strict_date_optional_time_nanos": "yyyy[-MM[-dd]]['T'[HH[:mm[:ss[f]]]][X]]",
	"strict_date_time":                "yyyy-MM-dd'T'HH:mm:ss[f]X",
	"date_time":                       "y-M-d'T'H:m:s[f]X",
	"strict_date_time_no_millis":      "yyyy-MM-dd'T'HH:mm:ssX",
	"date_time_no_millis":             "y-M-d'T'H:m:sX",
	"strict_date_hour_minute_second":  "yyyy-MM-dd'T'HH:mm:ss",
	"strict_date":                     "yyyy-MM-dd",
	"date":                            "y-M-d",
	"strict_year_month_day":           "yyyy-MM-dd",
	"strict_year_month":               "yyyy-MM",
	"strict_year":                     "yyyy",
	"basic_date":                      "yyyyMMdd",
	"iso8601":                         "yyyy[-MM[-dd]]['T'[HH[:mm[:ss[f]]]][X]]",
}

// printed are the names whose printed form is the full one, with milliseconds.
var printed = map[string]bool{
	"strict_date_optional_time": true, "date_optional_time": true, "strict_date_optional_time_nanos": true,
	"strict_date_time": true, "date_time": true, "iso8601": true,
}

// Compile reads a format: names or patterns, joined by "||".
func Compile(pattern string) (*Format, error) {
	f := &Format{pattern: pattern}
	for part := range strings.SplitSeq(pattern, "||") {
		switch {
		case part == "epoch_millis":
			f.alts = append(f.alts, epoch{time.Millisecond})
		case part == "epoch_second":
			f.alts = append(f.alts, epoch{time.Second})
		case named[part] != "":
			p, err := compilePattern(named[part])
			if err != nil {
				return nil, err
			}
			p.full = printed[part]
			f.alts = append(f.alts, p)
		default:
			p, err := compilePattern(part)
			if err != nil {
				//lint:ignore ST1005 the real server's text
				return nil, fmt.Errorf("Invalid format: [%s]: %w", part, err)
			}
			f.alts = append(f.alts, p)
		}
	}
	return f, nil
}

// MustCompile is Compile for formats that are known to be good.
func MustCompile(pattern string) *Format {
	f, err := Compile(pattern)
	if err != nil {
		panic(err)
	}
	return f
}

// String returns the format as it was given.
func (f *Format) String() string { return f.pattern }

// Parse reads a date. Missing fields become the first of their kind, with up
// the time of day becomes the last moment.
func (f *Format) Parse(text string, loc *time.Location, up bool) (time.Time, bool) {
	for _, a := range f.alts {
		if t, ok := a.parse(text, loc, up); ok {
			return t, true
		}
	}
	return time.Time{}, false
}

// Print writes a date in the first of the formats.
func (f *Format) Print(t time.Time) string { return f.alts[0].print(t) }

type epoch struct{ unit time.Duration }

func (e epoch) parse(text string, _ *time.Location, up bool) (time.Time, bool) {
	whole, frac, _ := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	perSecond := int64(time.Second / e.unit)
	sec, rest := n/perSecond, n%perSecond
	nanos := rest * int64(e.unit)
	if frac != "" {
		part, err := strconv.ParseFloat("0."+frac, 64)
		if err != nil {
			return time.Time{}, false
		}
		nanos += int64(part * float64(e.unit))
	} else if up {
		nanos += int64(e.unit) - 1
	}
	return time.Unix(sec, nanos).UTC(), true
}

func (e epoch) print(t time.Time) string {
	if e.unit == time.Second {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
