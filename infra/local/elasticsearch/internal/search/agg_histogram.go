package search

import (
	"math"
	"slices"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// calendarUnits are the names of calendar_interval.
var calendarUnits = map[string]byte{
	"year": 'y', "1y": 'y', "quarter": 'q', "1q": 'q', "month": 'M', "1M": 'M', "week": 'w', "1w": 'w',
	"day": 'd', "1d": 'd', "hour": 'h', "1h": 'h', "minute": 'm', "1m": 'm', "second": 's', "1s": 's',
}

const dateHistogramFields = "calendar_interval fixed_interval field time_zone format min_doc_count offset order keyed missing"

// dateHistogram makes a bucket for each stretch of time.
type dateHistogram struct {
	field    string
	calendar byte
	fixed    int64 // milliseconds
	zone     *time.Location
	format   *dates.Format
	minimum  int
}

func parseDateHistogram(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	h := &dateHistogram{zone: time.UTC}
	for m := range v.Members() {
		if err := h.set(m); err != nil {
			return nil, err
		}
	}
	if h.calendar == 0 && h.fixed == 0 {
		return nil, eserr.IllegalArgument("Invalid interval specified, must be non-null and non-empty")
	}
	return h, nil
}

func (h *dateHistogram) set(m xcontent.Value) *eserr.Error {
	var err error
	switch m.Key() {
	case "field":
		h.field = m.Text()
	case "calendar_interval":
		var ok bool
		if h.calendar, ok = calendarUnits[m.Text()]; !ok {
			return eserr.XContent(m.Start(), "[date_histogram] failed to parse field [calendar_interval]").
				By(eserr.IllegalArgument("The supplied interval [%s] could not be parsed as a calendar interval.", m.Text()))
		}
	case "fixed_interval":
		d, bad := dates.Duration(m.Text())
		if bad || d < time.Millisecond {
			return eserr.XContent(m.Start(), "[date_histogram] failed to parse field [fixed_interval]").
				By(eserr.IllegalArgument("failed to parse setting [date_histogram.fixedInterval] with value [%s] as a time value: unit is missing or unrecognized", m.Text()))
		}
		h.fixed = d.Milliseconds()
	case "time_zone":
		h.zone, err = dates.Zone(m.Text())
	case "format":
		h.format, err = dates.Compile(m.Text())
	case "min_doc_count":
		n, bad := integer(m)
		if bad != nil {
			return bad
		}
		h.minimum = n
	default:
		return unknownAggField("date_histogram", m, dateHistogramFields)
	}
	if err != nil {
		return eserr.IllegalArgument("%s", err.Error())
	}
	return nil
}

func (h *dateHistogram) check(r *Reader) *eserr.Error {
	if err := r.bucketField(h.field); err != nil {
		return err
	}
	if f, _ := r.Mapping.Field(h.field); f != nil && f.Class != mapping.Date {
		return eserr.IllegalArgument("Field [%s] of type [%s] is not supported for aggregation [date_histogram]", f.Path, f.Type)
	}
	return nil
}

// start is the beginning of the bucket of a moment, in milliseconds.
func (h *dateHistogram) start(ms int64) int64 {
	t := time.UnixMilli(ms).In(h.zone)
	if h.calendar != 0 {
		return dates.Truncate(t, h.calendar).UnixMilli()
	}
	_, offset := t.Zone()
	local := ms + int64(offset)*1000
	floor := local - mod(local, h.fixed)
	return floor - int64(offset)*1000
}

func mod(a, b int64) int64 {
	return (a%b + b) % b
}

func (h *dateHistogram) next(ms int64) int64 {
	if h.calendar != 0 {
		return dates.Add(time.UnixMilli(ms).In(h.zone), h.calendar, 1).UnixMilli()
	}
	return ms + h.fixed
}

func (h *dateHistogram) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	groups := map[int64]*group{}
	format := h.format
	for _, p := range docs {
		f, _ := p.r.Mapping.Field(h.field)
		if f == nil {
			continue
		}
		if format == nil {
			format = f.Format
		}
		for _, ord := range p.ords {
			last := int64(math.MinInt64)
			for _, v := range p.r.Longs(f.Path).Get(ord) {
				key := h.start(f.DateTime(v).UnixMilli())
				if key == last {
					continue
				}
				last = key
				g := groups[key]
				if g == nil {
					g = &group{}
					groups[key] = g
				}
				g.docs.add(p.r, ord)
			}
		}
	}
	if format == nil {
		format = dates.MustCompile(dates.Default)
	}
	buckets, err := fill(c, a, groups, h.minimum, h.next, func(key int64) xcontent.Obj {
		return xcontent.Obj{{Key: "key_as_string", Val: format.Print(time.UnixMilli(key).In(h.zone))}, {Key: "key", Val: key}}
	})
	return xcontent.Obj{{Key: "buckets", Val: buckets}}, err
}

// fill writes the buckets in order, with empty ones between them if minimum
// is 0.
func fill(c *collector, a *aggregation, groups map[int64]*group, minimum int, next func(int64) int64, head func(int64) xcontent.Obj) ([]any, *eserr.Error) {
	keys := make([]int64, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	buckets := []any{}
	emit := func(key int64) *eserr.Error {
		g := groups[key]
		if g == nil {
			g = &group{}
		}
		if g.docs.count() < minimum {
			return nil
		}
		b, err := c.bucket(head(key), a, g.docs)
		buckets = append(buckets, b)
		return err
	}
	for i, k := range keys {
		if err := emit(k); err != nil {
			return nil, err
		}
		if minimum > 0 || i+1 == len(keys) {
			continue
		}
		for gap := next(k); gap < keys[i+1]; gap = next(gap) {
			if err := emit(gap); err != nil {
				return nil, err
			}
		}
	}
	return buckets, nil
}

// histogram makes a bucket for each stretch of numbers.
type histogram struct {
	field            string
	interval, offset float64
	minimum          int
}

func parseHistogram(v xcontent.Value, name string) (aggregator, *eserr.Error) {
	h := &histogram{}
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "field":
			h.field = m.Text()
		case "interval":
			h.interval, err = mapping.ParseDouble(m.Text())
		case "offset":
			h.offset, err = mapping.ParseDouble(m.Text())
		case "min_doc_count":
			h.minimum, err = integer(m)
		default:
			err = unknownAggField("histogram", m, "field interval offset min_doc_count")
		}
		if err != nil {
			return nil, err
		}
	}
	if h.interval <= 0 {
		return nil, eserr.IllegalArgument("[interval] must be >0 for histogram aggregation [%s]", name)
	}
	return h, nil
}

func (h *histogram) check(r *Reader) *eserr.Error {
	return (&metric{kind: "histogram", field: h.field}).check(r)
}

func (h *histogram) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	groups := map[int64]*group{}
	for _, p := range docs {
		f, _ := p.r.Mapping.Field(h.field)
		for _, ord := range p.ords {
			last := int64(math.MinInt64)
			for _, v := range p.r.floatsOf(f, ord, nil) {
				key := int64(math.Floor((v - h.offset) / h.interval))
				if key == last {
					continue
				}
				last = key
				g := groups[key]
				if g == nil {
					g = &group{}
					groups[key] = g
				}
				g.docs.add(p.r, ord)
			}
		}
	}
	buckets, err := fill(c, a, groups, h.minimum, func(k int64) int64 { return k + 1 }, func(key int64) xcontent.Obj {
		return xcontent.Obj{{Key: "key", Val: float64(key)*h.interval + h.offset}}
	})
	return xcontent.Obj{{Key: "buckets", Val: buckets}}, err
}
