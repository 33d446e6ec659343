package search

import (
	"math"
	"slices"
	"strconv"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// metric computes numbers from the values of a field.
type metric struct {
	kind     string
	field    string
	missing  *float64
	percents []float64
	keyed    bool
}

func metricParser(kind string) aggParser {
	return func(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
		m := &metric{kind: kind}
		return m, m.parse(v)
	}
}

func parsePercentiles(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	m := &metric{kind: "percentiles", percents: []float64{1, 5, 25, 50, 75, 95, 99}, keyed: true}
	return m, m.parse(v)
}

func (m *metric) parse(v xcontent.Value) *eserr.Error {
	known := "field missing format"
	for p := range v.Members() {
		switch key := p.Key(); {
		case key == "field":
			m.field = p.Text()
		case key == "missing":
			f, err := mapping.ParseDouble(p.Text())
			if err != nil {
				return err
			}
			m.missing = &f
		case key == "percents" && m.kind == "percentiles":
			m.percents = nil
			for x := range p.Members() {
				f, err := mapping.ParseDouble(x.Text())
				if err != nil {
					return err
				}
				m.percents = append(m.percents, f)
			}
		case key == "keyed" && m.kind == "percentiles":
			m.keyed = p.Text() == "true"
		case key == "precision_threshold" && m.kind == "cardinality":
		default:
			return unknownAggField(m.kind, p, known)
		}
	}
	if m.field == "" {
		return eserr.IllegalArgument("Required one of fields [field, script], but none were specified. ")
	}
	return nil
}

func (m *metric) check(r *Reader) *eserr.Error {
	f, _ := r.Mapping.Field(m.field)
	if f == nil || f.IsObject() {
		return nil
	}
	if err := r.fielddata(f); err != nil {
		return err
	}
	if !f.Numeric() && m.kind != "cardinality" && m.kind != "value_count" {
		return eserr.IllegalArgument("Field [%s] of type [%s] is not supported for aggregation [%s]", f.Path, f.Type, m.kind)
	}
	return nil
}

func (m *metric) run(_ *collector, _ *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	if m.kind == "cardinality" || m.kind == "value_count" {
		return m.count(docs), nil
	}
	var vals []float64
	var date *mapping.Field
	for _, p := range docs {
		f, _ := p.r.Mapping.Field(m.field)
		if f != nil && f.Class == mapping.Date {
			date = f
		}
		vals = p.r.floats(f, p.ords, m.missing, vals)
	}
	if m.kind == "percentiles" {
		return m.percentiles(vals), nil
	}
	s := statsOf(vals)
	switch m.kind {
	case "stats":
		return s.json(), nil
	case "extended_stats":
		return s.extended(), nil
	}
	var value any
	switch m.kind {
	case "sum":
		value = s.sum
	case "min":
		value = s.orNull(s.min)
	case "max":
		value = s.orNull(s.max)
	case "avg":
		value = s.orNull(s.avg())
	}
	out := xcontent.Obj{{Key: "value", Val: value}}
	if f, ok := value.(float64); ok && date != nil {
		out = out.Add("value_as_string", date.Format.Print(date.DateTime(int64(f))))
	}
	return out, nil
}

// floats appends the values of documents as floats.
func (r *Reader) floats(f *mapping.Field, ords []uint32, missing *float64, to []float64) []float64 {
	for _, ord := range ords {
		n := len(to)
		to = r.floatsOf(f, ord, to)
		if len(to) == n && missing != nil {
			to = append(to, *missing)
		}
	}
	return to
}

func (r *Reader) floatsOf(f *mapping.Field, ord uint32, to []float64) []float64 {
	switch {
	case f == nil:
	case f.Class == mapping.Double:
		to = append(to, r.Doubles(f.Path).Get(ord)...)
	default:
		for _, v := range r.Longs(f.Path).Get(ord) {
			to = append(to, float64(v))
		}
	}
	return to
}

func (m *metric) count(docs docset) xcontent.Obj {
	n := 0
	distinct := map[any]bool{}
	for _, p := range docs {
		f, key := p.r.Mapping.Field(m.field)
		if f == nil || f.IsObject() {
			continue
		}
		for _, ord := range p.ords {
			vals := p.r.typedValues(f, key, ord)
			n += len(vals)
			if m.kind == "cardinality" {
				for _, v := range vals {
					distinct[v] = true
				}
			}
		}
	}
	if m.kind == "cardinality" {
		n = len(distinct)
	}
	return xcontent.Obj{{Key: "value", Val: n}}
}

// typedValues are the values of a document: string, int64 or float64.
func (r *Reader) typedValues(f *mapping.Field, key string, ord uint32) []any {
	var out []any
	switch f.Class {
	case mapping.Keyword, mapping.IP, mapping.Flattened:
		k := r.Keywords(f.Path)
		if f.Class == mapping.Flattened {
			k = r.Key(f.Path, key)
		}
		for _, id := range k.Values(ord) {
			out = append(out, k.Term(id))
		}
	case mapping.Double:
		for _, v := range r.Doubles(f.Path).Get(ord) {
			out = append(out, v)
		}
	default:
		for _, v := range r.Longs(f.Path).Get(ord) {
			out = append(out, v)
		}
	}
	return out
}

func (m *metric) percentiles(vals []float64) xcontent.Obj {
	slices.Sort(vals)
	values, list := xcontent.Obj{}, []any{}
	for _, p := range m.percents {
		var v any
		if n := len(vals); n > 0 {
			at := p / 100 * float64(n-1)
			low := int(math.Floor(at))
			high := min(low+1, n-1)
			v = vals[low] + (at-float64(low))*(vals[high]-vals[low])
		}
		values = values.Add(strconv.FormatFloat(p, 'f', max(1, decimals(p)), 64), v)
		list = append(list, xcontent.Obj{{Key: "key", Val: p}, {Key: "value", Val: v}})
	}
	if m.keyed {
		return xcontent.Obj{{Key: "values", Val: values}}
	}
	return xcontent.Obj{{Key: "values", Val: list}}
}

func decimals(f float64) int {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	for i := range text {
		if text[i] == '.' {
			return len(text) - i - 1
		}
	}
	return 0
}

type stats struct {
	n                   int
	min, max, sum, sums float64
}

func statsOf(vals []float64) stats {
	s := stats{n: len(vals), min: math.Inf(1), max: math.Inf(-1)}
	carry := 0.0 // Kahan summation, as the real server
	for _, v := range vals {
		s.min, s.max = min(s.min, v), max(s.max, v)
		y := v - carry
		t := s.sum + y
		carry = (t - s.sum) - y
		s.sum = t
		s.sums += v * v
	}
	return s
}

func (s stats) orNull(f float64) any {
	if s.n == 0 {
		return nil
	}
	return f
}

func (s stats) avg() float64 { return s.sum / float64(s.n) }

func (s stats) json() xcontent.Obj {
	return xcontent.Obj{
		{Key: "count", Val: s.n}, {Key: "min", Val: s.orNull(s.min)}, {Key: "max", Val: s.orNull(s.max)},
		{Key: "avg", Val: s.orNull(s.avg())}, {Key: "sum", Val: s.sum},
	}
}

func (s stats) extended() xcontent.Obj {
	n := float64(s.n)
	population := max((s.sums-s.sum*s.sum/n)/n, 0)
	sampling := max((s.sums-s.sum*s.sum/n)/(n-1), 0)
	var bounds any = xcontent.Obj{}
	names := []string{"upper", "lower", "upper_population", "lower_population", "upper_sampling", "lower_sampling"}
	devs := []float64{math.Sqrt(population), math.Sqrt(population), math.Sqrt(sampling)}
	for i, name := range names {
		d := 2 * devs[i/2]
		if i%2 == 1 {
			d = -d
		}
		bounds = bounds.(xcontent.Obj).Add(name, s.orNull(s.avg()+d))
	}
	return append(s.json(), xcontent.Obj{
		{Key: "sum_of_squares", Val: s.orNull(s.sums)},
		{Key: "variance", Val: s.orNull(population)}, {Key: "variance_population", Val: s.orNull(population)}, {Key: "variance_sampling", Val: s.orNull(sampling)},
		{Key: "std_deviation", Val: s.orNull(devs[0])}, {Key: "std_deviation_population", Val: s.orNull(devs[0])}, {Key: "std_deviation_sampling", Val: s.orNull(devs[2])},
		{Key: "std_deviation_bounds", Val: bounds},
	}...)
}
