package mapping

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Limits bound a mapping; they are index settings.
type Limits struct {
	Fields        int  // index.mapping.total_fields.limit
	IgnoreBeyond  bool // index.mapping.total_fields.ignore_dynamic_beyond_limit
	Depth         int  // index.mapping.depth.limit
	NestedObjects int  // index.mapping.nested_objects.limit
}

// DefaultLimits are those of the real server.
var DefaultLimits = Limits{Fields: 1000, Depth: 20, NestedObjects: 10000}

// Mapping is the immutable set of fields of an index.
type Mapping struct {
	root            *Field
	routingRequired bool
	dateDetection   bool
	meta            any
	registry        *analysis.Registry
	byPath          map[string]*Field
	nestedOf        map[string]string // field path -> nearest nested path
	size            int
}

// Empty returns a mapping without fields.
func Empty(reg *analysis.Registry) *Mapping {
	m := &Mapping{root: newObject("", ""), dateDetection: true, registry: reg}
	m.finish()
	return m
}

// Parse reads a mapping definition: the value of "mappings" or the body of
// PUT _mapping.
func Parse(v xcontent.Value, reg *analysis.Registry) (*Mapping, *eserr.Error) {
	m := Empty(reg)
	if v.Kind() != xcontent.Object {
		return nil, wrapped(mapperParsing("Malformed mapping, must be an object"))
	}
	for p := range v.Members() {
		switch p.Key() {
		case "properties":
			props, err := parseProperties(p, "", reg)
			if err != nil {
				return nil, wrapped(err)
			}
			m.root.Properties = props
		case "dynamic":
			if err := m.root.setDynamic(p); err != nil {
				return nil, wrapped(err)
			}
		case "date_detection":
			m.dateDetection = p.Text() == "true"
		case "_routing":
			m.routingRequired = !p.Get("required").IsZero() && p.Get("required").Text() == "true"
		case "_meta":
			m.meta = p.Tree()
		default:
			return nil, wrapped(mapperParsing("Root mapping definition has unsupported parameters:  [%s : %s]", p.Key(), javaString(p)))
		}
	}
	m.finish()
	return m, nil
}

// wrapped adds the frame that the real server puts around parse errors.
func wrapped(e *eserr.Error) *eserr.Error {
	if strings.HasPrefix(e.Reason, "Failed to parse mapping: ") {
		return e
	}
	return mapperParsing("Failed to parse mapping: %s", e.Reason).By(e)
}

// finish builds the look-up tables.
func (m *Mapping) finish() {
	m.byPath, m.nestedOf, m.size = map[string]*Field{}, map[string]string{}, -1
	m.size += m.root.count()
	m.walk(m.root, "")
}

func (m *Mapping) walk(f *Field, nested string) {
	if f.Path != "" {
		m.byPath[f.Path] = f
		if nested != "" {
			m.nestedOf[f.Path] = nested
		}
	}
	if f.Class == Nested {
		nested = f.Path
	}
	if f.byName = nil; len(f.Properties) > 8 {
		f.byName = make(map[string]*Field, len(f.Properties))
		for _, p := range f.Properties {
			f.byName[p.Name] = p
		}
	}
	for _, p := range f.Properties {
		m.walk(p, nested)
	}
	for _, s := range f.Fields {
		m.walk(s, nested)
	}
}

// Registry returns the analyzers of the index.
func (m *Mapping) Registry() *analysis.Registry { return m.registry }

// RoutingRequired reports whether every write must carry a routing value.
func (m *Mapping) RoutingRequired() bool { return m.routingRequired }

// Size is the number of fields, objects and multi-fields.
func (m *Mapping) Size() int { return m.size }

// Field finds a field by its full path. For a key of a flattened field it
// returns that field and the key.
func (m *Mapping) Field(path string) (f *Field, key string) {
	if f := m.byPath[path]; f != nil {
		return f, ""
	}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' {
			if f := m.byPath[path[:i]]; f != nil {
				if f.Class == Flattened {
					return f, path[i+1:]
				}
				return nil, ""
			}
		}
	}
	return nil, ""
}

// NestedOf returns the nearest nested object around a path, "" if none.
func (m *Mapping) NestedOf(path string) string {
	for p := path; p != ""; p = parentOf(p) {
		if n, ok := m.nestedOf[p]; ok {
			return n
		}
		if m.byPath[p] != nil {
			return ""
		}
	}
	return ""
}

// Leaves calls fn for every field that holds values, multi-fields included,
// in the order of their paths.
func (m *Mapping) Leaves(fn func(*Field)) { leaves(m.root, fn) }

func leaves(f *Field, fn func(*Field)) {
	if !f.IsObject() {
		fn(f)
	}
	for _, p := range f.Properties {
		leaves(p, fn)
	}
	for _, s := range f.Fields {
		leaves(s, fn)
	}
}

// JSON is the mapping as GET _mapping shows it.
func (m *Mapping) JSON() xcontent.Obj {
	o := xcontent.Obj{}
	if m.root.Dynamic != "" {
		o = o.Add("dynamic", m.root.Dynamic)
	}
	if m.meta != nil {
		o = o.Add("_meta", m.meta)
	}
	if m.routingRequired {
		o = o.Add("_routing", xcontent.Obj{{Key: "required", Val: true}})
	}
	if !m.dateDetection {
		o = o.Add("date_detection", false)
	}
	if len(m.root.Properties) > 0 {
		o = o.Add("properties", list(m.root.Properties))
	}
	return o
}

// FieldJSON is the entry of one field in GET _mapping/field.
func (f *Field) FieldJSON() xcontent.Obj {
	return xcontent.Obj{
		{Key: "full_name", Val: f.Path},
		{Key: "mapping", Val: xcontent.Obj{{Key: f.Name, Val: f.json()}}},
	}
}
