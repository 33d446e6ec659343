package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// rangeAgg makes a bucket for each given stretch of numbers or dates.
type rangeAgg struct {
	field  string
	date   bool
	format *dates.Format
	zone   *time.Location
	ranges []stretch
}

// stretch holds its bounds as they were given; from is included, to is not.
type stretch struct {
	key      string
	from, to *string
}

func parseRangeAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	return parseRanges(v, &rangeAgg{zone: time.UTC}, "range")
}

func parseDateRangeAgg(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	return parseRanges(v, &rangeAgg{date: true, zone: time.UTC}, "date_range")
}

func parseRanges(v xcontent.Value, a *rangeAgg, kind string) (aggregator, *eserr.Error) {
	for m := range v.Members() {
		var err error
		switch key := m.Key(); {
		case key == "field":
			a.field = m.Text()
		case key == "format" && a.date:
			a.format, err = dates.Compile(m.Text())
		case key == "time_zone" && a.date:
			a.zone, err = dates.Zone(m.Text())
		case key == "ranges":
			for r := range m.Members() {
				s, bad := parseStretch(r)
				if bad != nil {
					return nil, bad
				}
				a.ranges = append(a.ranges, s)
			}
		default:
			return nil, unknownAggField(kind, m, "field format time_zone ranges")
		}
		if err != nil {
			return nil, eserr.IllegalArgument("%s", err.Error())
		}
	}
	if len(a.ranges) == 0 {
		return nil, eserr.IllegalArgument("No [ranges] specified for the [%s] aggregation", kind)
	}
	return a, nil
}

func parseStretch(v xcontent.Value) (stretch, *eserr.Error) {
	var s stretch
	for m := range v.Members() {
		text := m.Text()
		switch {
		case m.Kind() == xcontent.Null:
		case m.Key() == "from":
			s.from = &text
		case m.Key() == "to":
			s.to = &text
		case m.Key() == "key":
			s.key = text
		default:
			return s, eserr.XContent(m.KeyPos(), "[range] unknown field [%s]", m.Key())
		}
	}
	return s, nil
}

func (a *rangeAgg) check(r *Reader) *eserr.Error {
	kind := "range"
	if a.date {
		kind = "date_range"
	}
	return (&metric{kind: kind, field: a.field}).check(r)
}

// bound is one end as a number and as the text of keys.
func (a *rangeAgg) bound(text *string, f *mapping.Field, r *Reader, open float64) (float64, string, *eserr.Error) {
	if text == nil {
		return open, "*", nil
	}
	if !a.date {
		n, err := mapping.ParseDouble(*text)
		return n, strings.Trim(xcontent.FormatDouble(n), `"`), err
	}
	format := a.formatOf(f)
	n, err := parseDate(*text, f, format, r.Now, a.zone, false)
	if err != nil {
		return 0, "", err
	}
	return float64(n), format.Print(f.DateTime(n).In(a.zone)), nil
}

func (a *rangeAgg) formatOf(f *mapping.Field) *dates.Format {
	if a.format != nil {
		return a.format
	}
	return f.Format
}

func (a *rangeAgg) run(c *collector, agg *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	type row struct {
		from, to float64
		o        xcontent.Obj
		docs     docset
	}
	var rows []row
	f := &mapping.Field{Type: "date", Format: dates.MustCompile(dates.Default)}
	for _, p := range docs {
		if found, _ := p.r.Mapping.Field(a.field); found != nil {
			f = found
		}
	}
	for _, s := range a.ranges {
		from, fromText, err := a.bound(s.from, f, docs[0].r, math.Inf(-1))
		if err != nil {
			return nil, err
		}
		to, toText, err := a.bound(s.to, f, docs[0].r, math.Inf(1))
		if err != nil {
			return nil, err
		}
		key := s.key
		if key == "" {
			key = fromText + "-" + toText
		}
		o := xcontent.Obj{{Key: "key", Val: key}}
		if s.from != nil {
			if o = o.Add("from", from); a.date {
				o = o.Add("from_as_string", fromText)
			}
		}
		if s.to != nil {
			if o = o.Add("to", to); a.date {
				o = o.Add("to_as_string", toText)
			}
		}
		in := row{from: from, to: to, o: o}
		for _, p := range docs {
			field, _ := p.r.Mapping.Field(a.field)
			var kept []uint32
			for _, ord := range p.ords {
				if slices.ContainsFunc(p.r.floatsOf(field, ord, nil), func(v float64) bool { return v >= from && v < to }) {
					kept = append(kept, ord)
				}
			}
			in.docs = append(in.docs, part{p.r, kept})
		}
		rows = append(rows, in)
	}
	slices.SortStableFunc(rows, func(x, y row) int {
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to))
	})
	buckets := []any{}
	for _, r := range rows {
		b, err := c.bucket(r.o, agg, r.docs)
		if err != nil {
			return nil, err
		}
		buckets = append(buckets, b)
	}
	return xcontent.Obj{{Key: "buckets", Val: buckets}}, nil
}
