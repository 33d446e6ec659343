package instance

import (
	"reflect"
	"slices"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// Reason says why a stored instance does not fit a changed class.
type Reason string

// The reasons.
const (
	Removed  Reason = "removed"  // the class has the field no more, the instance has a value
	Required Reason = "required" // the field is required now, the instance has no value
	Invalid  Reason = "invalid"  // the value is not valid any more, or has another normal form
	Key      Reason = "key"      // the key gives the instance another id
	Abstract Reason = "abstract" // the class has no instances any more
)

// Broken is a field of a stored instance that does not fit. The field is empty where the
// whole instance does not.
type Broken struct {
	Field  string
	Reason Reason
}

// Change compares the instances that were stored under one state of a class with another
// state. Only what changed is looked at: a value that was odd before breaks nothing.
type Change struct {
	after    *ontology.Schema
	abstract bool
	key      []string
	removed  []string
	required []string
	values   []string
}

// NewChange compares two states of a class, each with what it inherits. It is nil if no
// instance can break.
func NewChange(before, after *ontology.Schema) *Change {
	c := &Change{after: after, abstract: after.Class.Abstract && !before.Class.Abstract}
	if key := after.Key(); len(key) > 0 && !slices.Equal(key, before.Key()) {
		c.key = key
	}
	for _, p := range before.Class.Properties {
		now, ok := after.Class.Property(p.Name)
		switch _, isLink := after.Relationship(p.Name); {
		case !ok && !isLink:
			c.removed = append(c.removed, p.Name)
		case isLink, now.Type != p.Type, !reflect.DeepEqual(now.Constraints, p.Constraints):
			c.values = append(c.values, p.Name)
		}
	}
	for _, r := range before.Class.Relationships {
		now, ok := after.Relationship(r.Predicate)
		_, isProperty := after.Rule(r.Predicate)
		switch {
		case !ok && !isProperty:
			c.removed = append(c.removed, r.Predicate)
		case isProperty, now.Target != r.Target, now.Cardinality.IsMany() != r.Cardinality.IsMany():
			c.values = append(c.values, r.Predicate)
		}
	}
	for _, p := range after.Class.Properties {
		old, _ := before.Class.Property(p.Name)
		if _, hasDefault := after.Default(p.Name); p.IsRequired() && !hasDefault && !old.IsRequired() {
			c.required = append(c.required, p.Name)
		}
	}
	for _, r := range after.Class.Relationships {
		if old, _ := before.Relationship(r.Predicate); r.Required && !old.Required {
			c.required = append(c.required, r.Predicate)
		}
	}
	if !c.abstract && len(c.key)+len(c.removed)+len(c.required)+len(c.values) == 0 {
		return nil
	}
	return c
}

// Check names what does not fit in a stored instance.
func (c *Change) Check(id string, data map[string]any) []Broken {
	var out []Broken
	if c.abstract {
		out = append(out, Broken{Reason: Abstract})
	}
	for _, name := range c.removed {
		if data[name] != nil {
			out = append(out, Broken{name, Removed})
		}
	}
	for _, name := range c.required {
		if data[name] == nil {
			out = append(out, Broken{name, Required})
		}
	}
	for _, name := range c.values {
		v := data[name]
		if v == nil {
			continue
		}
		if normal, errs := normalizeField(c.after, name, v, nil); len(errs) > 0 || !strictjson.Equal(normal, v) {
			out = append(out, Broken{name, Invalid})
		}
	}
	if len(c.key) > 0 {
		if now, errs := KeyID(c.key, data); len(errs) > 0 || now != id {
			out = append(out, Broken{c.key[0], Key})
		}
	}
	return out
}

var brokenTexts = map[Reason]*problem.Text{
	Removed:  problem.Define("instance.break.removed", "{count} stored instances of '{class}' have a value of '{field}', which the class would have no more", "'{class}' 클래스의 저장된 인스턴스 {count}개에 제거될 '{field}' 값이 있습니다."),
	Required: problem.Define("instance.break.required", "{count} stored instances of '{class}' have no value of '{field}', which would be required", "'{class}' 클래스의 저장된 인스턴스 {count}개에 필수가 될 '{field}' 값이 없습니다."),
	Invalid:  problem.Define("instance.break.invalid", "{count} stored instances of '{class}' have a value of '{field}' that would not be valid", "'{class}' 클래스의 저장된 인스턴스 {count}개의 '{field}' 값이 더 이상 유효하지 않게 됩니다."),
	Key:      problem.Define("instance.break.key", "{count} stored instances of '{class}' have another id than the key '{field}' would give them", "'{class}' 클래스의 저장된 인스턴스 {count}개의 ID가 새 키 '{field}' 값과 다릅니다."),
	Abstract: problem.Define("instance.break.abstract", "'{class}' has {count} stored instances and cannot become abstract", "'{class}' 클래스에 저장된 인스턴스가 {count}개 있어 추상 클래스가 될 수 없습니다."),
}

// Text says it for a number of instances of a class.
func (b Broken) Text(class string, count int) problem.Message {
	return brokenTexts[b.Reason].With("class", class, "field", b.Field, "count", count)
}
