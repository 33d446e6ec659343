package ontology

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

// LintOptions are the switches of the linter.
type LintOptions struct {
	RequirePrimaryKey       bool // ONTOLOGY_REQUIRE_PRIMARY_KEY
	AllowImplicitPrimaryKey bool // ONTOLOGY_ALLOW_IMPLICIT_PRIMARY_KEY
	BlockEventLike          bool // ONTOLOGY_BLOCK_EVENT_LIKE_CLASS
	EnforceSnakeCase        bool // ONTOLOGY_ENFORCE_SNAKE_CASE_FIELDS
}

// Severity says how bad a lint issue is. An error stops the declaration.
type Severity string

// The severities.
const (
	LintError   Severity = "error"
	LintWarning Severity = "warning"
	LintInfo    Severity = "info"
)

// Issue is what the linter found. RuleID is one of the contract's (bff-api 3.6), REL_ and
// a code of the relationship validator (3.7), or ONT040, which is ours: a constraint that
// nothing enforces.
type Issue struct {
	Severity   Severity
	RuleID     string
	Message    problem.Message
	Path       string
	Loc        []any // of the field in the request, if a refusal names it; nil else
	Suggestion problem.Message
	Rationale  problem.Message
	Metadata   map[string]any
}

var (
	lintNoKey       = problem.Define("lint.ONT001", "The class has no primary key", "클래스에 기본 키가 없습니다.")
	fixNoKey        = problem.Define("lint.ONT001.fix", "Mark a property with primary_key: true", "속성 하나에 primary_key: true를 지정하세요.")
	whyNoKey        = problem.Define("lint.ONT001.why", "The key is the identity of an instance", "기본 키는 인스턴스의 식별자입니다.")
	lintImplicit    = problem.Define("lint.ONT002", "The primary key is not declared: {candidates}", "기본 키가 선언되지 않았습니다: {candidates}")
	whyImplicit     = problem.Define("lint.ONT002.why", "Without a declared key only '{implicit}' identifies an instance; any other id is generated", "선언된 키가 없으면 '{implicit}' 속성만 인스턴스를 식별하며, 그 외에는 ID가 생성됩니다.")
	lintCandidates  = problem.Define("lint.ONT003", "Several properties look like a primary key: {candidates}", "기본 키로 보이는 속성이 여러 개입니다: {candidates}")
	lintClassID     = problem.Define("lint.ONT010", "The class id '{id}' is not in snake_case", "클래스 ID '{id}' 표기가 snake_case가 아닙니다.")
	lintEventLike   = problem.Define("lint.ONT020", "'{name}' looks like an event or a state, not like a thing", "'{name}' 이름은 사물이 아니라 이벤트나 상태로 보입니다.")
	fixEventLike    = problem.Define("lint.ONT020.fix", "Make it a property or a relationship of the thing it is about", "해당 사물의 속성이나 관계로 만드세요.")
	lintProperty    = problem.Define("lint.ONT030", "The property '{name}' is not in snake_case", "속성 '{name}' 표기가 snake_case가 아닙니다.")
	lintPredicate   = problem.Define("lint.ONT031", "The predicate '{name}' is not in snake_case", "관계 '{name}' 표기가 snake_case가 아닙니다.")
	fixSnake        = problem.Define("lint.snake.fix", "Use lower case letters, digits and '_'", "소문자, 숫자, '_'만 사용하세요.")
	lintUnenforced  = problem.Define("lint.ONT040", "Nothing enforces these constraints of '{name}': {constraints}", "'{name}' 속성의 다음 제약 조건은 적용되지 않습니다: {constraints}")
	lintRemoved     = problem.Define("lint.ONT901", "The update removes properties: {names}", "업데이트가 속성을 제거합니다: {names}")
	lintTypeChange  = problem.Define("lint.ONT902", "The update changes the type of properties: {names}", "업데이트가 속성 형식을 변경합니다: {names}")
	lintReqChange   = problem.Define("lint.ONT903", "The update changes whether properties are required: {names}", "업데이트가 속성의 필수 여부를 변경합니다: {names}")
	lintKeyLost     = problem.Define("lint.ONT920", "The update leaves the class without a primary key", "업데이트 후 클래스에 기본 키가 남지 않습니다.")
	whyStoredValues = problem.Define("lint.update.why", "Instances that exist were stored under the old definition", "기존 인스턴스는 이전 정의로 저장되어 있습니다.")
)

var (
	snakeCase = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	separator = regexp.MustCompile(`[\s\-_./]+`)
)

var eventWords = strings.Fields("status state event log history audit changed change updated created deleted processing completed cancelled canceled delayed")

