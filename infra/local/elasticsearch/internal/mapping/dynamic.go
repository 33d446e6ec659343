package mapping

import (
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// dateFormats are tried on strings of unknown fields, in this order.
var dateFormats = []struct{ match, format string }{
	{"strict_date_optional_time", ""},
	{"yyyy/MM/dd HH:mm:ss||yyyy/MM/dd", "yyyy/MM/dd HH:mm:ss||yyyy/MM/dd||epoch_millis"},
}

var dateMatchers = func() (out []*dates.Format) {
	for _, d := range dateFormats {
		out = append(out, dates.MustCompile(d.match))
	}
	return out
}()

// unknown handles a field that the mapping does not have.
func (r *reader) unknown(v xcontent.Value, name string, s scope) *eserr.Error {
	switch v.Kind() {
	case xcontent.Null:
		return r.strictOnly(v, name, s)
	case xcontent.Array:
		if err := r.strictOnly(v, name, s); err != nil {
			return err
		}
		for item := range v.Members() {
			if err := r.unknown(item, name, s); err != nil {
				return err
			}
		}
		return nil
	case xcontent.Object:
		next, err := r.child(v, name, s)
		if err != nil || next == nil {
			return err
		}
		if !next.f.IsObject() {
			return r.conflict(next.f, "object")
		}
		return r.object(v, *next)
	}
	if ok, err := r.mayAdd(v, name, s); !ok || err != nil {
		return err
	}
	f := r.m.guess(v, name, join(s.f.Path, name))
	if old := r.addedField(s.f.Path, name); old != nil {
		if old.Type != f.Type {
			return r.conflict(old, f.Type)
		}
		return nil
	}
	if v.Kind() == xcontent.Int {
		// A number beyond 64 bits fits no type.
		if _, err := r.long(v, f); err != nil {
			return r.refused(v, f, err)
		}
	}
	_, err := r.add(v, s.f, f)
	return err
}

func (r *reader) conflict(old *Field, typ string) *eserr.Error {
	return eserr.IllegalArgument("mapper [%s] cannot be changed from type [%s] to [%s]", old.Path, old.Type, typ)
}

func (r *reader) strictOnly(v xcontent.Value, name string, s scope) *eserr.Error {
	if s.dynamic != "strict" {
		return nil
	}
	_, err := r.mayAdd(v, name, s)
	return err
}

// mayAdd asks the dynamic setting of the object.
func (r *reader) mayAdd(v xcontent.Value, name string, s scope) (bool, *eserr.Error) {
	switch s.dynamic {
	case "false":
		return false, nil
	case "strict":
		within := s.f.Path
		if within == "" {
			within = "_doc"
		}
		e := parsing(v.Start(), "mapping set to strict, dynamic introduction of [%s] within [%s] is not allowed", name, within)
		e.Type = "strict_dynamic_mapping_exception"
		return false, e
	}
	return true, nil
}

// add puts a new field into the update.
func (r *reader) add(v xcontent.Value, parent, f *Field) (bool, *eserr.Error) {
	if f.IsObject() && depth(f.Path)+1 > r.limits.Depth {
		cause := eserr.IllegalArgument("Limit of mapping depth [%d] has been exceeded due to object field [%s]", r.limits.Depth, f.Path)
		return false, parsing(v.Start(), "failed to parse: %s", cause.Reason).By(cause)
	}
	n := f.count()
	if r.size+n > r.limits.Fields {
		if r.limits.IgnoreBeyond {
			r.out.Ignored = append(r.out.Ignored, f.Path)
			return false, nil
		}
		cause := eserr.IllegalArgument("Limit of total fields [%d] has been exceeded while adding new fields [%d]", r.limits.Fields, r.added+n)
		return false, parsing(v.Start(), "failed to parse: %s", cause.Reason).By(cause)
	}
	r.size += n
	r.added += n
	if r.update == nil {
		r.update = Empty(r.m.registry)
	}
	o := r.updateObject(parent.Path)
	o.Properties = insert(o.Properties, f)
	return true, nil
}

// updateObject returns the object of the update that mirrors an existing one.
func (r *reader) updateObject(path string) *Field {
	if path == "" {
		return r.update.root
	}
	parent := r.updateObject(parentOf(path))
	name := path[strings.LastIndexByte(path, '.')+1:]
	if o := parent.property(name); o != nil {
		return o
	}
	o := newObject(name, path)
	if f := r.m.byPath[path]; f != nil {
		o.Type, o.Class = f.Type, f.Class
	}
	parent.Properties = insert(parent.Properties, o)
	return o
}

// addedField finds a field that this document has introduced before.
func (r *reader) addedField(parent, name string) *Field {
	if r.update == nil {
		return nil
	}
	o := r.update.root
	if parent != "" {
		for part := range strings.SplitSeq(parent, ".") {
			if o = o.property(part); o == nil {
				return nil
			}
		}
	}
	return o.property(name)
}

// guess derives a field definition from a value.
func (m *Mapping) guess(v xcontent.Value, name, path string) *Field {
	f := &Field{Name: name, Path: path, Enabled: true, Index: true, DocValues: true, Coerce: true, DepthLimit: 20}
	switch v.Kind() {
	case xcontent.Bool:
		f.Type = "boolean"
	case xcontent.Int:
		f.Type = "long"
	case xcontent.Float:
		f.Type = "float"
	default:
		f.Type = "text"
		if _, err := strconv.ParseFloat(v.Text(), 64); err != nil && m.dateDetection {
			m.guessDate(f, v.Text())
		}
		if f.Type == "text" {
			f.DocValues = false
			f.Analyzer = m.registry.Analyzer("default")
			f.SearchAnalyzer = f.Analyzer
			f.Fields = []*Field{{
				Name: "keyword", Path: path + ".keyword", Type: "keyword", Class: Keyword, Enabled: true,
				Index: true, DocValues: true, IgnoreAbove: 256, params: xcontent.Obj{{Key: "ignore_above", Val: 256}},
			}}
		}
	}
	f.Class = classes[f.Type]
	return f
}

func (m *Mapping) guessDate(f *Field, text string) {
	for i, match := range dateMatchers {
		if _, ok := match.Parse(text, nil, false); !ok {
			continue
		}
		f.Type, f.Format = "date", dates.MustCompile(dates.Default)
		if own := dateFormats[i].format; own != "" {
			f.Format = dates.MustCompile(own)
			f.params = xcontent.Obj{{Key: "format", Val: own}, {Key: "locale", Val: ""}}
		}
		return
	}
}
