package search

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// key is a value to sort by. place is -1 or 1 for a missing string that goes
// first or last, whatever the order; missing numbers are the largest or
// smallest number, as on the real server. Floats are kept as whole numbers of
// the same order.
type key struct {
	place int8
	n     int64
	s     string
}

func compareKeys(a, b key, desc bool) int {
	if a.place != b.place {
		return cmp.Compare(a.place, b.place)
	}
	c := cmp.Compare(a.n, b.n)
	if c == 0 {
		c = strings.Compare(a.s, b.s)
	}
	if desc {
		return -c
	}
	return c
}

// floatKey maps a float to a whole number of the same order.
func floatKey(f float64) int64 {
	b := int64(math.Float64bits(f))
	if b < 0 {
		b ^= math.MaxInt64
	}
	return b
}

func keyFloat(n int64) float64 {
	if n < 0 {
		n ^= math.MaxInt64
	}
	return math.Float64frombits(uint64(n))
}

// sorter gives the keys of one sort entry in one index.
type sorter struct {
	sortField
	load  func(ord uint32, score float32) key
	kind  string // "long", "double", "date", "boolean", "string", "ip", "score", "doc"
	field *mapping.Field
	print *dates.Format
}

func (r *Reader) sorter(s sortField) (*sorter, *eserr.Error) {
	out := &sorter{sortField: s}
	switch s.field {
	case "_score":
		out.kind = "score"
		out.load = func(_ uint32, score float32) key { return key{n: floatKey(float64(score))} }
		return out, nil
	case "_doc", "_shard_doc":
		out.kind = "doc"
		out.load = func(ord uint32, _ float32) key { return key{n: int64(ord)} }
		return out, nil
	case "_id":
		return nil, eserr.IllegalArgument("Fielddata access on the _id field is disallowed, you can re-enable it by updating the dynamic cluster setting: indices.id_field_data.enabled")
	}
	f, flatKey := r.Mapping.Field(s.field)
	if f == nil || f.IsObject() {
		return out, r.unmapped(out)
	}
	if err := r.fielddata(f); err != nil {
		return nil, err
	}
	if s.format != "" {
		format, err := dates.Compile(s.format)
		if err != nil {
			return nil, eserr.IllegalArgument("%s", err.Error())
		}
		out.print = format
	}
	out.field = f
	docs, err := r.sources(s)
	if err != nil {
		return nil, err
	}
	return out, r.loader(out, flatKey, docs)
}

// fielddata refuses fields whose values cannot be read by document.
func (r *Reader) fielddata(f *mapping.Field) *eserr.Error {
	if f.Class == mapping.Text {
		return eserr.IllegalArgument("Fielddata is disabled on [%s] in [%s]. Text fields are not optimised for operations that require per-document field data like aggregations and sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, set fielddata=true on [%s] in order to load field data by uninverting the inverted index. Note that this can use significant memory.", f.Path, r.Index, f.Path)
	}
	if !f.DocValues {
		return eserr.IllegalArgument("Can't load fielddata on [%s] because fielddata is unsupported on fields of type [%s]. Use doc values instead.", f.Path, f.Type)
	}
	return nil
}

// unmapped sorts an index that lacks the field.
func (r *Reader) unmapped(s *sorter) *eserr.Error {
	switch s.sortField.unmapped {
	case "":
		return eserr.New(400, "query_shard_exception", "No mapping found for [%s] in order to sort on", s.sortField.field).In(r.Index, r.UUID)
	case "keyword":
		s.kind = "string"
	case "double", "float":
		s.kind = "double"
	default:
		s.kind = "long"
	}
	missing, err := s.missingKey()
	if err != nil {
		return err
	}
	s.load = func(uint32, float32) key { return missing }
	return nil
}

