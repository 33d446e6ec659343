package search

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// show writes a hit.
func (q *Request) show(h *hit, withScore bool, extra *extras) (xcontent.Obj, *eserr.Error) {
	rec := h.r.Record(h.ord)
	o := make(xcontent.Obj, 0, 8)
	o = o.Add("_index", h.r.Index).Add("_id", rec.ID)
	if q.Version {
		o = o.Add("_version", rec.Version)
	}
	if q.SeqNo {
		o = o.Add("_seq_no", rec.SeqNo).Add("_primary_term", 1)
	}
	if withScore {
		o = o.Add("_score", h.score)
	} else {
		o = o.Add("_score", nil)
	}
	if rec.Routing != "" {
		o = o.Add("_routing", rec.Routing)
	}
	if len(rec.Ignored) > 0 {
		o = o.Add("_ignored", rec.Ignored)
	}
	if !q.Source.Off {
		o = o.Add("_source", q.Source.Apply(rec.Source))
	}
	if fields, err := q.fields(h); err != nil {
		return nil, err
	} else if len(fields) > 0 {
		o = o.Add("fields", fields)
	}
	if len(q.Sorts) > 0 {
		values := make([]any, len(h.keys))
		for i, k := range h.keys {
			values[i] = h.sorts[i].value(k)
		}
		o = o.Add("sort", values)
	}
	if extra != nil {
		return extra.add(o, h)
	}
	return o, nil
}

func (q *Request) fields(h *hit) (xcontent.Obj, *eserr.Error) {
	out := xcontent.Obj{}
	for _, p := range q.DocValues {
		f, key := h.r.Mapping.Field(p.pattern)
		if f == nil || f.IsObject() {
			continue
		}
		if err := h.r.fielddata(f); err != nil {
			return nil, err
		}
		format, err := compileFormat(p.format)
		if err != nil {
			return nil, err
		}
		if vals := h.r.shown(f, key, h.ord, format); len(vals) > 0 {
			out = out.Set(p.pattern, vals)
		}
	}
	if q.Collapse != "" {
		if f, key := h.r.Mapping.Field(q.Collapse); f != nil {
			if vals := h.r.shown(f, key, h.ord, nil); len(vals) > 0 {
				out = out.Set(q.Collapse, vals)
			}
		}
	}
	if len(q.Fields) == 0 {
		return out, nil
	}
	doc, bad := xcontent.Parse(h.r.Record(h.ord).Source)
	if bad != nil {
		return out, nil
	}
	for _, p := range q.Fields {
		format, err := compileFormat(p.format)
		if err != nil {
			return nil, err
		}
		h.r.Mapping.Leaves(func(f *mapping.Field) {
			if !xcontent.Wildcard(p.pattern, f.Path) {
				return
			}
			nestedPath := h.r.Mapping.NestedOf(f.Path)
			if nestedPath == "" {
				if vals := h.r.listed(f, h.ord, doc.Root(), f.Path, format); len(vals) > 0 {
					out = out.Set(f.Path, vals)
				}
				return
			}
			out = h.nestedField(out, f, nestedPath, doc.Root(), format)
		})
	}
	return out, nil
}

func compileFormat(text string) (*dates.Format, *eserr.Error) {
	if text == "" {
		return nil, nil
	}
	f, err := dates.Compile(text)
	if err != nil {
		return nil, eserr.IllegalArgument("%s", err.Error())
	}
	return f, nil
}

// listed are the values of the option fields: strings as they were sent,
// other types as they are indexed.
func (r *Reader) listed(f *mapping.Field, ord uint32, source xcontent.Value, path string, format *dates.Format) []any {
	if f.Class != mapping.Text && f.Class != mapping.Keyword {
		return r.shown(f, "", ord, format)
	}
	// A multi-field has the values of the field around it.
	vals := at(source, path)
	if parent := parentPath(path); vals == nil && parent != "" {
		if p, _ := r.Mapping.Field(parentPath(f.Path)); p != nil && !p.IsObject() {
			vals = at(source, parent)
		}
	}
	var out []any
	for _, v := range vals {
		if v.Kind() != xcontent.Null && v.Kind() < xcontent.Object && (f.IgnoreAbove == 0 || len([]rune(v.Text())) <= f.IgnoreAbove) {
			out = append(out, v.Text())
		}
	}
	return out
}

// at finds the values under a dotted path, through lists.
func at(v xcontent.Value, path string) []xcontent.Value {
	var out []xcontent.Value
	switch v.Kind() {
	case xcontent.Array:
		for m := range v.Members() {
			out = append(out, at(m, path)...)
		}
		return out
	case xcontent.Object:
		if path == "" {
			return []xcontent.Value{v}
		}
		for m := range v.Members() {
			if m.Key() == path {
				out = append(out, at(m, "")...)
			} else if rest, ok := strings.CutPrefix(path, m.Key()+"."); ok {
				out = append(out, at(m, rest)...)
			}
		}
		return out
	}
	if path == "" {
		return []xcontent.Value{v}
	}
	return nil
}

// nestedField adds a field to the list of its nested objects.
func (h *hit) nestedField(out xcontent.Obj, f *mapping.Field, path string, source xcontent.Value, format *dates.Format) xcontent.Obj {
	objects := at(source, path)
	list, _ := out.Get(path).([]any)
	if list == nil {
		list = make([]any, len(objects))
		for i := range list {
			list[i] = xcontent.Obj{}
		}
	}
	name := strings.TrimPrefix(f.Path, path+".")
	set := h.r.Nested(path)
	i := 0
	for child := h.r.Block(h.ord); child < h.ord; child++ {
		if !set.Has(child) || i >= len(objects) {
			continue
		}
		if vals := h.r.listed(f, child, objects[i], name, format); len(vals) > 0 {
			list[i] = list[i].(xcontent.Obj).Set(name, vals)
		}
		i++
	}
	if i == 0 {
		return out
	}
	return out.Set(path, list)
}

// parentPath returns a path without its last name.
func parentPath(path string) string {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return ""
	}
	return path[:i]
}
