package relations

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Severity says how bad an issue is.
type Severity string

// The severities, the worst first.
const (
	Critical Severity = "critical" // of a cycle only
	Error    Severity = "error"
	Warning  Severity = "warning"
	Info     Severity = "info"
)

// Issue is what is noticed about a relationship.
type Issue struct {
	Severity Severity
	Code     string // of the contract (bff-api 3.7)
	Class    string
	Field    string // of the relationship: predicate, target, label, cardinality, inverse_predicate
	Message  problem.Message
	Related  []string // predicates, or classes
}

var (
	textNoPredicate   = problem.Define("relations.no_predicate", "A relationship of '{class}' has no predicate", "'{class}' 클래스에 이름이 없는 관계가 있습니다.")
	textNoTarget      = problem.Define("relations.no_target", "'{predicate}' has no target class", "'{predicate}' 관계에 대상 클래스가 없습니다.")
	textNoLabel       = problem.Define("relations.no_label", "'{predicate}' has no label", "'{predicate}' 관계에 라벨이 없습니다.")
	textReservedWord  = problem.Define("relations.reserved", "'{predicate}' is reserved or no name; choose another predicate", "'{predicate}' 값은 예약어이거나 이름이 아닙니다. 다른 관계 이름을 쓰세요.")
	textCamel         = problem.Define("relations.camel", "'{predicate}' is not written in camelCase", "'{predicate}' 표기가 camelCase가 아닙니다.")
	textCardinality   = problem.Define("relations.cardinality", "The cardinality of '{predicate}' must be one of 1:1, 1:n, n:1, n:m", "'{predicate}' 관계의 카디널리티는 1:1, 1:n, n:1, n:m 중 하나여야 합니다.")
	textRecommended   = problem.Define("relations.recommended", "1:1, 1:n and n:m are the usual cardinalities; '{predicate}' has {cardinality}", "일반적인 카디널리티는 1:1, 1:n, n:m입니다. '{predicate}' 관계: {cardinality}")
	textTargetForm    = problem.Define("relations.target_form", "The target '{target}' of '{predicate}' is no class id", "'{predicate}' 관계의 대상 '{target}' 값은 클래스 ID가 아닙니다.")
	textUnknownTarget = problem.Define("relations.unknown_target", "The target class '{target}' of '{predicate}' does not exist", "'{predicate}' 관계의 대상 클래스 '{target}'이(가) 존재하지 않습니다.")
	textSelf          = problem.Define("relations.self", "'{predicate}' leads from '{class}' to itself", "'{predicate}' 관계가 '{class}' 클래스 자신을 가리킵니다.")
	textSelfOne       = problem.Define("relations.self_one", "'{predicate}' leads from '{class}' to itself with 1:1", "'{predicate}' 관계가 1:1로 '{class}' 클래스 자신을 가리킵니다.")
	textPairs         = problem.Define("relations.incompatible", "'{predicate}' ({forward}) and its inverse '{inverse}' ({backward}) contradict each other", "'{predicate}' ({forward}) 관계와 역관계 '{inverse}' ({backward})의 카디널리티가 모순됩니다.")
	textUnusual       = problem.Define("relations.unusual", "'{predicate}' ({forward}) and its inverse '{inverse}' ({backward}) are an unusual pair", "'{predicate}' ({forward}) 관계와 역관계 '{inverse}' ({backward})의 조합은 일반적이지 않습니다.")
	textInverseName   = problem.Define("relations.inverse_name", "The inverse '{inverse}' of '{predicate}' names '{back}' as its own inverse", "'{predicate}' 관계의 역관계 '{inverse}'이(가) 자신의 역관계로 '{back}'을(를) 지정합니다.")
	textInverseTarget = problem.Define("relations.inverse_target", "The inverse '{inverse}' of '{predicate}' leads to '{target}', not back to '{class}'", "'{predicate}' 관계의 역관계 '{inverse}'이(가) '{class}' 클래스가 아닌 '{target}' 클래스를 가리킵니다.")
	textTwice         = problem.Define("relations.twice", "'{predicate}' is declared twice", "'{predicate}' 관계가 두 번 선언되었습니다.")
	textTwiceTo       = problem.Define("relations.twice_to", "'{predicate}' to '{target}' is declared twice", "'{target}' 클래스로 가는 '{predicate}' 관계가 두 번 선언되었습니다.")
	textIsolated      = problem.Define("relations.isolated", "No relationship leads to '{class}'", "'{class}' 클래스로 향하는 관계가 없습니다.")
	textExternal      = problem.Define("relations.external", "'{predicate}' leads out of the schema, to '{target}'", "'{predicate}' 관계가 스키마 밖의 '{target}' 클래스를 가리킵니다.")
	textShared        = problem.Define("relations.shared", "The predicate '{predicate}' is used by several classes: {classes}", "'{predicate}' 관계 이름이 여러 클래스에서 쓰입니다: {classes}")
)

