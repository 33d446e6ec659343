package search

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// termsAgg makes a bucket for each value of a field.
type termsAgg struct {
	field            string
	size             int
	minimum          int
	order            []bucketOrder
	missing          *string
	include, exclude func(string) bool
}

// bucketOrder sorts buckets by _count, _key or the number of an inner
// aggregation.
type bucketOrder struct {
	by   string
	desc bool
}

func parseTermsAgg(v xcontent.Value, name string) (aggregator, *eserr.Error) {
	t := &termsAgg{size: 10, minimum: 1, order: []bucketOrder{{"_count", true}}}
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "field":
			t.field = m.Text()
		case "size":
			if t.size, err = integer(m); err == nil && t.size <= 0 {
				err = eserr.XContent(m.Start(), "[terms] failed to parse field [size]").
					By(eserr.IllegalArgument("[size] must be greater than 0. Found [%d] in [%s]", t.size, name))
			}
		case "min_doc_count":
			t.minimum, err = integer(m)
		case "order":
			t.order, err = parseOrders(m)
		case "missing":
			text := m.Text()
			t.missing = &text
		case "include":
			t.include, err = inclusion(m)
		case "exclude":
			t.exclude, err = inclusion(m)
		case "shard_size", "execution_hint", "collect_mode", "shard_min_doc_count":
		default:
			err = unknownAggField("terms", m, "field size min_doc_count order missing include exclude shard_size execution_hint")
		}
		if err != nil {
			return nil, err
		}
	}
	if t.field == "" {
		return nil, eserr.IllegalArgument("Required one of fields [field, script], but none were specified. ")
	}
	return t, nil
}

func parseOrders(v xcontent.Value) ([]bucketOrder, *eserr.Error) {
	objects := []xcontent.Value{v}
	if v.Kind() == xcontent.Array {
		objects = slices.Collect(v.Members())
	}
	var out []bucketOrder
	for _, o := range objects {
		for m := range o.Members() {
			desc, err := descending(m.Text())
			if err != nil {
				return nil, eserr.Parsing(m.Start(), "Unknown order direction [%s]", m.Text())
			}
			out = append(out, bucketOrder{m.Key(), desc})
		}
	}
	return out, nil
}

// inclusion reads include or exclude: a regular expression or a list.
func inclusion(v xcontent.Value) (func(string) bool, *eserr.Error) {
	if v.Kind() == xcontent.Array {
		set := map[string]bool{}
		for m := range v.Members() {
			set[m.Text()] = true
		}
		return func(s string) bool { return set[s] }, nil
	}
	re, err := regexp.Compile("^(?:" + luceneRegexp(v.Text()) + ")$")
	if err != nil {
		return nil, eserr.IllegalArgument("%s", err.Error())
	}
	return re.MatchString, nil
}

func (t *termsAgg) check(r *Reader) *eserr.Error { return r.bucketField(t.field) }

// bucketField checks a field by whose values buckets are made.
func (r *Reader) bucketField(path string) *eserr.Error {
	f, _ := r.Mapping.Field(path)
	if f == nil || f.IsObject() {
		if path == "_id" {
			return eserr.IllegalArgument("Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster setting: indices.id_field_data.enabled")
		}
		return nil
	}
	return r.fielddata(f)
}

// group is a bucket before it is written.
type group struct {
	value any // string, int64 or float64
	field *mapping.Field
	docs  docset
	count int
	inner xcontent.Obj
}

func (t *termsAgg) run(c *collector, a *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	groups := t.collect(docs, len(a.subs) > 0)
	kept := groups[:0]
	for _, g := range groups {
		text, isText := g.value.(string)
		if isText && (t.include != nil && !t.include(text) || t.exclude != nil && t.exclude(text)) {
			continue
		}
		if g.count >= t.minimum {
			kept = append(kept, g)
		}
	}
	groups = kept
	// Inner results come first if the order needs them.
	for _, o := range t.order {
		if o.by == "_count" || o.by == "_key" {
			continue
		}
		for _, g := range groups {
			var err *eserr.Error
			if g.inner, err = c.inside(a.subs, g.docs); err != nil {
				return nil, err
			}
		}
		break
	}
	if err := t.sort(groups); err != nil {
		return nil, err
	}
	rest := 0
	if len(groups) > t.size {
		for _, g := range groups[t.size:] {
			rest += g.count
		}
		groups = groups[:t.size]
	}
	buckets := []any{}
	for _, g := range groups {
		head := bucketKey(xcontent.Obj{}, g.value, g.field)
		if c.buckets++; g.inner == nil && len(a.subs) > 0 {
			var err *eserr.Error
			if g.inner, err = c.inside(a.subs, g.docs); err != nil {
				return nil, err
			}
		}
		buckets = append(buckets, append(head.Add("doc_count", g.count), g.inner...))
	}
	return xcontent.Obj{
		{Key: "doc_count_error_upper_bound", Val: 0}, {Key: "sum_other_doc_count", Val: rest}, {Key: "buckets", Val: buckets},
	}, nil
}

