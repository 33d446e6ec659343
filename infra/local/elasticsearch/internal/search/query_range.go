package search

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// rangeQuery matches values between two bounds, each open or closed.
type rangeQuery struct {
	field          string
	lo, hi         *string
	withLo, withHi bool
	format, zone   string
}

func parseRange(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := rangeQuery{withLo: true, withHi: true}
	for f := range v.Members() {
		if known, err := c.take(f); err != nil {
			return nil, err
		} else if known {
			continue
		}
		if q.field != "" {
			return nil, eserr.Parsing(f.Start(), "[range] query doesn't support multiple fields, found [%s] and [%s]", q.field, f.Key())
		}
		q.field = f.Key()
		if f.Kind() != xcontent.Object {
			return nil, eserr.Parsing(f.Start(), "[range] query does not support [%s]", f.Key())
		}
		for m := range f.Members() {
			known, err := c.take(m)
			if err != nil {
				return nil, err
			}
			if !known && !q.set(m) {
				return nil, eserr.Parsing(m.Start(), "[range] query does not support [%s]", m.Key())
			}
		}
	}
	if q.field == "" {
		return nil, eserr.IllegalArgument("field name is null or empty")
	}
	return c.wrap(q), nil
}

func (q *rangeQuery) set(m xcontent.Value) bool {
	var text *string
	if m.Kind() != xcontent.Null {
		t := m.Text()
		text = &t
	}
	switch m.Key() {
	case "gte":
		q.lo, q.withLo = text, true
	case "gt":
		q.lo, q.withLo = text, false
	case "lte":
		q.hi, q.withHi = text, true
	case "lt":
		q.hi, q.withHi = text, false
	case "from":
		q.lo = text
	case "to":
		q.hi = text
	case "include_lower":
		q.withLo = m.Text() == "true"
	case "include_upper":
		q.withHi = m.Text() == "true"
	case "format":
		q.format = m.Text()
	case "time_zone":
		q.zone = m.Text()
	case "relation":
	default:
		return false
	}
	return true
}

func (q rangeQuery) eval(r *Reader) (matches, *eserr.Error) {
	f, key := r.Mapping.Field(q.field)
	if f == nil {
		if q.field == "_id" {
			return matches{}, r.shard(eserr.IllegalArgument("Field [_id] of type [_id] does not support range queries"))
		}
		return r.none(), nil
	}
	if !f.IsObject() && !f.Searchable() {
		return matches{}, r.shard(notSearchable(f))
	}
	switch f.Class {
	case mapping.Keyword, mapping.Text, mapping.Flattened:
		if key != "" && (q.lo == nil || q.hi == nil) {
			return matches{}, r.shard(eserr.IllegalArgument("[range] queries on keyed [flattened] fields must include both an upper and a lower bound."))
		}
		return r.textRange(f, key, q), nil
	case mapping.IP:
		return q.network(r, f)
	case mapping.Long, mapping.Boolean:
		return q.whole(r, f)
	case mapping.Double:
		return q.fraction(r, f)
	case mapping.Date:
		return dateRange{q.lo, q.hi, q.withLo, q.withHi, q.format, q.zone}.on(r, f)
	case mapping.Geo:
		return matches{}, r.shard(eserr.IllegalArgument("Field [%s] of type [%s] does not support range queries", f.Path, f.Type))
	}
	return r.none(), nil
}

func (r *Reader) textRange(f *mapping.Field, key string, q rangeQuery) matches {
	return marked(func(b *inverted.Bits) {
		r.strings(f, key, func(d dictionary) {
			lo, hi, open := "", "", q.hi == nil
			if q.lo != nil {
				if lo = *q.lo; !q.withLo {
					lo += "\x00"
				}
			}
			if q.hi != nil {
				if hi = *q.hi; q.withHi {
					hi += "\x00"
				}
			}
			for _, id := range d.Between(lo, hi, open) {
				d.mark(id, r.Limit, b)
			}
		})
	})
}

