package search

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// term matches one exact value.
type term struct {
	field      string
	value      string
	ignoreCase bool
}

func parseTerm(v xcontent.Value) (Query, *eserr.Error) {
	p, err := parseField(v, "term", "value", "case_insensitive")
	if err != nil {
		return nil, err
	}
	return p.wrap(term{p.field, p.value.Text(), p.text("case_insensitive", "") == "true"}), nil
}

func (t term) eval(r *Reader) (matches, *eserr.Error) {
	if t.field == "_id" {
		return ids{[]string{t.value}}.eval(r)
	}
	if t.field == "_index" {
		if xcontent.Wildcard(t.value, r.Index) {
			return matchAll{}.eval(r)
		}
		return r.none(), nil
	}
	if t.field == "_ignored" {
		return r.keyword(r.Ignored(), t.value), nil
	}
	f, key := r.Mapping.Field(t.field)
	if f == nil {
		return r.none(), nil
	}
	if !f.IsObject() && !f.Searchable() {
		return matches{}, r.shard(notSearchable(f))
	}
	if t.ignoreCase {
		return r.eachTerm(f, key, func(s string) bool { return strings.EqualFold(s, t.value) }), nil
	}
	switch f.Class {
	case mapping.Keyword:
		return r.keyword(r.Keywords(f.Path), analysis.Normalize(f.Normalizer, t.value)), nil
	case mapping.Text:
		return r.word(f, t.value), nil
	case mapping.Flattened:
		if key != "" {
			return r.keyword(r.Key(f.Path, key), t.value), nil
		}
		return r.eachTerm(f, "", func(s string) bool { return s == t.value }), nil
	case mapping.Long:
		n, ok, err := wholeNumber(t.value)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if !ok {
			return r.none(), nil
		}
		return r.longs(f, n, n), nil
	case mapping.Boolean:
		n, err := boolean(t.value)
		if err != nil {
			return matches{}, r.shard(err)
		}
		return r.longs(f, n, n), nil
	case mapping.Double:
		n, err := mapping.ParseDouble(t.value)
		if err != nil {
			return matches{}, r.shard(err)
		}
		if f.Type == "float" {
			n = float64(float32(n))
		}
		return r.doubles(f, n, n), nil
	case mapping.Date:
		return dateRange{lo: &t.value, hi: &t.value, withLo: true, withHi: true}.on(r, f)
	case mapping.IP:
		return r.network(f, t.value)
	case mapping.Geo:
		return matches{}, r.shard(eserr.IllegalArgument("Geometry fields do not support exact searching, use dedicated geometry queries instead: [%s]", f.Path))
	}
	return r.none(), nil
}

// filter takes out of a set what the term does not match. It returns false, and
// leaves the set alone, if it cannot tell from the document alone.
func (t term) filter(r *Reader, from *inverted.Bits) bool {
	f, _ := r.Mapping.Field(t.field)
	if f == nil || f.IsObject() || !f.Searchable() || t.ignoreCase {
		return false
	}
	var has func(ord uint32) bool
	switch f.Class {
	case mapping.Keyword:
		k := r.Keywords(f.Path)
		id, ok := k.ID(analysis.Normalize(f.Normalizer, t.value))
		if !ok {
			return false
		}
		has = func(ord uint32) bool { return slices.Contains(k.Values(ord), id) }
	case mapping.Boolean:
		n, err := boolean(t.value)
		if err != nil {
			return false
		}
		c := r.Longs(f.Path)
		has = func(ord uint32) bool { return slices.Contains(c.Get(ord), n) }
	default:
		return false
	}
	for _, ord := range from.List() {
		if !has(ord) {
			from.Clear(ord)
		}
	}
	return true
}

func notSearchable(f *mapping.Field) *eserr.Error {
	return eserr.IllegalArgument("Cannot search on field [%s] since it is not indexed nor has doc values.", f.Path)
}