// reserved words cannot be predicates.
var reserved = []string{"id", "type", "class", "property", "relationship", "rdf", "rdfs", "owl", "xsd"}

var camelCase = regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)

// Validate looks at the relationships of one class. Known are the classes that exist; nil
// says that they are not known.
func Validate(class ontology.Class, known Schema) []Issue {
	v := validation{class: class, known: known}
	seen, seenTo := map[string]bool{}, map[[2]string]bool{}
	for _, r := range class.Relationships {
		v.names(r)
		v.cardinality(r)
		v.target(r)
		v.inverse(r)
		to := [2]string{r.Predicate, r.Target}
		switch {
		case seenTo[to]:
			v.add(Error, "DUPLICATE_RELATIONSHIP", "predicate", textTwiceTo.With("predicate", r.Predicate, "target", r.Target), r.Predicate)
		case seen[r.Predicate]:
			v.add(Error, "DUPLICATE_PREDICATE", "predicate", textTwice.With("predicate", r.Predicate), r.Predicate)
		}
		seen[r.Predicate], seenTo[to] = true, true
	}
	return v.issues
}

// Inverses compares the relationships of a class with those that they name as their way
// back, and those of other classes that name one of this class's. The class takes the
// place of the known one of its id.
func Inverses(class ontology.Class, known Schema) []Issue {
	v := validation{class: class, known: known}
	for _, r := range class.Relationships {
		v.inverse(r)
	}
	with := maps.Clone(known)
	with[class.ID] = class
	for _, id := range known.ids() {
		if id == class.ID {
			continue
		}
		other := validation{class: known[id], known: with}
		for _, r := range other.class.Relationships {
			if r.Target == class.ID && !judged(class, id, r) {
				other.inverse(r)
			}
		}
		v.issues = append(v.issues, other.issues...)
	}
	return v.issues
}

// judged reports whether the class itself names a relationship of another one as its
// way back, and is named by it: then both sides say the same.
func judged(class ontology.Class, other string, r ontology.Relationship) bool {
	return slices.ContainsFunc(class.Relationships, func(own ontology.Relationship) bool {
		return own.Target == other && own.InversePredicate != nil && *own.InversePredicate == r.Predicate && r.InversePredicate != nil && *r.InversePredicate == own.Predicate
	})
}

// ValidateAll looks at the relationships of a whole schema.
func ValidateAll(s Schema) []Issue {
	var issues []Issue
	users, targeted := map[string][]string{}, map[string]bool{}
	for _, id := range s.ids() {
		for _, r := range s[id].Relationships {
			users[r.Predicate] = append(users[r.Predicate], id)
			targeted[r.Target] = true
		}
	}
	for _, id := range s.ids() {
		class := s[id]
		issues = append(issues, Validate(class, nil)...)
		v := validation{class: class}
		for _, r := range class.Relationships {
			if _, ok := s[r.Target]; !ok {
				v.add(Warning, "EXTERNAL_CLASS_REFERENCE", "target", textExternal.With("predicate", r.Predicate, "target", r.Target), r.Target)
			} else if r.Target != id { // which Validate has seen
				v.known = s
				v.inverse(r)
			}
			if u := users[r.Predicate]; len(u) > 1 && u[0] == id {
				v.add(Warning, "GLOBAL_PREDICATE_CONFLICT", "predicate", textShared.With("predicate", r.Predicate, "classes", slices.Compact(u)), slices.Compact(u)...)
			}
		}
		if len(class.Relationships) > 0 && !targeted[id] {
			v.add(Info, "ISOLATED_CLASS", "relationships", textIsolated.With("class", id), id)
		}
		issues = append(issues, v.issues...)
	}
	return issues
}

type validation struct {
	class  ontology.Class
	known  Schema
	issues []Issue
}

func (v *validation) add(s Severity, code, field string, m problem.Message, related ...string) {
	v.issues = append(v.issues, Issue{Severity: s, Code: code, Class: v.class.ID, Field: field, Message: m, Related: related})
}

