package search

import (
	"math"
	"slices"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// composite makes a bucket for each combination of values and pages through
// all of them.
type composite struct {
	size    int
	sources []compositeSource
	after   map[string]xcontent.Value
}

type compositeSource struct {
	name    string
	field   string
	desc    bool
	missing bool
	dates   *dateHistogram
	numbers *histogram
}

func parseComposite(v xcontent.Value, name string) (aggregator, *eserr.Error) {
	c := &composite{size: 10}
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "size":
			c.size, err = integer(m)
		case "sources":
			for s := range m.Members() {
				for named := range s.Members() {
					var src compositeSource
					if src, err = parseCompositeSource(named); err != nil {
						return nil, err
					}
					c.sources = append(c.sources, src)
				}
			}
		case "after":
			c.after = map[string]xcontent.Value{}
			for a := range m.Members() {
				c.after[a.Key()] = a
			}
		default:
			err = unknownAggField("composite", m, "size sources after")
		}
		if err != nil {
			return nil, err
		}
	}
	if len(c.sources) == 0 {
		return nil, eserr.IllegalArgument("Composite [sources] cannot be null or empty: [%s]", name)
	}
	if c.after != nil && len(c.after) != len(c.sources) {
		return nil, eserr.IllegalArgument("[after] has %d value(s) but [sources] has %d", len(c.after), len(c.sources))
	}
	return c, nil
}

func parseCompositeSource(v xcontent.Value) (compositeSource, *eserr.Error) {
	s := compositeSource{name: v.Key()}
	for kind := range v.Members() {
		switch kind.Key() {
		case "terms":
		case "date_histogram":
			s.dates = &dateHistogram{zone: nil}
		case "histogram":
			s.numbers = &histogram{}
		default:
			return s, eserr.Parsing(kind.Start(), "invalid source type: %s", kind.Key())
		}
		if s.dates != nil {
			h, err := parseDateHistogram(without(kind, "order", "missing_bucket"), s.name)
			if err != nil {
				return s, err
			}
			s.dates = h.(*dateHistogram)
		}
		for m := range kind.Members() {
			var err *eserr.Error
			switch key := m.Key(); {
			case key == "field":
				s.field = m.Text()
			case key == "order":
				s.desc, err = descending(m.Text())
			case key == "missing_bucket":
				s.missing = m.Text() == "true"
			case s.numbers != nil && key == "interval":
				s.numbers.interval, err = mapping.ParseDouble(m.Text())
			case s.dates != nil:
			default:
				err = unknownAggField(kind.Key(), m, "field order missing_bucket")
			}
			if err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

// without copies an object and leaves some members out.
func without(v xcontent.Value, names ...string) xcontent.Value {
	o := xcontent.Obj{}
	for m := range v.Members() {
		if !slices.Contains(names, m.Key()) {
			o = o.Add(m.Key(), xcontent.Raw(m.Raw()))
		}
	}
	doc, err := xcontent.Parse(string(xcontent.Append(nil, o)))
	if err != nil {
		return v
	}
	return doc.Root()
}

func (c *composite) check(r *Reader) *eserr.Error {
	for _, s := range c.sources {
		if err := r.bucketField(s.field); err != nil {
			return err
		}
	}
	return nil
}

// tuple is a combination of values with its documents.
type tuple struct {
	vals []any
	docs docset
}

func (c *composite) run(col *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	fields := make([]*mapping.Field, len(c.sources))
	tuples := map[string]*tuple{}
	for _, p := range docs {
		for j, s := range c.sources {
			if f, _ := p.r.Mapping.Field(s.field); f != nil {
				fields[j] = f
			}
		}
		for _, ord := range p.ords {
			c.combine(p.r, ord, nil, func(vals []any) {
				id := string(xcontent.Append(nil, vals))
				t := tuples[id]
				if t == nil {
					t = &tuple{vals: slices.Clone(vals)}
					tuples[id] = t
				}
				t.docs.add(p.r, ord)
			})
		}
	}
	list := make([]*tuple, 0, len(tuples))
	for _, t := range tuples {
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y *tuple) int { return c.compare(x.vals, y.vals) })
	if c.after != nil {
		after, err := c.afterValues(fields)
		if err != nil {
			return nil, err
		}
		from := 0
		for from < len(list) && c.compare(list[from].vals, after) <= 0 {
			from++
		}
		list = list[from:]
	}
	list = list[:min(len(list), c.size)]
	buckets := []any{}
	out := xcontent.Obj{}
	for i, t := range list {
		key := c.key(t.vals, fields)
		b, err := col.bucket(xcontent.Obj{{Key: "key", Val: key}}, a, t.docs)
		if err != nil {
			return nil, err
		}
		if buckets = append(buckets, b); i == len(list)-1 {
			out = out.Add("after_key", key)
		}
	}
	return out.Add("buckets", buckets), nil
}

// combine calls fn with every combination of the values of a document.
func (c *composite) combine(r *Reader, ord uint32, vals []any, fn func([]any)) {
	if len(vals) == len(c.sources) {
		fn(vals)
		return
	}
	s := c.sources[len(vals)]
	var own []any
	f, key := r.Mapping.Field(s.field)
	if f != nil && !f.IsObject() {
		own = r.typedValues(f, key, ord)
	}
	if len(own) == 0 && s.missing {
		own = []any{nil}
	}
	for _, v := range own {
		switch n := v.(type) {
		case int64:
			if s.dates != nil {
				v = s.dates.start(f.DateTime(n).UnixMilli())
			} else if s.numbers != nil {
				v = math.Floor(float64(n)/s.numbers.interval) * s.numbers.interval
			}
		case float64:
			if s.numbers != nil {
				v = math.Floor(n/s.numbers.interval) * s.numbers.interval
			}
		}
		c.combine(r, ord, append(slices.Clone(vals), v), fn)
	}
}

func (c *composite) compare(a, b []any) int {
	for i := range a {
		if x := compareValues(a[i], b[i]); x != 0 {
			if c.sources[i].desc {
				return -x
			}
			return x
		}
	}
	return 0
}

func (c *composite) afterValues(fields []*mapping.Field) ([]any, *eserr.Error) {
	out := make([]any, len(c.sources))
	for i, s := range c.sources {
		v, ok := c.after[s.name]
		if !ok {
			return nil, eserr.IllegalArgument("Missing value for [after.%s]", s.name)
		}
		if v.Kind() == xcontent.Null {
			continue
		}
		f := fields[i]
		if s.numbers != nil {
			f = &mapping.Field{Class: mapping.Double}
		}
		if f != nil && f.Class == mapping.Boolean {
			n, err := boolean(v.Text())
			if err != nil {
				return nil, err
			}
			out[i] = n
			continue
		}
		out[i] = missingValue(v.Text(), f)
	}
	return out, nil
}

// key writes the values of a bucket; booleans as such.
func (c *composite) key(vals []any, fields []*mapping.Field) xcontent.Obj {
	o := xcontent.Obj{}
	for i, s := range c.sources {
		v := vals[i]
		if f := fields[i]; f != nil && v != nil {
			switch f.Class {
			case mapping.Boolean:
				v = v == int64(1)
			case mapping.IP:
				v = ipText(v.(string))
			}
		}
		o = o.Add(s.name, v)
	}
	return o
}