var koreanEventWords = []string{"상태", "이력", "로그", "변경", "처리", "완료", "취소", "지연", "진행중"}

// Lint checks the style of a class that is valid. Whole is the class with what it
// inherits: the key may be its parent's.
func Lint(c, whole Class, opt LintOptions) LintReport {
	issues := lintKey(whole, opt)
	if !snakeCase.MatchString(c.ID) {
		issues = append(issues, Issue{Severity: LintWarning, RuleID: "ONT010", Path: "id",
			Message: lintClassID.With("id", c.ID), Suggestion: fixSnake.With()})
	}
	if name := eventLike(c); name != "" {
		severity := LintWarning
		if opt.BlockEventLike {
			severity = LintError
		}
		issues = append(issues, Issue{Severity: severity, RuleID: "ONT020", Path: "label",
			Message: lintEventLike.With("name", name), Suggestion: fixEventLike.With()})
	}
	if opt.EnforceSnakeCase {
		issues = append(issues, lintFields(c)...)
	}
	return NewReport(append(issues, lintConstraints(c)...))
}

// implicitKeys are the properties that look like a key.
func implicitKeys(c Class) []string {
	var names []string
	for _, p := range c.Properties {
		if p.Name == c.ImplicitKey() || strings.HasSuffix(p.Name, "_id") {
			names = append(names, p.Name)
		}
	}
	return names
}

func lintKey(c Class, opt LintOptions) []Issue {
	if c.Abstract || !opt.RequirePrimaryKey || len(c.PrimaryKey()) > 0 {
		return nil
	}
	candidates := implicitKeys(c)
	if !opt.AllowImplicitPrimaryKey || len(candidates) == 0 {
		return []Issue{{Severity: LintError, RuleID: "ONT001", Path: "properties",
			Message: lintNoKey.With(), Suggestion: fixNoKey.With(), Rationale: whyNoKey.With()}}
	}
	found := map[string]any{"candidates": candidates}
	issues := []Issue{{Severity: LintWarning, RuleID: "ONT002", Path: "properties", Message: lintImplicit.With("candidates", candidates),
		Suggestion: fixNoKey.With(), Rationale: whyImplicit.With("implicit", c.ImplicitKey()), Metadata: found}}
	if len(candidates) > 1 {
		issues = append(issues, Issue{Severity: LintWarning, RuleID: "ONT003", Path: "properties",
			Message: lintCandidates.With("candidates", candidates), Suggestion: fixNoKey.With(), Metadata: found})
	}
	return issues
}

// eventLike returns the id or label that names an event or a state.
func eventLike(c Class) string {
	names := []string{c.ID, c.Label.In(problem.English), c.Label.In(problem.Korean)}
	for _, name := range names {
		for _, word := range separator.Split(strings.ToLower(name), -1) {
			korean := func(w string) bool { return strings.Contains(word, w) }
			if slices.Contains(eventWords, word) || slices.ContainsFunc(koreanEventWords, korean) ||
				strings.HasSuffix(word, "됨") || strings.HasSuffix(word, "중") {
				return name
			}
		}
	}
	return ""
}

func lintFields(c Class) []Issue {
	var issues []Issue
	for i, p := range c.Properties {
		if !snakeCase.MatchString(p.Name) {
			issues = append(issues, Issue{Severity: LintWarning, RuleID: "ONT030", Path: fmt.Sprintf("properties[%d].name", i),
				Message: lintProperty.With("name", p.Name), Suggestion: fixSnake.With()})
		}
	}
	for i, r := range c.Relationships {
		if !snakeCase.MatchString(r.Predicate) {
			issues = append(issues, Issue{Severity: LintWarning, RuleID: "ONT031", Path: fmt.Sprintf("relationships[%d].predicate", i),
				Message: lintPredicate.With("name", r.Predicate), Suggestion: fixSnake.With()})
		}
	}
	return issues
}

// lintConstraints tells which constraints are kept but never checked.
func lintConstraints(c Class) []Issue {
	var issues []Issue
	for i, p := range c.Properties {
		typ, err := value.ParseType(p.Type)
		if err != nil {
			continue
		}
		rule, _ := value.Compile(typ, p.Constraints, nil)
		if names := rule.Unenforced(); len(names) > 0 {
			issues = append(issues, Issue{Severity: LintInfo, RuleID: "ONT040", Path: fmt.Sprintf("properties[%d].constraints", i),
				Message: lintUnenforced.With("name", p.Name, "constraints", names), Metadata: map[string]any{"constraints": names}})
		}
	}
	return issues
}