// sources returns, for a nested sort, the objects of a document; otherwise nil.
func (r *Reader) sources(s sortField) (*inverted.Bits, *eserr.Error) {
	if s.path == "" {
		return nil, nil
	}
	sub := r.within(s.path)
	sub.scoring = false
	bits := sub.scope
	if s.filter != nil {
		m, err := s.filter.eval(sub)
		if err != nil {
			return nil, err
		}
		bits = m.bits.Clone().And(bits)
	}
	return bits, nil
}

func (r *Reader) loader(s *sorter, flatKey string, objects *inverted.Bits) *eserr.Error {
	f := s.field
	switch f.Class {
	case mapping.Keyword, mapping.IP, mapping.Flattened:
		if s.kind = "string"; f.Class == mapping.IP {
			s.kind = "ip"
		}
		missing, err := s.missingKey()
		if err != nil {
			return err
		}
		k := r.Keywords(f.Path)
		if f.Class == mapping.Flattened {
			if flatKey == "" {
				return eserr.IllegalArgument("sorting on a whole [flattened] field is not supported here: name one of its keys, [%s.<key>]", f.Path)
			}
			k = r.Key(f.Path, flatKey)
		}
		last := s.mode == "max" || s.mode == "" && s.desc
		s.load = func(ord uint32, _ float32) key {
			ids := gather(r, k.Values, ord, objects)
			if len(ids) == 0 {
				return missing
			}
			if objects != nil {
				slices.SortFunc(ids, func(a, b uint32) int { return strings.Compare(k.Term(a), k.Term(b)) })
			}
			if last {
				return key{s: k.Term(ids[len(ids)-1])}
			}
			return key{s: k.Term(ids[0])}
		}
	case mapping.Double:
		s.kind = "double"
		c := r.Doubles(f.Path)
		return numbers(r, s, objects, c.Get, floatKey)
	case mapping.Long, mapping.Boolean, mapping.Date:
		switch s.kind = "long"; f.Class {
		case mapping.Boolean:
			s.kind = "boolean"
		case mapping.Date:
			s.kind = "date"
		}
		c := r.Longs(f.Path)
		return numbers(r, s, objects, c.Get, func(n int64) int64 { return n })
	default:
		return eserr.IllegalArgument("can't sort on %s field without using specific sorting feature, like geo_distance", f.Type)
	}
	return nil
}

// numbers builds the loader of a column of numbers.
func numbers[T int64 | float64](r *Reader, s *sorter, objects *inverted.Bits, get func(uint32) []T, toKey func(T) int64) *eserr.Error {
	missing, err := s.missingKey()
	if err != nil {
		return err
	}
	mode := s.mode
	if mode == "" {
		if mode = "min"; s.desc {
			mode = "max"
		}
	}
	s.load = func(ord uint32, _ float32) key {
		vals := gather(r, get, ord, objects)
		if len(vals) == 0 {
			return missing
		}
		if len(vals) == 1 {
			return key{n: toKey(vals[0])}
		}
		return key{n: toKey(reduce(vals, mode))}
	}
	return nil
}

func reduce[T int64 | float64](vals []T, mode string) T {
	switch mode {
	case "min":
		return slices.Min(vals)
	case "max":
		return slices.Max(vals)
	case "median":
		vals = slices.Sorted(slices.Values(vals))
		if n := len(vals); n%2 == 0 {
			return (vals[n/2-1] + vals[n/2]) / 2
		}
		return vals[len(vals)/2]
	}
	var sum T
	for _, v := range vals {
		sum += v
	}
	if mode == "avg" {
		return T(math.Round(float64(sum) / float64(len(vals))))
	}
	return sum
}

// gather reads the values of a document, or of its nested objects.
func gather[T any](r *Reader, get func(uint32) []T, ord uint32, objects *inverted.Bits) []T {
	if objects == nil {
		return get(ord)
	}
	var out []T
	for child := r.Block(ord); child < ord; child++ {
		if objects.Has(child) {
			out = append(out, get(child)...)
		}
	}
	return out
}

