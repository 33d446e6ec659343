package ontology

import (
	"slices"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

var (
	textNoID       = problem.Define("ontology.no_id", "Ontology ID is required", "온톨로지 ID가 필요합니다.")
	textOwnParent  = problem.Define("ontology.own_parent", "A class cannot be its own parent", "클래스는 자신의 부모가 될 수 없습니다.")
	textTwiceName  = problem.Define("ontology.duplicate_property", "Duplicate property name: '{name}'", "중복된 속성 이름: '{name}'")
	textTwicePred  = problem.Define("ontology.duplicate_predicate", "Duplicate relationship predicate: '{name}'", "중복된 관계 이름: '{name}'")
	textNameIsPred = problem.Define("ontology.name_is_predicate", "'{name}' is the name of a property and of a relationship", "'{name}' 이름이 속성과 관계에 모두 쓰였습니다.")
	textKeyType    = problem.Define("ontology.key_type", "A value of type {type} cannot be part of the primary key", "{type} 형식은 기본 키가 될 수 없습니다.")
	textKeyDefault = problem.Define("ontology.key_default", "A key property cannot have a default: every instance would be the same", "기본 키 속성에는 기본값을 둘 수 없습니다.")
	textTarget     = problem.Define("ontology.target", "The target class '{target}' is no class id", "'{target}' 값은 클래스 ID가 아닙니다.")
)

// Schema is a class made ready to check instances. It holds no state and may be used by
// many goroutines.
type Schema struct {
	Class    Class
	rules    map[string]*value.Rule
	defaults map[string]any
	links    map[string]Relationship
	descends func(class, ancestor string) bool
}

// WithFamily returns the schema for payloads whose links lead to instances of classes
// that inherit from a target: descends tells which do. Without it a link leads to
// instances of the target class itself.
func (s *Schema) WithFamily(descends func(class, ancestor string) bool) *Schema {
	t := *s
	t.descends = descends
	return &t
}

// LinksTo reports whether a relationship can lead to an instance of a class.
func (s *Schema) LinksTo(r Relationship, class string) bool {
	return class == r.Target || s.descends != nil && s.descends(class, r.Target)
}

// Compile checks the rules of a class and prepares it. The errors name the fields below
// loc.
func Compile(c Class, loc ...any) (*Schema, problem.FieldErrors) {
	var errs problem.FieldErrors
	s := &Schema{Class: c, rules: map[string]*value.Rule{}, defaults: map[string]any{}, links: map[string]Relationship{}}
	refuse := func(err error, input any, at ...any) {
		if err != nil {
			errs = append(errs, problem.InvalidValue(problem.At(loc, at...), problem.MessageOf(err), input))
		}
	}
	if c.ID == "" {
		refuse(textNoID.With(), nil, "id")
	} else {
		refuse(CheckClassID(c.ID), c.ID, "id")
	}
	if c.Label.isBlank() {
		refuse(textBlankLabel.With(), nil, "label")
	}
	if c.ParentClass != nil {
		refuse(CheckClassID(*c.ParentClass), *c.ParentClass, "parent_class")
		if *c.ParentClass == c.ID {
			refuse(textOwnParent.With(), c.ID, "parent_class")
		}
	}
	for i, p := range c.Properties {
		errs = append(errs, s.addProperty(p, placeOf(p.loc, loc, "properties", i))...)
	}
	for i, r := range c.Relationships {
		errs = append(errs, s.addRelationship(r, placeOf(r.loc, loc, "relationships", i))...)
	}
	s.Class = c.withoutPlaces()
	return s, errs
}

// placeOf is where a declaration stood in the request, or where it stands in the class.
func placeOf(sent, loc []any, list string, i int) []any {
	if sent != nil {
		return sent
	}
	return problem.At(loc, list, i)
}

// withoutPlaces forgets where the declarations stood.
func (c Class) withoutPlaces() Class {
	c.Properties, c.Relationships = slices.Clone(c.Properties), slices.Clone(c.Relationships)
	for i := range c.Properties {
		c.Properties[i].loc = nil
	}
	for i := range c.Relationships {
		c.Relationships[i].loc = nil
	}
	c.fill()
	return c
}

// Declare reads and compiles a declaration: [ParseClass], then [Compile]. One list
// names everything that is wrong, each place once.
func Declare(obj map[string]any, opt Options, loc ...any) (*Schema, problem.FieldErrors) {
	c, errs := ParseClass(obj, opt, loc...)
	reported := map[string]bool{}
	for _, e := range errs {
		reported[problem.Path(e.Loc)] = true
	}
	s, more := Compile(c, loc...)
	for _, e := range more {
		if !reported[problem.Path(e.Loc)] {
			errs = append(errs, e)
		}
	}
	return s, errs
}

func (s *Schema) addProperty(p Property, loc []any) problem.FieldErrors {
	var errs problem.FieldErrors
	refuse := func(err error, input any, key string) {
		if err != nil {
			errs = append(errs, problem.InvalidValue(problem.At(loc, key), problem.MessageOf(err), input))
		}
	}
	refuse(CheckName(p.Name), p.Name, "name")
	if _, twice := s.rules[p.Name]; twice {
		refuse(textTwiceName.With("name", p.Name), p.Name, "name")
	}
	typ, err := value.ParseType(p.Type)
	if err != nil {
		s.rules[p.Name] = nil
		refuse(err, p.Type, "type")
		return errs
	}
	rule, bad := value.Compile(typ, p.Constraints, problem.At(loc, "constraints"))
	errs = append(errs, bad...)
	s.rules[p.Name] = rule
	if p.PrimaryKey && !typ.Identifies() {
		refuse(textKeyType.With("type", typ.String()), p.Type, "type")
	}
	if p.PrimaryKey && p.Default != nil {
		refuse(textKeyDefault.With(), p.Default, "default")
	}
	if p.Default != nil && len(bad) == 0 {
		normal, bad := rule.Normalize(p.Default, problem.At(loc, "default"))
		errs = append(errs, bad...)
		if len(bad) == 0 {
			s.defaults[p.Name] = normal
		}
	}
	return errs
}

func (s *Schema) addRelationship(r Relationship, loc []any) problem.FieldErrors {
	var errs problem.FieldErrors
	refuse := func(err error, input any, key string) {
		if err != nil {
			errs = append(errs, problem.InvalidValue(problem.At(loc, key), problem.MessageOf(err), input))
		}
	}
	refuse(CheckName(r.Predicate), r.Predicate, "predicate")
	if CheckClassID(r.Target) != nil {
		refuse(textTarget.With("target", r.Target), r.Target, "target")
	}
	if c, known := ParseCardinality(string(r.Cardinality)); !known || c != r.Cardinality {
		refuse(textCardinality.With(), r.Cardinality, "cardinality")
	}
	if _, twice := s.links[r.Predicate]; twice {
		refuse(textTwicePred.With("name", r.Predicate), r.Predicate, "predicate")
	}
	if _, taken := s.rules[r.Predicate]; taken {
		refuse(textNameIsPred.With("name", r.Predicate), r.Predicate, "predicate")
	}
	s.links[r.Predicate] = r
	return errs
}

// Rule returns the rule of a property.
func (s *Schema) Rule(name string) (*value.Rule, bool) {
	r, ok := s.rules[name]
	return r, ok
}

// Default returns the default of a property in normal form.
func (s *Schema) Default(name string) (any, bool) {
	v, ok := s.defaults[name]
	return v, ok
}

// Relationship returns the relationship of a predicate.
func (s *Schema) Relationship(predicate string) (Relationship, bool) {
	r, ok := s.links[predicate]
	return r, ok
}

// IsRequired reports whether instances must have a property: it says so, or it is part of
// the key.
func (p Property) IsRequired() bool { return p.Required || p.PrimaryKey }

// Key returns the names of the properties whose values make the instance id: the
// declared key, else the implicit key if the class has that property and its type can
// identify. None means that ids are generated. A foreign key is never taken.
func (s *Schema) Key() []string {
	if declared := s.Class.PrimaryKey(); len(declared) > 0 {
		return declared
	}
	implicit := s.Class.ImplicitKey()
	if rule, ok := s.rules[implicit]; ok && rule.Type().Identifies() {
		return []string{implicit}
	}
	return nil
}

// HasDeclaredKey reports whether the class declares its primary key.
func (s *Schema) HasDeclaredKey() bool { return len(s.Class.PrimaryKey()) > 0 }