func (q rangeQuery) network(r *Reader, f *mapping.Field) (matches, *eserr.Error) {
	bin := func(text *string) *string {
		if text == nil {
			return nil
		}
		a, err := netip.ParseAddr(*text)
		if err != nil {
			return nil
		}
		b := a.As16()
		s := string(b[:])
		return &s
	}
	bound := q
	bound.lo, bound.hi = bin(q.lo), bin(q.hi)
	if q.lo != nil && bound.lo == nil || q.hi != nil && bound.hi == nil {
		return matches{}, r.shard(eserr.IllegalArgument("a bound is not an IP string literal."))
	}
	return r.textRange(f, "", bound), nil
}

// whole turns fractional bounds of a whole-number field into whole ones.
func (q rangeQuery) whole(r *Reader, f *mapping.Field) (matches, *eserr.Error) {
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	bound := func(text string) (n int64, exact bool, err *eserr.Error) {
		if f.Class == mapping.Boolean {
			n, err := boolean(text)
			return n, true, err
		}
		if n, numErr := strconv.ParseInt(text, 10, 64); numErr == nil {
			return n, true, nil
		}
		x, err := mapping.ParseDouble(text)
		if err != nil {
			return 0, false, err
		}
		switch down := math.Floor(x); {
		case down >= math.MaxInt64:
			return math.MaxInt64, true, nil
		case down < math.MinInt64:
			return math.MinInt64, true, nil
		default:
			return int64(down), down == x, nil
		}
	}
	if q.lo != nil {
		n, exact, err := bound(*q.lo)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if lo = n; !exact || !q.withLo {
			if lo == math.MaxInt64 {
				return r.none(), nil
			}
			lo++
		}
	}
	if q.hi != nil {
		n, exact, err := bound(*q.hi)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if hi = n; exact && !q.withHi {
			if hi == math.MinInt64 {
				return r.none(), nil
			}
			hi--
		}
	}
	return r.longs(f, lo, hi), nil
}

func (q rangeQuery) fraction(r *Reader, f *mapping.Field) (matches, *eserr.Error) {
	lo, hi := math.Inf(-1), math.Inf(1)
	if q.lo != nil {
		n, err := mapping.ParseDouble(*q.lo)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if lo = n; !q.withLo {
			lo = math.Nextafter(lo, math.Inf(1))
		}
	}
	if q.hi != nil {
		n, err := mapping.ParseDouble(*q.hi)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if hi = n; !q.withHi {
			hi = math.Nextafter(hi, math.Inf(-1))
		}
	}
	return r.doubles(f, lo, hi), nil
}

// dateRange reads its bounds as dates or date math.
type dateRange struct {
	lo, hi         *string
	withLo, withHi bool
	format, zone   string
}

func (d dateRange) on(r *Reader, f *mapping.Field) (matches, *eserr.Error) {
	format := f.Format
	if d.format != "" {
		var err error
		if format, err = dates.Compile(d.format); err != nil {
			return matches{}, r.shard(eserr.IllegalArgument("%s", err.Error()))
		}
	}
	loc := time.UTC
	if d.zone != "" {
		var err error
		if loc, err = dates.Zone(d.zone); err != nil {
			return matches{}, r.shard(eserr.IllegalArgument("%s", err.Error()))
		}
	}
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	if d.lo != nil {
		n, err := parseDate(*d.lo, f, format, r.Now, loc, !d.withLo)
		if err != nil {
			return matches{}, err
		}
		if lo = n; !d.withLo {
			lo++
		}
	}
	if d.hi != nil {
		n, err := parseDate(*d.hi, f, format, r.Now, loc, d.withHi)
		if err != nil {
			return matches{}, err
		}
		if hi = n; !d.withHi {
			hi--
		}
	}
	return r.longs(f, lo, hi), nil
}

// parseDate reads one bound of a date field.
func parseDate(text string, f *mapping.Field, format *dates.Format, now time.Time, loc *time.Location, up bool) (int64, *eserr.Error) {
	t, wrong, err := dates.Math(text, format, now, loc, up)
	switch {
	case wrong:
		field := *f
		field.Format = format
		cause := mapping.DateError(text, &field)
		return 0, eserr.New(400, "parse_exception", "%s: [%s]", cause.Reason, cause.Reason).By(cause)
	case err != nil:
		return 0, eserr.New(400, "parse_exception", "%s", err.Error())
	}
	return f.DateValue(t), nil
}
