package value

import (
	"regexp"
	"slices"

	"spiceharvester/shared/problem"
)

var (
	textConvention = problem.Define("value.convention", "Input should be written in {convention}", "{convention} 표기법이어야 합니다.")
	textNameType   = problem.Define("value.name_type", "Input should be a valid {type}", "올바른 {type} 형식이어야 합니다.")
	textForbidden  = problem.Define("value.name_forbidden", "Input must not match the pattern '{pattern}'", "'{pattern}' 패턴과 일치하면 안 됩니다.")
	textReserved   = problem.Define("value.name_reserved", "'{name}' is a reserved word", "'{name}' 값은 예약어입니다.")
)

// conventions are the ways of writing names that "convention" can ask for.
var conventions = map[string]*regexp.Regexp{
	"camelCase":        regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`),
	"PascalCase":       regexp.MustCompile(`^[A-Z][a-zA-Z0-9]*$`),
	"snake_case":       regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`),
	"kebab-case":       regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`),
	"UPPER_SNAKE_CASE": regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`),
	"lowercase":        regexp.MustCompile(`^[a-z][a-z0-9]*$`),
	"UPPERCASE":        regexp.MustCompile(`^[A-Z][A-Z0-9]*$`),
	"dot.notation":     regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(\.[a-zA-Z0-9]+)*$`),
	"path/notation":    regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9]*(/[a-zA-Z0-9]+)*$`),
}

// nameTypes are the kinds of names that the constraint "type" can ask for. Five of them
// are types of their own. They are looser than what ids of this system must be.
var nameTypes = map[string]*regexp.Regexp{
	"database_name": regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_-]*$`),
	"class_id":      regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_:-]*$`),
	"branch_name":   regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_./-]*$`),
	"predicate":     regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_:]*$`),
	"identifier":    regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`),
	"slug":          regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`),
	"filename":      regexp.MustCompile(`^[^<>:"/\\|?*\x00-\x1f]+$`),
	"variable":      regexp.MustCompile(`^[a-zA-Z_$][a-zA-Z0-9_$]*$`),
}

// nameType is the build function of a type that is a kind of name.
func nameType(kind string) func(*params) normalizer {
	return func(p *params) normalizer { return buildNameOf(p, kind) }
}

// buildName is a string that may have to be of a kind or follow a convention.
func buildName(p *params) normalizer { return buildNameOf(p, p.text("type")) }

// buildNameOf checks one form: that of the kind, else the pattern (which is a general
// constraint of texts), else that of the convention.
func buildNameOf(p *params, kind string) normalizer {
	convention, words := p.text("convention"), p.texts("reservedWords")
	re, text, shown := conventions[convention], textConvention.With("convention", convention), ""
	if convention != "" && re == nil {
		p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, "convention"), textBadConstraint.With("key", "convention"), convention))
	}
	if s, _ := p.raw["pattern"].(string); s != "" {
		re = nil
	}
	if kind != "" {
		re, text, shown = nameTypes[kind], textNameType.With("type", kind), kind
		if re == nil {
			p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, "type"), textBadConstraint.With("key", "type"), kind))
		}
		p.ignorePattern = shown != ""
	}
	forbidden := p.patterns("forbiddenPatterns")
	return scalar(func(v any) (any, *fault) {
		out, bad := normalizeText(v)
		if bad != nil {
			return nil, bad
		}
		s := out.(string)
		if re != nil && !re.MatchString(s) {
			return nil, &fault{problem.TypeValue, text}
		}
		for _, f := range forbidden {
			if f.MatchString(s) {
				return nil, invalid(textForbidden, "pattern", f.String())
			}
		}
		if slices.Contains(words, s) {
			return nil, invalid(textReserved, "name", s)
		}
		return s, nil
	})
}

// patterns reads a list of regular expressions.
func (p *params) patterns(key string) []*regexp.Regexp {
	var out []*regexp.Regexp
	for i, s := range p.texts(key) {
		re, err := regexp.Compile(s)
		if err != nil {
			p.errs.AddValue(problem.TypeValue, problem.At(p.loc, key, i), textBadConstraint.With("key", key), s)
			continue
		}
		out = append(out, re)
	}
	return out
}