// missingKey is the key of documents without a value.
func (s *sorter) missingKey() (key, *eserr.Error) {
	first := s.missing != nil && *s.missing == "_first"
	if s.kind == "string" || s.kind == "ip" {
		switch {
		case first:
			return key{place: -1}, nil
		case s.missing != nil:
			return s.parse(*s.missing)
		}
		return key{place: 1}, nil
	}
	if s.missing != nil && !first {
		return s.parse(*s.missing)
	}
	largest := first == s.desc
	if s.kind == "double" {
		if largest {
			return key{n: floatKey(math.Inf(1))}, nil
		}
		return key{n: floatKey(math.Inf(-1))}, nil
	}
	if largest {
		return key{n: math.MaxInt64}, nil
	}
	return key{n: math.MinInt64}, nil
}

// parse reads a value of search_after or missing.
func (s *sorter) parse(text string) (key, *eserr.Error) {
	switch s.kind {
	case "string":
		return key{s: text}, nil
	case "ip":
		a, err := netip.ParseAddr(text)
		if err != nil {
			return key{}, eserr.IllegalArgument("'%s' is not an IP string literal.", text)
		}
		b := a.As16()
		return key{s: string(b[:])}, nil
	case "double", "score":
		f, err := mapping.ParseDouble(text)
		return key{n: floatKey(f)}, err
	case "boolean":
		switch text {
		case "true":
			return key{n: 1}, nil
		case "false":
			return key{n: 0}, nil
		}
	case "date":
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			break
		}
		format := s.print
		if format == nil {
			format = s.field.Format
		}
		n, err := parseDate(text, s.field, format, time.Time{}, time.UTC, false)
		return key{n: n}, err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return key{n: n}, nil
	}
	f, err := mapping.ParseDouble(text)
	switch {
	case err != nil:
		return key{}, err
	case f >= math.MaxInt64:
		return key{n: math.MaxInt64}, nil
	case f <= math.MinInt64:
		return key{n: math.MinInt64}, nil
	}
	return key{n: int64(f)}, nil
}

// value is the key as the hit shows it.
func (s *sorter) value(k key) any {
	switch s.kind {
	case "string":
		if k.place != 0 {
			return nil
		}
		return k.s
	case "ip":
		if k.place != 0 {
			return nil
		}
		return ipText(k.s)
	case "double":
		return keyFloat(k.n)
	case "score":
		return float32(keyFloat(k.n))
	case "date":
		if s.print != nil && k.n != math.MaxInt64 && k.n != math.MinInt64 {
			return s.print.Print(s.field.DateTime(k.n))
		}
	}
	return k.n
}

// after turns the values of search_after into keys.
func (r *Reader) after(sorts []*sorter, values []xcontent.Value) ([]key, *eserr.Error) {
	if len(sorts) == 0 {
		return nil, eserr.IllegalArgument("Sort must contain at least one field.")
	}
	if len(values) != len(sorts) {
		return nil, eserr.IllegalArgument("search_after has %d value(s) but sort has %d.", len(values), len(sorts))
	}
	out := make([]key, len(sorts))
	for i, v := range values {
		s := sorts[i]
		if v.Kind() == xcontent.Null {
			if s.kind != "string" && s.kind != "ip" {
				typ := map[string]string{"double": "DOUBLE"}[s.kind]
				if typ == "" {
					typ = "LONG"
				}
				return nil, eserr.IllegalArgument("[search_after] value at position %d cannot be null for sort field [%s] of type [%s].", i, s.sortField.field, typ)
			}
			if out[i] = (key{place: 1}); s.missing != nil && *s.missing == "_first" {
				out[i].place = -1
			}
			continue
		}
		k, err := s.parse(v.Text())
		if err != nil {
			return nil, eserr.IllegalArgument("Failed to parse search_after value for field [%s].", s.sortField.field).By(err)
		}
		out[i] = k
	}
	return out, nil
}