func (v *validation) names(r ontology.Relationship) {
	switch {
	case strings.TrimSpace(r.Predicate) == "":
		v.add(Error, "MISSING_PREDICATE", "predicate", textNoPredicate.With("class", v.class.ID))
	case ontology.CheckName(r.Predicate) != nil, slices.Contains(reserved, strings.ToLower(r.Predicate)):
		v.add(Error, "INVALID_PREDICATE_FORMAT", "predicate", textReservedWord.With("predicate", r.Predicate), r.Predicate)
	case !camelCase.MatchString(r.Predicate):
		v.add(Info, "PREDICATE_NAMING_CONVENTION", "predicate", textCamel.With("predicate", r.Predicate), r.Predicate)
	}
	switch {
	case len(r.Label) == 0:
		v.add(Warning, "MISSING_LABEL", "label", textNoLabel.With("predicate", r.Predicate), r.Predicate)
	case strings.TrimSpace(r.Label.In(problem.English)) == "":
		v.add(Warning, "EMPTY_LABEL", "label", textNoLabel.With("predicate", r.Predicate), r.Predicate)
	}
}

func (v *validation) cardinality(r ontology.Relationship) {
	c, ok := ontology.ParseCardinality(string(r.Cardinality))
	switch {
	case !ok:
		v.add(Error, "INVALID_CARDINALITY", "cardinality", textCardinality.With("predicate", r.Predicate), r.Predicate)
	case c == ontology.ManyToOne:
		v.add(Info, "CARDINALITY_RECOMMENDATION", "cardinality", textRecommended.With("predicate", r.Predicate, "cardinality", string(c)), r.Predicate)
	}
}

func (v *validation) target(r ontology.Relationship) {
	_, exists := v.known[r.Target]
	switch {
	case strings.TrimSpace(r.Target) == "":
		v.add(Error, "MISSING_TARGET", "target", textNoTarget.With("predicate", r.Predicate), r.Predicate)
	case ontology.CheckClassID(r.Target) != nil:
		v.add(Error, "INVALID_TARGET_FORMAT", "target", textTargetForm.With("predicate", r.Predicate, "target", r.Target), r.Target)
	case r.Target == v.class.ID:
		if r.Cardinality == ontology.OneToOne {
			v.add(Warning, "SELF_REFERENCE_ONE_TO_ONE", "target", textSelfOne.With("predicate", r.Predicate, "class", r.Target), r.Predicate)
		}
		v.add(Info, "SELF_REFERENCE_DETECTED", "target", textSelf.With("predicate", r.Predicate, "class", r.Target), r.Predicate)
	case v.known != nil && !exists:
		v.add(Warning, "UNKNOWN_TARGET_CLASS", "target", textUnknownTarget.With("predicate", r.Predicate, "target", r.Target), r.Target)
	}
}

// inverse compares a relationship with the one that its target declares as the way back.
func (v *validation) inverse(r ontology.Relationship) {
	if r.InversePredicate == nil {
		return
	}
	target, exists := v.known[r.Target]
	if r.Target == v.class.ID {
		target, exists = v.class, true
	}
	i := slices.IndexFunc(target.Relationships, func(b ontology.Relationship) bool { return b.Predicate == *r.InversePredicate })
	if !exists || i < 0 {
		return
	}
	back := target.Relationships[i]
	pair := []any{"predicate", r.Predicate, "inverse", back.Predicate, "forward", string(r.Cardinality), "backward", string(back.Cardinality)}
	if back.InversePredicate != nil && *back.InversePredicate != r.Predicate {
		v.add(Error, "MISMATCHED_INVERSE_PREDICATE", "inverse_predicate", textInverseName.With("inverse", back.Predicate, "predicate", r.Predicate, "back", *back.InversePredicate), r.Predicate, back.Predicate)
	}
	if back.Target != v.class.ID {
		v.add(Error, "TARGET_MISMATCH", "inverse_predicate", textInverseTarget.With("inverse", back.Predicate, "predicate", r.Predicate, "target", back.Target, "class", v.class.ID), r.Predicate, back.Predicate)
	}
	switch {
	case incompatible(r.Cardinality, back.Cardinality):
		v.add(Error, "INCOMPATIBLE_CARDINALITIES", "cardinality", textPairs.With(pair...), r.Predicate, back.Predicate)
	case back.Cardinality != inverse(r.Cardinality):
		v.add(Warning, "UNUSUAL_CARDINALITY_PAIR", "cardinality", textUnusual.With(pair...), r.Predicate, back.Predicate)
	}
}

// incompatible reports whether a relationship and its inverse cannot both be true.
func incompatible(forward, backward ontology.Cardinality) bool {
	switch forward {
	case ontology.OneToOne, ontology.ManyToMany:
		return backward != forward
	}
	return backward == forward || backward == ontology.ManyToMany
}
