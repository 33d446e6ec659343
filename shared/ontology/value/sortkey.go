package value

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/problem/strictjson"
)

// MaxKeyBytes bounds a sort key. Longer texts are cut, so two that differ only behind
// the cut have one key: who looks for equality compares the value itself afterwards.
const MaxKeyBytes = 1024

// maxKeyDigits bounds the digits in the key of a number.
const maxKeyDigits = 80

// SortKey gives a value in normal form as a text for an index that knows only texts:
// keys compare byte by byte as the values do.
//
//   - Numbers are zero ("5"), positive ("6", exponent, digits) or negative ("4", both
//     complemented, "~"). With 0.d1d2d3… × 10^e and d1 > 0 the exponent is written as
//     e+50000 in five digits: 0.5 is "6500005", 12 is "65000212", -12 is "44999787~".
//     80 digits count; exponents beyond ±49998 are all the same.
//   - Dates and times of day are themselves, dates with time the instant in UTC with nine
//     digits of a second, booleans "false" and "true".
//   - Money is the currency and the number, a coordinate the two numbers, an IP address
//     its bits. Other texts are themselves, other structures their canonical JSON.
//
// Null gives "".
func SortKey(t Type, v any) string {
	switch {
	case v == nil:
		return ""
	case t.spec == nil:
		return anyKey(v)
	}
	return t.spec.sortKey(v)
}

// IndexKeys returns the keys under which a value is found: those of the items of a
// list, else the one of the value; none for null.
func IndexKeys(t Type, v any) []string {
	list, ok := v.([]any)
	if !ok || t.spec == nil || t.spec.group != groupList {
		if v == nil {
			return nil
		}
		return []string{SortKey(t, v)}
	}
	var elem Type
	if t.elem != nil {
		elem = *t.elem
	}
	keys := make([]string, 0, len(list))
	for _, item := range list {
		keys = append(keys, IndexKeys(elem, item)...)
	}
	return keys
}

const (
	expBias = 50_000
	expHigh = expBias - 2 // the greatest exponent that is told apart
	expLow  = 1 - expBias
)

func numberKey(v any) string {
	n, ok := v.(json.Number)
	if !ok {
		return anyKey(v)
	}
	d := parseDecimal(n.String())
	var key string
	switch {
	case d.isZero():
		return "5"
	case d.exp > expHigh:
		key = "99999"
	case d.exp < expLow:
		key = "00000"
	default:
		key = fmt.Sprintf("%05d", d.exp+expBias) + d.digits[:min(len(d.digits), maxKeyDigits)]
	}
	if !d.neg {
		return "6" + key
	}
	complement := []byte(key)
	for i, c := range complement {
		complement[i] = '0' + '9' - c
	}
	// "~" is greater than any digit: of two numbers of which one begins with the other,
	// the longer is the more negative.
	return "4" + string(complement) + "~"
}

func textKey(v any) string {
	s, ok := v.(string)
	if !ok {
		return anyKey(v)
	}
	return cut(s)
}

// cut shortens a text to MaxKeyBytes without breaking a character.
func cut(s string) string {
	if len(s) <= MaxKeyBytes {
		return s
	}
	end := MaxKeyBytes
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return strings.Clone(s[:end])
}

func boolKey(v any) string {
	switch v {
	case true:
		return "true"
	case false:
		return "false"
	}
	return anyKey(v)
}

func jsonKey(v any) string { return cut(string(strictjson.Canonical(v))) }

// anyKey goes by the JSON type of the value.
func anyKey(v any) string {
	switch v := v.(type) {
	case json.Number:
		return numberKey(v)
	case string:
		return textKey(v)
	case bool:
		return boolKey(v)
	}
	return jsonKey(v)
}
