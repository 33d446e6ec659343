package mapping

import (
	"fmt"
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// metadata are names that a document must not use at its top.
var metadata = map[string]bool{
	"_id": true, "_index": true, "_source": true, "_routing": true, "_version": true, "_seq_no": true,
	"_ignored": true, "_field_names": true, "_nested_path": true, "_tier": true,
}

func parsing(at xcontent.Pos, format string, args ...any) *eserr.Error {
	return eserr.New(400, "document_parsing_exception", "[%d:%d] %s", at.Line, at.Col, fmt.Sprintf(format, args...))
}

// Document reads a JSON document. If it introduces new fields, the result is
// nil and an update to merge; the caller then parses again.
func (m *Mapping) Document(id, source string, limits Limits) (*Parsed, *Mapping, *eserr.Error) {
	doc, err := xcontent.Parse(source)
	if err != nil {
		s := err.(*xcontent.SyntaxError)
		cause := eserr.Syntax(err)
		return nil, nil, parsing(s.Last, "failed to parse: %s", cause.Reason).By(cause)
	}
	root := doc.Root()
	if root.Kind() != xcontent.Object {
		return nil, nil, eserr.New(400, "document_parsing_exception", "Malformed content, must start with an object")
	}
	r := &reader{m: m, id: id, limits: limits, out: &Parsed{}, size: m.size}
	for f := range root.Members() {
		if metadata[f.Key()] {
			cause := parsing(f.Start(), "Field [%s] is a metadata field and cannot be added inside a document. Use the index API request parameters.", f.Key())
			return nil, nil, r.refused(f, &Field{Path: f.Key(), Type: f.Key()}, cause)
		}
	}
	top := &Values{}
	r.stack = []*Values{top}
	if err := r.object(root, scope{f: m.root, dynamic: m.root.Dynamic}); err != nil {
		return nil, nil, err
	}
	if r.update != nil {
		r.update.finish()
		return nil, r.update, nil
	}
	r.out.Docs = append(r.out.Docs, *top)
	slices.Sort(r.out.Ignored)
	r.out.Ignored = slices.Compact(r.out.Ignored)
	return r.out, nil, nil
}

// reader walks one document.
type reader struct {
	m      *Mapping
	id     string
	limits Limits
	out    *Parsed
	stack  []*Values // open documents of the block, the root first
	paths  []string  // their nested paths, without the root
	nested int
	update *Mapping // new fields, nil if none
	size   int      // fields including new ones
	added  int
}

// scope is the object whose members are read.
type scope struct {
	f       *Field
	dynamic string
}

func (r *reader) object(v xcontent.Value, s scope) *eserr.Error {
	for member := range v.Members() {
		name := member.Key()
		if strings.IndexByte(name, '.') < 0 {
			if strings.TrimSpace(name) == "" {
				return r.badName(member, "field name cannot be an empty string")
			}
			if err := r.member(member, name, s); err != nil {
				return err
			}
			continue
		}
		if err := r.dotted(member, s); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) badName(v xcontent.Value, reason string) *eserr.Error {
	return parsing(v.KeyPos(), "failed to parse: %s", reason).By(eserr.IllegalArgument("%s", reason))
}

// dotted reads {"a.b": 1} as {"a": {"b": 1}}.
func (r *reader) dotted(v xcontent.Value, s scope) *eserr.Error {
	parts := strings.Split(v.Key(), ".")
	for _, p := range parts {
		if strings.TrimSpace(p) == "" {
			return r.badName(v, "field name cannot contain only whitespace: ['"+v.Key()+"']")
		}
	}
	depth := len(r.stack)
	for _, name := range parts[:len(parts)-1] {
		next, err := r.child(v, name, s)
		if err != nil || next == nil {
			return err
		}
		if !next.f.IsObject() {
			return parsing(v.Start(), "Could not dynamically add mapping for field [%s]. Existing mapping for [%s] must be of type object but found [%s].", join(s.f.Path, v.Key()), next.f.Path, next.f.Type)
		}
		if !next.f.Enabled {
			return nil
		}
		if next.f.Class == Nested {
			r.enter(next.f)
		}
		s = *next
	}
	err := r.member(v, parts[len(parts)-1], s)
	for len(r.stack) > depth {
		r.leave()
	}
	return err
}

// child finds or adds the object of that name; nil means: skip the value.
func (r *reader) child(v xcontent.Value, name string, s scope) (*scope, *eserr.Error) {
	f := s.f.property(name)
	if f == nil {
		f = r.addedField(s.f.Path, name)
	}
	if f == nil {
		if ok, err := r.mayAdd(v, name, s); !ok || err != nil {
			return nil, err
		}
		f = newObject(name, join(s.f.Path, name))
		if ok, err := r.add(v, s.f, f); !ok || err != nil {
			return nil, err
		}
	}
	next := scope{f: f, dynamic: s.dynamic}
	if f.Dynamic != "" {
		next.dynamic = f.Dynamic
	}
	return &next, nil
}

// member reads one value under its name.
func (r *reader) member(v xcontent.Value, name string, s scope) *eserr.Error {
	f := s.f.property(name)
	if f == nil {
		return r.unknown(v, name, s)
	}
	return r.value(v, f, s)
}

func (r *reader) value(v xcontent.Value, f *Field, s scope) *eserr.Error {
	if !f.IsObject() {
		return r.leaf(v, f)
	}
	if !f.Enabled || v.Kind() == xcontent.Null {
		return nil
	}
	switch v.Kind() {
	case xcontent.Array:
		for item := range v.Members() {
			if err := r.value(item, f, s); err != nil {
				return err
			}
		}
		return nil
	case xcontent.Object:
	default:
		return parsing(v.Start(), "object mapping for [%s] tried to parse field [%s] as object, but found a concrete value", f.Path, f.Name)
	}
	if f.Dynamic != "" {
		s.dynamic = f.Dynamic
	}
	s.f = f
	if f.Class != Nested {
		return r.object(v, s)
	}
	if r.nested++; r.nested > r.limits.NestedObjects {
		return parsing(v.Start(), "The number of nested documents has exceeded the allowed limit of [%d]. This limit can be set by changing the [index.mapping.nested_objects.limit] index level setting.", r.limits.NestedObjects)
	}
	r.enter(f)
	if err := r.object(v, s); err != nil {
		return err
	}
	r.leave()
	return nil
}

func (r *reader) enter(f *Field) {
	r.stack = append(r.stack, &Values{Nested: f.Path})
	r.paths = append(r.paths, f.Path)
}

func (r *reader) leave() {
	last := len(r.stack) - 1
	r.out.Docs = append(r.out.Docs, *r.stack[last])
	r.stack, r.paths = r.stack[:last], r.paths[:last-1]
}

// target returns the open document to which a field belongs.
func (r *reader) target(f *Field) *Values {
	if len(r.stack) == 1 {
		return r.stack[0]
	}
	want := r.m.NestedOf(f.Path)
	for i := len(r.stack) - 1; i > 0; i-- {
		if r.paths[i-1] == want {
			return r.stack[i]
		}
	}
	return r.stack[0]
}

// leaf reads the value or values of a field that is no object.
func (r *reader) leaf(v xcontent.Value, f *Field) *eserr.Error {
	if v.Kind() == xcontent.Array && f.Class != Geo {
		for item := range v.Members() {
			if err := r.leaf(item, f); err != nil {
				return err
			}
		}
		return nil
	}
	if err := r.one(v, f); err != nil {
		return err
	}
	for _, sub := range f.Fields {
		if err := r.one(v, sub); err != nil {
			return err
		}
	}
	for _, to := range f.CopyTo {
		if v.Kind() == xcontent.Null {
			break
		}
		if t := r.m.byPath[to]; t != nil && !t.IsObject() {
			if err := r.one(v, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// refused is the error for a value that does not fit its field.
func (r *reader) refused(v xcontent.Value, f *Field, cause *eserr.Error) *eserr.Error {
	at, preview := v.Start(), v.Text()
	if v.Kind() >= xcontent.Object {
		// The real server stands at the end after reading the preview.
		at, preview = v.End(), javaString(v)
	}
	return parsing(at, "failed to parse field [%s] of type [%s] in document with id '%s'. Preview of field's value: '%s'", f.Path, f.Type, r.id, preview).By(cause)
}
