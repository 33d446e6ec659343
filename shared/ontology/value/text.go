package value

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textLexical    = problem.Define("value.lexical", "Input should have the form of {type}, such as {example}", "{type} 형식이어야 합니다. 예: {example}")
	textConvention = problem.Define("value.convention", "Input should be written in {convention}", "{convention} 표기법이어야 합니다.")
)

var textSpecs = map[string]*spec{
	"xsd:string":       {group: groupText, build: simple(normalizeText), sortKey: textKey},
	"text":             {group: groupText, build: simple(normalizeText), sortKey: textKey},
	"name":             {group: groupText, build: buildName, sortKey: textKey},
	"xsd:boolean":      {build: simple(normalizeBool), sortKey: boolKey},
	"xsd:base64Binary": {group: groupText, build: simple(decodes("xsd:base64Binary", "U1BJQ0U=", base64.StdEncoding.Strict().DecodeString)), sortKey: textKey},
	"xsd:hexBinary":    {group: groupText, build: simple(decodes("xsd:hexBinary", "0FB7", hex.DecodeString)), sortKey: textKey},
	"xsd:duration":     {group: groupText, build: simple(lexical("xsd:duration", "P1Y2M3DT4H5M6S", `-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?`, endsInNumber)), sortKey: textKey},
	"xsd:gYear":        {group: groupText, build: simple(lexical("xsd:gYear", "2024", `-?\d{4,}`+zone)), sortKey: textKey},
	"xsd:gYearMonth":   {group: groupText, build: simple(lexical("xsd:gYearMonth", "2024-07", `-?\d{4,}-(0[1-9]|1[0-2])`+zone)), sortKey: textKey},
	"xsd:gMonth":       {group: groupText, build: simple(lexical("xsd:gMonth", "--07", `--(0[1-9]|1[0-2])`+zone)), sortKey: textKey},
	"xsd:gDay":         {group: groupText, build: simple(lexical("xsd:gDay", "---31", `---(0[1-9]|[12]\d|3[01])`+zone)), sortKey: textKey},
	"xsd:gMonthDay":    {group: groupText, build: simple(lexical("xsd:gMonthDay", "--07-31", `--(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`+zone)), sortKey: textKey},
}

// zone is the optional time zone of XML Schema's date types.
const zone = `(Z|[+-]\d{2}:\d{2})?`

// normalizeText takes any string as it is.
func normalizeText(v any) (any, *fault) {
	if _, ok := v.(string); !ok {
		return nil, wrongType(problem.TypeString)
	}
	return v, nil
}

// normalizeBool takes true and false only: neither 1 nor "yes".
func normalizeBool(v any) (any, *fault) {
	if _, ok := v.(bool); !ok {
		return nil, wrongType(problem.TypeBool)
	}
	return v, nil
}

// lexical accepts strings of a form and keeps them as they are.
func lexical(name, example, pattern string, also ...func(string) bool) func(any) (any, *fault) {
	re := regexp.MustCompile("^(?:" + pattern + ")$")
	return func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		ok = re.MatchString(s)
		for _, f := range also {
			ok = ok && f(s)
		}
		if !ok {
			return nil, invalid(textLexical, "type", name, "example", example)
		}
		return s, nil
	}
}

// endsInNumber refuses a duration without any part: "P", "PT", "P1DT".
func endsInNumber(s string) bool { return !strings.HasSuffix(s, "P") && !strings.HasSuffix(s, "T") }

// decodes accepts strings that a decoder understands and keeps them as they are.
func decodes(name, example string, decode func(string) ([]byte, error)) func(any) (any, *fault) {
	return func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		if _, err := decode(s); err != nil {
			return nil, invalid(textLexical, "type", name, "example", example)
		}
		return s, nil
	}
}

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

// buildName is a string that may have to follow a convention.
func buildName(p *params) normalizer {
	convention := p.text("convention")
	re := conventions[convention]
	if convention != "" && re == nil {
		p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, "convention"), textBadConstraint.With("key", "convention"), convention))
	}
	return scalar(func(v any) (any, *fault) {
		out, bad := normalizeText(v)
		if bad == nil && re != nil && !re.MatchString(out.(string)) {
			return nil, invalid(textConvention, "convention", convention)
		}
		return out, bad
	})
}
