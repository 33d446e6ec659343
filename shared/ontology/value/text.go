package value

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

var textLexical = problem.Define("value.lexical", "Input should have the form of {type}, such as {example}", "{type} 형식이어야 합니다. 예: {example}")

var textSpecs = map[string]*spec{
	"xsd:string":       {group: groupText, build: buildText, sortKey: textKey},
	"text":             {group: groupText, build: buildText, sortKey: textKey},
	"name":             {group: groupText, build: buildName, sortKey: textKey},
	"database_name":    {group: groupText, build: nameType("database_name"), sortKey: textKey},
	"class_id":         {group: groupText, build: nameType("class_id"), sortKey: textKey},
	"branch_name":      {group: groupText, build: nameType("branch_name"), sortKey: textKey},
	"predicate":        {group: groupText, build: nameType("predicate"), sortKey: textKey},
	"identifier":       {group: groupText, build: nameType("identifier"), sortKey: textKey},
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

var (
	textBlacklist = problem.Define("value.blacklist", "Input must not contain '{word}'", "'{word}' 값을 포함할 수 없습니다.")
	textWhitelist = problem.Define("value.whitelist", "Input should be one of: {words}", "다음 중 하나여야 합니다: {words}")
)

// buildText takes any string. It is changed only where the constraints say so: trim,
// toLowerCase, toUpperCase. What blacklist names must not stand in it; whitelist names
// all that it can be.
func buildText(p *params) normalizer {
	trim, lower, upper := p.flag("trim", false), p.flag("toLowerCase", false), p.flag("toUpperCase", false)
	if lower && upper {
		p.errs.Add(problem.TypeValue, problem.At(p.loc), textContradiction.With("low", "toLowerCase", "high", "toUpperCase"))
	}
	black, white := p.texts("blacklist"), p.texts("whitelist")
	return scalar(func(v any) (any, *fault) {
		if _, bad := normalizeText(v); bad != nil {
			return nil, bad
		}
		s := v.(string)
		if trim {
			s = strings.TrimSpace(s)
		}
		switch {
		case lower:
			s = strings.ToLower(s)
		case upper:
			s = strings.ToUpper(s)
		}
		for _, word := range black {
			if word != "" && strings.Contains(s, word) {
				return nil, invalid(textBlacklist, "word", word)
			}
		}
		if len(white) > 0 && !slices.Contains(white, s) {
			return nil, invalid(textWhitelist, "words", white)
		}
		return s, nil
	})
}

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
