package value

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

var (
	textBadConstraint = problem.Define("constraint.bad", "The constraint {key} cannot be understood", "{key} 제약 조건을 해석할 수 없습니다.")
	textContradiction = problem.Define("constraint.contradiction", "The constraints contradict each other: {low} > {high}", "제약 조건이 서로 모순됩니다: {low} > {high}")

	textTooSmall   = problem.Define("constraint.too_small", "Value too small: it must be {relation} {limit}", "값이 너무 작습니다. 조건: {relation} {limit}")
	textTooLarge   = problem.Define("constraint.too_large", "Value too large: it must be {relation} {limit}", "값이 너무 큽니다. 조건: {relation} {limit}")
	textMultiple   = problem.Define("constraint.multiple_of", "Value must be a multiple of {step}", "값은 {step}의 배수여야 합니다.")
	textPrecision  = problem.Define("constraint.precision", "Value may have at most {limit} decimal places", "소수 자릿수는 최대 {limit}자리입니다.")
	textShort      = problem.Define("constraint.too_short", "String too short: {length} < {limit}", "문자열이 너무 짧습니다: {length} < {limit}")
	textLong       = problem.Define("constraint.too_long", "String too long: {length} > {limit}", "문자열이 너무 깁니다: {length} > {limit}")
	textPattern    = problem.Define("constraint.pattern", "String should match the pattern '{pattern}'", "'{pattern}' 패턴과 일치해야 합니다.")
	textFormat     = problem.Define("constraint.format", "String should have the format {format}", "{format} 형식이어야 합니다.")
	textBadFormat  = problem.Define("constraint.unknown_format", "Unknown format: {format}", "알 수 없는 형식: {format}")
	textCase       = problem.Define("constraint.case", "String should be {case}", "{case} 형태여야 합니다.")
	textChars      = problem.Define("constraint.allowed_chars", "String may only hold the characters '{chars}'", "'{chars}' 문자만 쓸 수 있습니다.")
	textFew        = problem.Define("constraint.too_few", "Too few items: {length} < {limit}", "항목이 너무 적습니다: {length} < {limit}")
	textMany       = problem.Define("constraint.too_many", "Too many items: {length} > {limit}", "항목이 너무 많습니다: {length} > {limit}")
	textDuplicates = problem.Define("constraint.duplicates", "Collection contains duplicate items", "목록에 중복된 항목이 있습니다.")
	textContains   = problem.Define("constraint.contains", "Collection must contain {item}", "목록에 {item} 항목이 있어야 합니다.")
	textNotContain = problem.Define("constraint.not_contains", "Collection must not contain {item}", "목록에 {item} 항목이 있으면 안 됩니다.")
)

// generalChecks reads the constraints that all types of a group share.
func generalChecks(p *params, normalize normalizer) []check {
	checks := enumCheck(p, normalize)
	switch p.typ.spec.group {
	case groupNumber:
		checks = append(checks, boundChecks(p, numberOrder(p))...)
		checks = append(checks, numberChecks(p)...)
	case groupTime:
		checks = append(checks, boundChecks(p, timeOrder(p, normalize))...)
	case groupText:
		checks = append(checks, textChecks(p)...)
	case groupList:
		checks = append(checks, listChecks(p)...)
	}
	return checks
}

// enumCheck compares with a closed list, whatever the type.
func enumCheck(p *params, normalize normalizer) []check {
	key, v := p.take("enum")
	if v == nil {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		if p.typ.name != "enum" { // which reported it itself
			p.wrong(problem.TypeList, key, v)
		}
		return nil
	}
	allowed := map[string]bool{}
	var shown []string
	for i, item := range list {
		out, errs := normalize(item, problem.At(p.loc, key, i))
		p.errs = append(p.errs, errs...)
		text := string(strictjson.Canonical(out))
		allowed[text] = true
		shown = append(shown, text)
	}
	return []check{func(v any) *fault {
		if allowed[string(strictjson.Canonical(v))] {
			return nil
		}
		return &fault{problem.TypeEnum, textEnum.With("values", shown)}
	}}
}

// order reads a limit from the constraints, in normal form, and returns how values
// compare with it.
type order func(keys ...string) (limit any, compare func(v any) int, ok bool)

// numberOrder compares exactly, whatever the number of digits.
func numberOrder(p *params) order {
	return func(keys ...string) (any, func(any) int, bool) {
		key, limit, ok := p.number(keys...)
		if !ok {
			return nil, nil, false
		}
		return p.raw[key], func(v any) int {
			n, _ := v.(json.Number)
			return parseDecimal(n.String()).compare(limit)
		}, true
	}
}

// timeOrder compares sort keys, so 09:00+09:00 equals 00:00Z.
func timeOrder(p *params, normalize normalizer) order {
	return func(keys ...string) (any, func(any) int, bool) {
		key, v := p.take(keys...)
		if v == nil {
			return nil, nil, false
		}
		limit, errs := normalize(v, problem.At(p.loc, key))
		p.errs = append(p.errs, errs...)
		sortKey := p.typ.spec.sortKey
		return limit, func(v any) int { return strings.Compare(sortKey(v), sortKey(limit)) }, len(errs) == 0
	}
}

// bounds are the lower and upper limits of ordered types.
var bounds = []struct {
	keys     []string
	relation string
	ok       func(c int) bool
	typ      string
	text     *problem.Text
}{
	{[]string{"minimum", "min"}, ">=", func(c int) bool { return c >= 0 }, problem.TypeGreaterEqual, textTooSmall},
	{[]string{"exclusiveMinimum"}, ">", func(c int) bool { return c > 0 }, problem.TypeGreater, textTooSmall},
	{[]string{"maximum", "max"}, "<=", func(c int) bool { return c <= 0 }, problem.TypeLessEqual, textTooLarge},
	{[]string{"exclusiveMaximum"}, "<", func(c int) bool { return c < 0 }, problem.TypeLess, textTooLarge},
}