// keyword finds the documents of one exact string.
func (r *Reader) keyword(k *inverted.Keywords, s string) matches {
	id, ok := k.ID(s)
	if !ok {
		return r.none()
	}
	m := marked(func(b *inverted.Bits) { k.Mark(id, r.Limit, b) })
	m.score = r.idf(k.DocCount(id), len(k.Docs()))
	return m
}

// eachTerm unites the documents of all strings of a field that fit.
func (r *Reader) eachTerm(f *mapping.Field, key string, fits func(string) bool) matches {
	return marked(func(b *inverted.Bits) {
		r.strings(f, key, func(d dictionary) {
			for _, id := range d.Sorted() {
				if fits(d.Term(id)) {
					d.mark(id, r.Limit, b)
				}
			}
		})
	})
}

// dictionary is what strings and words have in common.
type dictionary interface {
	Sorted() []uint32
	Between(lo, hi string, open bool) []uint32
	Term(id uint32) string
	mark(id, limit uint32, to *inverted.Bits)
}

type stringDict struct{ *inverted.Keywords }

func (d stringDict) mark(id, limit uint32, to *inverted.Bits) { d.Mark(id, limit, to) }

type wordDict struct{ *inverted.Texts }

func (d wordDict) mark(id, limit uint32, to *inverted.Bits) {
	d.Each(id, limit, func(ord uint32, _ []uint32) { to.Set(ord) })
}

// strings calls fn with the dictionaries of a field: one, or one per key for a
// whole flattened field.
func (r *Reader) strings(f *mapping.Field, key string, fn func(dictionary)) {
	switch {
	case f.Class == mapping.Text:
		if t := r.Texts(f.Path); t != nil {
			fn(wordDict{t})
		}
	case f.Class == mapping.Flattened && key == "":
		r.Keys(f.Path, func(_ string, k *inverted.Keywords) { fn(stringDict{k}) })
	default:
		k := r.Keywords(f.Path)
		if f.Class == mapping.Flattened {
			k = r.Key(f.Path, key)
		}
		if k != nil {
			fn(stringDict{k})
		}
	}
}

func (r *Reader) longs(f *mapping.Field, lo, hi int64) matches {
	return marked(func(b *inverted.Bits) {
		r.Longs(f.Path).Mark(r.Limit, b, func(v int64) bool { return v >= lo && v <= hi })
	})
}

func (r *Reader) doubles(f *mapping.Field, lo, hi float64) matches {
	return marked(func(b *inverted.Bits) {
		r.Doubles(f.Path).Mark(r.Limit, b, func(v float64) bool { return v >= lo && v <= hi })
	})
}

func (r *Reader) network(f *mapping.Field, text string) (matches, *eserr.Error) {
	var fits func(netip.Addr) bool
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return matches{}, r.shard(eserr.IllegalArgument("'%s' is not an IP string literal.", text))
		}
		fits = func(a netip.Addr) bool { return p.Contains(a.Unmap()) || p.Contains(a) }
	} else {
		want, err := netip.ParseAddr(text)
		if err != nil {
			return matches{}, r.shard(eserr.IllegalArgument("'%s' is not an IP string literal.", text))
		}
		fits = func(a netip.Addr) bool { return a.Unmap() == want.Unmap() }
	}
	return r.eachTerm(f, "", func(s string) bool {
		a, ok := netip.AddrFromSlice([]byte(s))
		return ok && fits(a)
	}), nil
}

// wholeNumber reads a bound of a whole-number field; ok is false if the text
// is a number that no whole number equals.
func wholeNumber(text string) (n int64, ok bool, err *eserr.Error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true, nil
	}
	f, err := mapping.ParseDouble(text)
	if err != nil {
		return 0, false, err
	}
	if f != math.Trunc(f) || math.Abs(f) >= 1<<63 {
		return 0, false, nil
	}
	return int64(f), true, nil
}

func boolean(text string) (int64, *eserr.Error) {
	switch text {
	case "true":
		return 1, nil
	case "false", "":
		return 0, nil
	}
	return 0, eserr.IllegalArgument("Can't parse boolean value [%s], expected [true] or [false]", text)
}
