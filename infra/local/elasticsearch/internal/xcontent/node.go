package xcontent

// Kind is the type of a JSON value. A number knows whether it has a fraction
// or an exponent, because the real server treats 7 and 7.0 differently.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	Object
	Array
)

// node is one value of a Document. The subtree of a container is nodes
// i+1 .. next-1.
type node struct {
	kind     Kind
	start    int32 // offset of the first byte
	end      int32 // offset behind a scalar, of the closing bracket for containers
	next     int32 // index of the node behind this subtree
	keyStart int32 // offset of the member name, -1 if the value has none
	key      string
	text     string // decoded string, or the text of a number or boolean
}

// Document is a parsed JSON text.
type Document struct {
	src   string
	nodes []node
}

// Source returns the text that was parsed.
func (d *Document) Source() string { return d.src }

// Root returns the outermost value.
func (d *Document) Root() Value { return Value{d, 0} }

// Value is a cursor to one value of a Document. The zero Value is absent.
type Value struct {
	doc *Document
	i   int32
}

// IsZero reports whether the value is absent (not: null).
func (v Value) IsZero() bool { return v.doc == nil }

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.doc.nodes[v.i].kind }

// Key returns the member name under which the value stands in its object.
func (v Value) Key() string { return v.doc.nodes[v.i].key }

// Text returns the decoded string, or the text of a number or boolean.
func (v Value) Text() string { return v.doc.nodes[v.i].text }

// Raw returns the JSON text of the value.
func (v Value) Raw() string {
	n := v.doc.nodes[v.i]
	end := n.end
	if n.kind >= Object {
		end++
	}
	return v.doc.src[n.start:end]
}

// Token returns the name that Elasticsearch has for the value's first token.
func (v Value) Token() string {
	n := v.doc.nodes[v.i]
	switch n.kind {
	case Null:
		return "VALUE_NULL"
	case Bool:
		return "VALUE_BOOLEAN"
	case Int, Float:
		return "VALUE_NUMBER"
	case String:
		return "VALUE_STRING"
	case Object:
		return "START_OBJECT"
	default:
		return "START_ARRAY"
	}
}

// Empty reports whether a container has no members.
func (v Value) Empty() bool { return v.doc.nodes[v.i].next == v.i+1 }

// Members iterates over the members of an object or the items of an array.
func (v Value) Members() func(yield func(Value) bool) {
	return func(yield func(Value) bool) {
		end := v.doc.nodes[v.i].next
		for i := v.i + 1; i < end; i = v.doc.nodes[i].next {
			if !yield(Value{v.doc, i}) {
				return
			}
		}
	}
}

// Get returns the member with the given name, or the zero Value.
func (v Value) Get(key string) Value {
	if v.doc == nil || v.Kind() != Object {
		return Value{}
	}
	for m := range v.Members() {
		if m.Key() == key {
			return m
		}
	}
	return Value{}
}

// Size returns the number of members.
func (v Value) Size() int {
	n := 0
	for range v.Members() {
		n++
	}
	return n
}

// Pos is a place in the text, both counted from 1, the column in characters.
type Pos struct{ Line, Col int }

// Start returns the place of the value's first character.
func (v Value) Start() Pos { return v.doc.pos(int(v.doc.nodes[v.i].start)) }

// End returns the place of the closing bracket, or behind a scalar.
func (v Value) End() Pos { return v.doc.pos(int(v.doc.nodes[v.i].end)) }

// KeyPos returns the place of the member name.
func (v Value) KeyPos() Pos { return v.doc.pos(int(v.doc.nodes[v.i].keyStart)) }

func (d *Document) pos(off int) Pos { return position(d.src, off) }

// position counts lines and columns as Jackson does: columns are bytes.
func position(src string, off int) Pos {
	p := Pos{Line: 1, Col: 1}
	for i := 0; i < off && i < len(src); i++ {
		if src[i] == '\n' {
			p.Line++
			p.Col = 1
		} else {
			p.Col++
		}
	}
	return p
}

// Document returns the text to which the value belongs.
func (v Value) Document() *Document { return v.doc }