// boundChecks reads the bounds and refuses a minimum above the maximum.
func boundChecks(p *params, read order) []check {
	var checks []check
	var lowest any // the value of minimum
	for _, b := range bounds {
		limit, compare, ok := read(b.keys...)
		if !ok {
			continue
		}
		checks = append(checks, func(v any) *fault {
			if b.ok(compare(v)) {
				return nil
			}
			return &fault{b.typ, b.text.With("relation", b.relation, "limit", limit)}
		})
		switch b.relation {
		case ">=":
			lowest = limit
		case "<=":
			if lowest != nil && compare(lowest) > 0 {
				p.errs.Add(problem.TypeValue, problem.At(p.loc), textContradiction.With(
					"low", fmt.Sprint("minimum ", lowest), "high", fmt.Sprint("maximum ", limit)))
			}
		}
	}
	return checks
}

// numberChecks reads the constraints that only numbers have.
func numberChecks(p *params) []check {
	var checks []check
	if key, step, ok := p.number("multipleOf"); ok {
		if step.sign() <= 0 {
			p.errs.AddValue(problem.TypeValue, problem.At(p.loc, key), textBadConstraint.With("key", key), p.raw[key])
		}
		shown := p.raw[key]
		checks = append(checks, func(v any) *fault {
			if n, _ := v.(json.Number); parseDecimal(n.String()).isMultipleOf(step) {
				return nil
			}
			return &fault{problem.TypeMultipleOf, textMultiple.With("step", shown)}
		})
	}
	if places, ok := p.count("precision"); ok {
		checks = append(checks, func(v any) *fault {
			if n, _ := v.(json.Number); parseDecimal(n.String()).places() <= int64(places) {
				return nil
			}
			return &fault{problem.TypeDecimalMaxPlaces, textPrecision.With("limit", places)}
		})
	}
	return checks
}

// lengthChecks compares a length with a lower and an upper limit.
func lengthChecks(p *params, lowKeys, highKeys []string, length func(v any) int, short, long *problem.Text, shortType, longType string) []check {
	var checks []check
	low, hasLow := p.count(lowKeys...)
	high, hasHigh := p.count(highKeys...)
	if hasLow {
		checks = append(checks, func(v any) *fault {
			if n := length(v); n < low {
				return &fault{shortType, short.With("length", n, "limit", low)}
			}
			return nil
		})
	}
	if hasHigh {
		checks = append(checks, func(v any) *fault {
			if n := length(v); n > high {
				return &fault{longType, long.With("length", n, "limit", high)}
			}
			return nil
		})
	}
	if hasLow && hasHigh && low > high {
		p.errs.Add(problem.TypeValue, problem.At(p.loc), textContradiction.With(
			"low", lowKeys[0]+" "+strconv.Itoa(low), "high", highKeys[0]+" "+strconv.Itoa(high)))
	}
	return checks
}

// textChecks reads the constraints on strings. Lengths count characters.
func textChecks(p *params) []check {
	length := func(v any) int { s, _ := v.(string); return utf8.RuneCountInString(s) }
	checks := lengthChecks(p, []string{"minLength"}, []string{"maxLength"}, length, textShort, textLong,
		problem.TypeStringTooShort, problem.TypeStringTooLong)
	if pattern := p.text("pattern"); pattern != "" && !p.ignorePattern {
		// Anchored at the start only, as in the contract.
		re, err := regexp.Compile("^(?:" + pattern + ")")
		if err != nil {
			p.errs.AddValue(problem.TypeValue, problem.At(p.loc, "pattern"), textBadConstraint.With("key", "pattern"), pattern)
			return checks
		}
		checks = append(checks, func(v any) *fault {
			if s, _ := v.(string); re.MatchString(s) {
				return nil
			}
			return &fault{problem.TypeStringPattern, textPattern.With("pattern", pattern)}
		})
	}
	return append(checks, stringChecks(p)...)
}

// listChecks reads the constraints on lists.
func listChecks(p *params) []check {
	length := func(v any) int { list, _ := v.([]any); return len(list) }
	checks := lengthChecks(p, []string{"minItems", "minLength"}, []string{"maxItems", "maxLength"}, length, textFew, textMany,
		problem.TypeTooShort, problem.TypeTooLong)
	if p.flag("uniqueItems", false) {
		checks = append(checks, func(v any) *fault {
			seen := map[string]bool{}
			for _, item := range v.([]any) {
				text := string(strictjson.Canonical(item))
				if seen[text] {
					return invalid(textDuplicates)
				}
				seen[text] = true
			}
			return nil
		})
	}
	if c := containsCheck(p, "contains", true, textContains); c != nil {
		checks = append(checks, c)
	}
	if c := containsCheck(p, "notContains", false, textNotContain); c != nil {
		checks = append(checks, c)
	}
	return checks
}

// containsCheck wants an item to be in a list, or not to be.
func containsCheck(p *params, key string, want bool, text *problem.Text) check {
	_, item := p.take(key)
	if item == nil {
		return nil
	}
	return func(v any) *fault {
		have := slices.ContainsFunc(v.([]any), func(other any) bool { return strictjson.Equal(other, item) })
		if have == want {
			return nil
		}
		return invalid(text, "item", string(strictjson.Canonical(item)))
	}
}
