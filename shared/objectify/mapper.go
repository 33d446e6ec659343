package objectify

import (
	"encoding/json"
	"hash/maphash"
	"strings"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/infer"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

var (
	textRagged   = problem.Define("row.ragged", "The row has {fields} fields, the file has {columns} columns.", "행의 필드는 {fields}개이지만 파일의 열은 {columns}개입니다.")
	textRepeated = problem.Define("row.repeated", "Row {row} of the file has the same key.", "파일의 {row}번째 행과 키가 같습니다.")
	textHalfKey  = problem.Define("row.half_key", "Part of the key of '{class}' is missing.", "'{class}' 키의 일부가 비어 있습니다.")
)

// maxKeys bounds the keys that are remembered to find repeated rows; a repeated
// row behind them updates the instance instead of being refused.
const maxKeys = 4_000_000

// Mapper turns rows of one dataset version into instances of one class. The
// cells are read with the formats under which the columns were inferred.
type Mapper struct {
	class   *ontology.Schema
	columns int
	fields  []field

	seed maphash.Seed
	keys map[uint64]int64 // digest of an instance id: the row that has it
}

// field is a mapping made ready.
type field struct {
	target string
	source []cell
	link   string // target class; "" for a property
	key    []string
}

// cell is a column and how to read it.
type cell struct {
	index  int
	name   string
	parser *infer.Parser
}

// Mapped is a row as an instance.
type Mapped struct {
	RowRef
	Data  map[string]any
	Links []instance.Link
	ID    string
}

// NewMapper makes a mapper of a spec. Errors name the mappings that cannot work.
func NewMapper(s *Spec, columns datasets.Schema, class *ontology.Schema, targets map[string]*ontology.Schema) (*Mapper, problem.FieldErrors) {
	m := &Mapper{class: class, columns: len(columns.Columns), seed: maphash.MakeSeed(), keys: map[uint64]int64{}}
	var errs problem.FieldErrors
	for i, mapping := range s.Mappings {
		f := field{target: mapping.TargetField}
		types := []string{}
		if p, ok := class.Class.Property(mapping.TargetField); ok {
			types = append(types, p.Type)
		} else if l, ok := class.Relationship(mapping.TargetField); ok {
			f.link = l.Target
			f.key, types = keyOf(targets[l.Target])
		}
		for k, name := range mapping.Sources() {
			index, column := find(columns, name)
			if index < 0 || k >= len(types) {
				continue // Check has told
			}
			parser, err := parserOf(types[k], column)
			if err != nil {
				errs = append(errs, problem.InvalidValue([]any{"body", "mappings", i, "source_field"}, problem.MessageOf(err), name))
				continue
			}
			f.source = append(f.source, cell{index, name, parser})
		}
		m.fields = append(m.fields, f)
	}
	return m, errs
}

// keyOf gives the properties that identify a link's target, and their types. A
// class without key is linked to by the ids of its instances.
func keyOf(target *ontology.Schema) (key, types []string) {
	for _, name := range target.Key() {
		p, _ := target.Class.Property(name)
		key, types = append(key, name), append(types, p.Type)
	}
	if len(key) == 0 {
		types = []string{infer.TypeString}
	}
	return key, types
}

func find(s datasets.Schema, name string) (int, datasets.Column) {
	for i, c := range s.Columns {
		if c.Name == name {
			return i, c
		}
	}
	return -1, datasets.Column{}
}

func parserOf(typ string, c datasets.Column) (*infer.Parser, error) {
	var format infer.Format
	if len(c.Format) > 0 {
		if err := json.Unmarshal(c.Format, &format); err != nil {
			return nil, err
		}
	}
	return infer.NewParser(typ, format)
}

// Row maps a row, or says everything that keeps it from being an instance.
func (m *Mapper) Row(row tabular.Row) (Mapped, []RowError) {
	out := Mapped{RowRef: RowRef{Row: row.Number, Line: row.Line}, Data: make(map[string]any, len(m.fields))}
	if row.Fields != m.columns {
		return out, []RowError{{RowRef: out.RowRef, Reason: textRagged.With("fields", row.Fields, "columns", m.columns)}}
	}
	var refused []RowError
	for i := range m.fields {
		f := &m.fields[i]
		value, err := f.read(row.Cells)
		if err != nil {
			refused = append(refused, f.refusal(out.RowRef, row.Cells, problem.MessageOf(err)))
			continue
		}
		out.Data[f.target] = value // null says that the cell is empty
	}
	made, errs := instance.Create(m.class, out.Data, "", 0, "row")
	for _, e := range errs {
		f := m.field(e.Loc)
		if f == nil || !mentions(refused, f.target) {
			refused = append(refused, m.refusal(out.RowRef, row.Cells, f, e))
		}
	}
	if len(refused) > 0 {
		return out, refused
	}
	out.ID, out.Links = made.ID, made.Links
	if first, again := m.remember(out.ID, out.Row); again {
		return out, []RowError{m.ofKey(out, textRepeated.With("row", first))}
	}
	return out, nil
}

// Skip remembers the key of a row that an earlier step has dealt with.
func (m *Mapper) Skip(row tabular.Row) { m.Row(row) }

// remember reports which row had the same id before.
func (m *Mapper) remember(id string, row int64) (first int64, again bool) {
	digest := maphash.String(m.seed, id)
	if first, again = m.keys[digest]; !again && len(m.keys) < maxKeys {
		m.keys[digest] = row
	}
	return first, again
}

// Has reports whether an earlier row of the file has this id.
func (m *Mapper) Has(id string) bool {
	_, has := m.keys[maphash.String(m.seed, id)]
	return has
}

// read gives a field's value; nil for empty cells.
func (f *field) read(cells []string) (any, error) {
	if f.link == "" {
		return f.source[0].parser.Parse(cells[f.source[0].index])
	}
	parts := make([]any, len(f.source))
	empty := 0
	for i, c := range f.source {
		v, err := c.parser.Parse(cells[c.index])
		if err != nil {
			return nil, err
		}
		if text, ok := v.(string); v == nil || ok && strings.TrimSpace(text) == "" {
			parts[i] = nil
			empty++
			continue
		}
		parts[i] = v
	}
	switch {
	case empty == len(parts):
		return nil, nil
	case empty > 0:
		return nil, textHalfKey.With("class", f.link)
	case len(f.key) == 0:
		id, _ := parts[0].(string)
		return f.link + "/" + id, nil
	}
	data := make(map[string]any, len(parts))
	for i, name := range f.key {
		data[name] = parts[i]
	}
	id, errs := instance.KeyID(f.key, data)
	if len(errs) > 0 {
		return nil, errs[0].Msg
	}
	return f.link + "/" + id, nil
}

// field finds the mapping that an error of the class's rules is about.
func (m *Mapper) field(loc []any) *field {
	if len(loc) < 2 {
		return nil
	}
	return m.Field(loc[1])
}

// Field finds a mapping by the field of the class.
func (m *Mapper) Field(name any) *field {
	for i := range m.fields {
		if m.fields[i].target == name {
			return &m.fields[i]
		}
	}
	return nil
}

func mentions(list []RowError, target string) bool {
	for _, e := range list {
		if e.Target == target {
			return true
		}
	}
	return false
}

func (m *Mapper) refusal(ref RowRef, cells []string, f *field, e problem.FieldError) RowError {
	if f != nil {
		return f.refusal(ref, cells, e.Msg)
	}
	return RowError{RowRef: ref, Target: problem.Path(e.Loc[min(1, len(e.Loc)):]), Value: inputText(e.Input), Reason: e.Msg}
}

// refusal tells why a field of a row is refused, with the columns and the cells
// as they stand in the file.
func (f *field) refusal(ref RowRef, cells []string, reason problem.Message) RowError {
	e := RowError{RowRef: ref, Field: f.columns(), Target: f.target, Reason: reason}
	if cells != nil {
		values := make([]string, len(f.source))
		for i, c := range f.source {
			values[i] = cells[c.index]
		}
		e.Value = strings.Join(values, ", ")
	}
	return e
}

func (f *field) columns() string {
	names := make([]string, len(f.source))
	for i, c := range f.source {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// ofKey blames the columns that make the key.
func (m *Mapper) ofKey(out Mapped, reason problem.Message) RowError {
	e := RowError{RowRef: out.RowRef, Value: out.ID, Reason: reason}
	var columns []string
	for _, name := range m.class.Key() {
		if f := m.Field(name); f != nil {
			columns = append(columns, f.columns())
		}
	}
	e.Field, e.Target = strings.Join(columns, ", "), strings.Join(m.class.Key(), ", ")
	return e
}

// Refused tells a row's refusal by the log or the class, which names the field in
// the instance.
func (m *Mapper) Refused(ref RowRef, p *problem.Problem) []RowError {
	if len(p.Errors) == 0 {
		return []RowError{{RowRef: ref, Reason: p.Message}}
	}
	list := make([]RowError, len(p.Errors))
	for i, e := range p.Errors {
		// body, instances, the instance's number, the field
		list[i] = RowError{RowRef: ref, Value: inputText(e.Input), Reason: e.Msg}
		if len(e.Loc) < 4 {
			continue
		}
		list[i].Target = problem.Path(e.Loc[3:])
		if f := m.Field(e.Loc[3]); f != nil {
			list[i].Field = f.columns()
			if f.link != "" {
				list[i].Value = strings.TrimPrefix(list[i].Value, f.link+"/")
			}
		}
	}
	return list
}

// inputText shows a refused value as a person would write it.
func inputText(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}