// bucketKey writes a key in the form of its field.
func bucketKey(o xcontent.Obj, value any, f *mapping.Field) xcontent.Obj {
	if f != nil {
		switch f.Class {
		case mapping.Boolean:
			text := "false"
			if value == int64(1) {
				text = "true"
			}
			return o.Add("key", value).Add("key_as_string", text)
		case mapping.Date:
			n, _ := value.(int64)
			t := f.DateTime(n)
			return o.Add("key", t.UnixMilli()).Add("key_as_string", f.Format.Print(t))
		case mapping.IP:
			text, _ := value.(string)
			return o.Add("key", ipText(text))
		}
	}
	return o.Add("key", value)
}

// collect groups the documents by value.
func (t *termsAgg) collect(docs docset, withDocs bool) []*group {
	byValue := map[any]*group{}
	var out []*group
	for _, p := range docs {
		f, key := p.r.Mapping.Field(t.field)
		get := func(value any) *group {
			g := byValue[value]
			if g == nil {
				g = &group{value: value, field: f}
				byValue[value] = g
				out = append(out, g)
			}
			return g
		}
		add := func(g *group, ord uint32) {
			g.count++
			if withDocs {
				g.docs.add(p.r, ord)
			}
		}
		missing := func(ord uint32) {
			if t.missing != nil {
				add(get(missingValue(*t.missing, f)), ord)
			}
		}
		switch {
		case f == nil || f.IsObject():
			for _, ord := range p.ords {
				missing(ord)
			}
		case !f.Numeric():
			k := p.r.Keywords(f.Path)
			if f.Class == mapping.Flattened {
				k = p.r.Key(f.Path, key)
			}
			groupStrings(k, p.ords, get, add, missing)
		default:
			for _, ord := range p.ords {
				vals := p.r.typedValues(f, key, ord)
				for j, v := range vals {
					if j == 0 || v != vals[j-1] {
						add(get(v), ord)
					}
				}
				if len(vals) == 0 {
					missing(ord)
				}
			}
		}
	}
	return out
}

// groupStrings finds the bucket of a string once per string, not per document.
func groupStrings(k *inverted.Keywords, ords []uint32, get func(any) *group, add func(*group, uint32), missing func(uint32)) {
	byID := make([]*group, k.Len())
	for _, ord := range ords {
		ids := k.Values(ord)
		for _, id := range ids {
			g := byID[id]
			if g == nil {
				g = get(k.Term(id))
				byID[id] = g
			}
			add(g, ord)
		}
		if len(ids) == 0 {
			missing(ord)
		}
	}
}

// missingValue gives the replacement the type of the field.
func missingValue(text string, f *mapping.Field) any {
	if f != nil && f.Class == mapping.Double {
		if n, err := mapping.ParseDouble(text); err == nil {
			return n
		}
	}
	if f != nil && f.Numeric() {
		if n, ok, err := wholeNumber(text); err == nil && ok {
			return n
		}
	}
	return text
}

func (t *termsAgg) sort(groups []*group) *eserr.Error {
	numbers := make([]map[*group]float64, len(t.order))
	for i, o := range t.order {
		if o.by == "_count" || o.by == "_key" {
			continue
		}
		numbers[i] = map[*group]float64{}
		for _, g := range groups {
			n, ok := innerNumber(g.inner, o.by)
			if !ok {
				return eserr.IllegalArgument("Invalid aggregation order path [%s]. The provided aggregation [%s] either does not exist, or is a pipeline aggregation and cannot be used to sort the buckets.", o.by, o.by)
			}
			numbers[i][g] = n
		}
	}
	slices.SortStableFunc(groups, func(a, b *group) int {
		for i, o := range t.order {
			c := 0
			switch {
			case o.by == "_count":
				c = cmp.Compare(a.count, b.count)
			case o.by == "_key":
				c = compareValues(a.value, b.value)
			default:
				c = cmp.Compare(numbers[i][a], numbers[i][b])
			}
			if o.desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return compareValues(a.value, b.value)
	})
	return nil
}

// innerNumber reads the value of an inner aggregation: "p" or "p.avg".
func innerNumber(inner xcontent.Obj, path string) (float64, bool) {
	name, member, dotted := strings.Cut(path, ".")
	if !dotted {
		member = "value"
	}
	o, ok := inner.Get(name).(xcontent.Obj)
	if !ok {
		return 0, false
	}
	if n := o.Get("doc_count"); !dotted && n != nil {
		return float64(n.(int)), true
	}
	switch n := o.Get(member).(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case nil:
		return 0, true
	}
	return 0, false
}

// compareValues orders bucket keys: nil, then numbers and strings as such.
func compareValues(a, b any) int {
	switch x := a.(type) {
	case nil:
		if b == nil {
			return 0
		}
		return -1
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case int64:
		if y, ok := b.(int64); ok {
			return cmp.Compare(x, y)
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	if b == nil {
		return 1
	}
	return 0
}
