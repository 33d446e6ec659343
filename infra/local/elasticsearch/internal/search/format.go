package search

import (
	"net/netip"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
)

// ipText writes the 16 bytes of an address.
func ipText(b string) string {
	a, ok := netip.AddrFromSlice([]byte(b))
	if !ok {
		return b
	}
	return a.Unmap().String()
}

// shown are the values of a field of one document in the form of the options
// fields and docvalue_fields.
func (r *Reader) shown(f *mapping.Field, key string, ord uint32, format *dates.Format) []any {
	var out []any
	switch f.Class {
	case mapping.Keyword, mapping.IP, mapping.Flattened:
		k := r.Keywords(f.Path)
		if f.Class == mapping.Flattened {
			k = r.Key(f.Path, key)
		}
		for _, id := range k.Values(ord) {
			text := k.Term(id)
			if f.Class == mapping.IP {
				text = ipText(text)
			}
			out = append(out, text)
		}
	case mapping.Double:
		for _, v := range r.Doubles(f.Path).Get(ord) {
			if f.Type == "float" {
				out = append(out, float32(v))
			} else {
				out = append(out, v)
			}
		}
	case mapping.Long:
		for _, v := range r.Longs(f.Path).Get(ord) {
			out = append(out, v)
		}
	case mapping.Boolean:
		for _, v := range r.Longs(f.Path).Get(ord) {
			out = append(out, v == 1)
		}
	case mapping.Date:
		if format == nil {
			format = f.Format
		}
		for _, v := range r.Longs(f.Path).Get(ord) {
			out = append(out, format.Print(f.DateTime(v)))
		}
	case mapping.Geo:
		for _, p := range r.Points(f.Path).Get(ord) {
			out = append(out, geoJSON(p))
		}
	}
	return out
}
