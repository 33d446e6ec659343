package value

import (
	"encoding/json"

	"spiceharvester/shared/problem"
)

var (
	textNotWhole   = problem.Define("value.not_whole", "Input should be a whole number, got a number with a fractional part", "소수 부분이 없는 정수여야 합니다.")
	textNegative   = problem.Define("value.negative", "Input should be greater than or equal to 0", "0 이상이어야 합니다.")
	textHugeNumber = problem.Define("value.huge_integer", "An integer may have at most {limit} digits when it is written with an exponent", "지수로 쓴 정수는 최대 {limit}자리입니다.")
)

// numberSpecs has every numeric type. The ranges of long, short, byte and their unsigned
// forms are not checked, as in the contract; the unsigned ones refuse negative numbers.
var numberSpecs = map[string]*spec{
	"xsd:decimal":       numberSpec(normalizeNumber),
	"xsd:float":         numberSpec(normalizeNumber),
	"xsd:double":        numberSpec(normalizeNumber),
	"xsd:integer":       numberSpec(normalizeInteger),
	"xsd:long":          numberSpec(normalizeInteger),
	"xsd:short":         numberSpec(normalizeInteger),
	"xsd:byte":          numberSpec(normalizeInteger),
	"xsd:unsignedLong":  numberSpec(normalizeUnsigned),
	"xsd:unsignedInt":   numberSpec(normalizeUnsigned),
	"xsd:unsignedShort": numberSpec(normalizeUnsigned),
	"xsd:unsignedByte":  numberSpec(normalizeUnsigned),
}

func numberSpec(f func(any) (any, *fault)) *spec {
	return &spec{group: groupNumber, build: simple(f), sortKey: numberKey}
}

// normalizeNumber keeps the text of a number as it was sent.
func normalizeNumber(v any) (any, *fault) {
	if n, ok := v.(json.Number); !ok || !plainNumber.MatchString(n.String()) {
		return nil, wrongType(problem.TypeFloat)
	}
	return v, nil
}

// normalizeInteger writes an integer in plain digits: 5.0 and 5e0 become 5. Of any
// length; nothing is rounded.
func normalizeInteger(v any) (any, *fault) {
	n, ok := v.(json.Number)
	if !ok || !plainNumber.MatchString(n.String()) {
		return nil, wrongType(problem.TypeInt)
	}
	d := parseDecimal(n.String())
	if !d.isInteger() {
		return nil, &fault{problem.TypeIntFromFloat, textNotWhole.With()}
	}
	s, ok := d.integerText()
	if !ok {
		return nil, invalid(textHugeNumber, "limit", maxIntegerDigits)
	}
	return json.Number(s), nil
}

func normalizeUnsigned(v any) (any, *fault) {
	out, bad := normalizeInteger(v)
	if bad == nil && parseDecimal(out.(json.Number).String()).sign() < 0 {
		return nil, &fault{problem.TypeGreaterEqual, textNegative.With()}
	}
	return out, bad
}
