// Package strictjson reads JSON that comes from outside, and writes JSON that is
// compared.
//
// Reading is strict where encoding/json is lenient: a key that occurs twice, a byte
// sequence that is not UTF-8, half of a surrogate pair and control characters in keys
// are refused, with the place where they stand. Numbers keep their text. What a value
// says is never a reason to refuse it: strings may hold any Unicode text, NUL included.
package strictjson

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"

	"spiceharvester/shared/problem"
)

// Limits bound a document, whatever its size in bytes.
type Limits struct {
	Keys  int // of one object
	Items int // of one array
	Depth int // of objects and arrays inside each other; a bare object has depth 1
}

// DefaultLimits are those of promise 12.
var DefaultLimits = Limits{Keys: 1000, Items: 10_000, Depth: 32}

var (
	textDuplicate = problem.Define("json.duplicate_key", "The key occurs twice in this object", "이 객체에 같은 키가 두 번 있습니다.")
	textControl   = problem.Define("json.control_in_key", "A key must not hold control characters", "키에 제어 문자를 쓸 수 없습니다.")
	textKeys      = problem.Define("json.too_many_keys", "An object may have at most {limit} keys", "객체의 키는 최대 {limit}개입니다.")
	textItems     = problem.Define("json.too_many_items", "A list may have at most {limit} items", "목록의 항목은 최대 {limit}개입니다.")
	textDepth     = problem.Define("json.too_deep", "Values may be nested at most {limit} levels deep", "값은 최대 {limit}단계까지 중첩할 수 있습니다.")
	textSurrogate = problem.Define("json.lone_surrogate", "A string holds half of a surrogate pair, which is no text", "문자열에 짝이 없는 서로게이트가 있습니다.")
)

// Decode reads one JSON value with [DefaultLimits]. Loc is where it stands in the
// request, for example "body". The result consists of nil, bool, [json.Number], string,
// []any and map[string]any. The error is a [*problem.Problem]: malformed JSON (400) or
// a validation problem (422).
func Decode(data []byte, loc ...any) (any, error) {
	return DecodeLimits(data, DefaultLimits, loc...)
}

// DecodeLimits is [Decode] with other limits.
func DecodeLimits(data []byte, limits Limits, loc ...any) (any, error) {
	d := &decoder{scanner: scanner{data: data}, limits: limits, root: loc, loc: problem.At(loc)}
	if offset := invalidUTF8(data); offset >= 0 {
		return nil, problem.MalformedJSON(loc, offset, reasonUTF8.With())
	}
	v, err := d.document()
	if err != nil {
		return nil, err
	}
	if err := d.errs.Err(); err != nil {
		return nil, err
	}
	return v, nil
}

// Object is [Decode] for a document that must be an object.
func Object(data []byte, loc ...any) (map[string]any, error) {
	v, err := Decode(data, loc...)
	if err != nil {
		return nil, err
	}
	obj, ok := v.(map[string]any)
	if !ok {
		return nil, problem.Validation(problem.WrongType(problem.TypeDict, loc, v))
	}
	return obj, nil
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// decoder builds values. It goes on after a bad key, so that one answer names them
// all, and stops at a syntax error or a broken limit.
type decoder struct {
	scanner
	limits Limits
	root   []any
	loc    []any
	depth  int
	errs   problem.FieldErrors
}

func (d *decoder) document() (any, error) {
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	d.space()
	if d.pos < len(d.data) {
		return nil, d.malformed(reasonTrailing)
	}
	return v, nil
}

func (d *decoder) malformed(reason *problem.Text) error {
	return problem.MalformedJSON(d.root, d.pos, reason.With())
}

func (d *decoder) refuse(typ string, text *problem.Text, limit int) error {
	d.errs.Add(typ, problem.At(d.loc), text.With("limit", limit))
	return d.errs.Err()
}

func (d *decoder) value() (any, error) {
	d.space()
	switch c := d.peek(); {
	case c == '{':
		return d.nested(d.object)
	case c == '[':
		return d.nested(d.array)
	case c == '"':
		return d.text()
	case c == '-' || c >= '0' && c <= '9':
		if n, ok := d.number(); ok {
			return json.Number(n), nil
		}
		return nil, d.malformed(reasonNumber)
	case d.literal("true"):
		return true, nil
	case d.literal("false"):
		return false, nil
	case d.literal("null"):
		return nil, nil
	}
	return nil, d.malformed(reasonValue)
}

func (d *decoder) nested(read func() (any, error)) (any, error) {
	if d.depth++; d.depth > d.limits.Depth {
		return nil, d.refuse(problem.TypeTooLong, textDepth, d.limits.Depth)
	}
	v, err := read()
	d.depth--
	return v, err
}

// text reads a string value. Half a surrogate pair is reported and reading goes on.
func (d *decoder) text() (string, error) {
	s, whole, reason := d.string()
	if reason != nil {
		return "", d.malformed(reason)
	}
	if !whole {
		d.errs.Add(problem.TypeValue, problem.At(d.loc), textSurrogate.With())
	}
	return s, nil
}

func (d *decoder) object() (any, error) {
	d.pos++
	obj := map[string]any{}
	d.space()
	if d.take('}') {
		return obj, nil
	}
	for {
		d.space()
		if d.peek() != '"' {
			return nil, d.malformed(reasonKey)
		}
		key, whole, reason := d.string()
		if reason != nil {
			return nil, d.malformed(reason)
		}
		d.loc = append(d.loc, key)
		d.checkKey(obj, key, whole)
		if d.space(); !d.take(':') {
			return nil, d.malformed(reasonColon)
		}
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.loc = d.loc[:len(d.loc)-1]
		obj[key] = v
		if len(obj) > d.limits.Keys {
			return nil, d.refuse(problem.TypeTooLong, textKeys, d.limits.Keys)
		}
		if d.space(); d.take(',') {
			continue
		}
		if d.take('}') {
			return obj, nil
		}
		return nil, d.malformed(reasonComma)
	}
}

func (d *decoder) checkKey(obj map[string]any, key string, whole bool) {
	if _, twice := obj[key]; twice {
		d.errs.Add(problem.TypeValue, problem.At(d.loc), textDuplicate.With())
	}
	if HasControl(key) {
		d.errs.Add(problem.TypeValue, problem.At(d.loc), textControl.With())
	}
	if !whole {
		d.errs.Add(problem.TypeValue, problem.At(d.loc), textSurrogate.With())
	}
}

func (d *decoder) array() (any, error) {
	d.pos++
	list := []any{}
	d.space()
	if d.take(']') {
		return list, nil
	}
	for {
		if len(list) == d.limits.Items {
			return nil, d.refuse(problem.TypeTooLong, textItems, d.limits.Items)
		}
		d.loc = append(d.loc, len(list))
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.loc = d.loc[:len(d.loc)-1]
		list = append(list, v)
		if d.space(); d.take(',') {
			continue
		}
		if d.take(']') {
			return list, nil
		}
		return nil, d.malformed(reasonComma)
	}
}

// HasControl reports whether a text holds a control character (Unicode class Cc).
func HasControl(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}
