package search

import (
	"net/url"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// SourceFilter chooses the parts of _source that a response shows. The zero
// value shows all of it.
type SourceFilter struct {
	Off                bool
	Includes, Excludes []string
}

// ParseSource reads the value of "_source".
func ParseSource(v xcontent.Value) (SourceFilter, *eserr.Error) {
	f := SourceFilter{}
	switch v.Kind() {
	case xcontent.Bool:
		f.Off = v.Text() == "false"
	case xcontent.String:
		f.Includes = []string{v.Text()}
	case xcontent.Array:
		f.Includes = texts(v)
	case xcontent.Object:
		for m := range v.Members() {
			list := []string{m.Text()}
			if m.Kind() == xcontent.Array {
				list = texts(m)
			}
			switch m.Key() {
			case "includes", "include":
				f.Includes = list
			case "excludes", "exclude":
				f.Excludes = list
			default:
				return f, eserr.Parsing(m.Start(), "Unknown key for a %s in [%s].", m.Token(), m.Key())
			}
		}
	default:
		return f, eserr.Parsing(v.Start(), "Expected one of [VALUE_BOOLEAN, VALUE_STRING, START_ARRAY, START_OBJECT] but found [%s]", v.Token())
	}
	return f, nil
}

func texts(v xcontent.Value) []string {
	var out []string
	for m := range v.Members() {
		out = append(out, m.Text())
	}
	return out
}

// Override applies the URL parameters _source, _source_includes and
// _source_excludes.
func (f SourceFilter) Override(p url.Values) SourceFilter {
	if p.Has("_source") {
		switch text := p.Get("_source"); text {
		case "true", "":
			f = SourceFilter{}
		case "false":
			f = SourceFilter{Off: true}
		default:
			f = SourceFilter{Includes: strings.Split(text, ",")}
		}
	}
	if text := p.Get("_source_includes"); text != "" {
		f.Includes = strings.Split(text, ",")
	}
	if text := p.Get("_source_excludes"); text != "" {
		f.Excludes = strings.Split(text, ",")
	}
	return f
}

// Apply returns the chosen parts as JSON.
func (f SourceFilter) Apply(source string) any {
	if len(f.Includes) == 0 && len(f.Excludes) == 0 {
		return xcontent.Raw(source)
	}
	if f.plain() {
		if out, ok := f.members(source); ok {
			return out
		}
	}
	doc, err := xcontent.Parse(source)
	if err != nil {
		return xcontent.Raw(source)
	}
	return f.object(doc.Root(), "", len(f.Includes) == 0)
}

// plain reports whether the filter only names members of the root.
func (f SourceFilter) plain() bool {
	for _, name := range f.Includes {
		if strings.ContainsAny(name, "*.") {
			return false
		}
	}
	return len(f.Excludes) == 0
}

// members takes the included members of the root without reading what is in them.
// It gives up if it meets a name that it would have to decode.
func (f SourceFilter) members(source string) (xcontent.Obj, bool) {
	out := xcontent.Obj{}
	ok := xcontent.Members(source, func(key, value string) bool {
		if strings.IndexByte(key, '\\') >= 0 || strings.IndexByte(key, '.') >= 0 {
			return false
		}
		for _, name := range f.Includes {
			if name == key {
				out = out.Add(key, xcontent.Raw(value))
				break
			}
		}
		return true
	})
	return out, ok
}

// object filters one object. all is true when an include already covers it.
func (f SourceFilter) object(v xcontent.Value, path string, all bool) xcontent.Obj {
	out := xcontent.Obj{}
	for m := range v.Members() {
		p := m.Key()
		if path != "" {
			p = path + "." + p
		}
		if covered(f.Excludes, p) {
			continue
		}
		inside := all || covered(f.Includes, p)
		if val, ok := f.value(m, p, inside); ok {
			out = out.Add(m.Key(), val)
		}
	}
	return out
}

func (f SourceFilter) value(v xcontent.Value, path string, inside bool) (any, bool) {
	switch v.Kind() {
	case xcontent.Object:
		o := f.object(v, path, inside)
		return o, inside || len(o) > 0
	case xcontent.Array:
		list := []any{}
		for m := range v.Members() {
			if val, ok := f.value(m, path, inside); ok {
				list = append(list, val)
			}
		}
		return list, inside || len(list) > 0
	}
	return xcontent.Raw(v.Raw()), inside
}

// covered reports whether a pattern names the path or an object around it.
func covered(patterns []string, path string) bool {
	for _, p := range patterns {
		if xcontent.Wildcard(p, path) || strings.HasPrefix(path, p+".") {
			return true
		}
	}
	return false
}
