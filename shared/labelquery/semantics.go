package labelquery

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/search"
)

// Matches tells whether a value passes a filter. A missing value is nil. A list
// passes if one of its items does; of ne, not_in and not_like the opposite holds.
func Matches(v any, op Op, want any) bool {
	v = unwrap(v)
	switch op {
	case Eq:
		return isEqual(v, want)
	case Ne:
		return !isEqual(v, want)
	case In, NotIn:
		list, _ := want.([]any)
		in := false
		for _, w := range list {
			in = in || isEqual(v, w)
		}
		return in == (op == In)
	case IsNull:
		return v == nil
	case IsNotNull:
		return v != nil
	case NotLike:
		return !Matches(v, Like, want)
	}
	if items, many := v.([]any); many {
		for _, item := range items {
			if Matches(item, op, want) {
				return true
			}
		}
		return false
	}
	if op.takesText() {
		return holds(v, op, want)
	}
	return inOrder(compare(v, want), op)
}

func inOrder(order int, op Op) bool {
	switch op {
	case Gt:
		return order > 0
	case Ge:
		return order >= 0
	case Lt:
		return order < 0
	}
	return order <= 0
}

// holds compares parts of texts, without regard to case. Null holds nothing.
func holds(v any, op Op, want any) bool {
	if v == nil {
		return false
	}
	text, part := strings.ToLower(strictjson.Text(v)), strings.ToLower(strictjson.Text(want))
	switch op {
	case StartsWith:
		return strings.HasPrefix(text, part)
	case EndsWith:
		return strings.HasSuffix(text, part)
	}
	return strings.Contains(text, part)
}

// unwrap takes the value out of {"@value": x}.
func unwrap(v any) any {
	if o, ok := v.(map[string]any); ok {
		if inner, ok := o["@value"]; ok {
			return inner
		}
	}
	return v
}

// isEqual compares with regard to the type: "5" is not 5. Numbers are equal by
// value, dates with time by instant.
func isEqual(v, want any) bool {
	if items, many := v.([]any); many {
		if _, whole := want.([]any); !whole {
			for _, item := range items {
				if isEqual(unwrap(item), want) {
					return true
				}
			}
			return false
		}
	}
	switch a := v.(type) {
	case nil:
		return want == nil
	case string:
		b, ok := want.(string)
		return ok && (a == b || isInstant(a) && isInstant(b) && search.Key(a) == search.Key(b))
	case bool:
		b, ok := want.(bool)
		return ok && a == b
	case json.Number:
		b, ok := want.(json.Number)
		return ok && search.Key(a) == search.Key(b)
	}
	switch want.(type) {
	case []any, map[string]any:
		return string(strictjson.Canonical(v)) == string(strictjson.Canonical(want))
	}
	return false
}

// compare orders by number if both are numbers (or texts of numbers), by instant
// if both are dates with time, else as texts; null is "".
func compare(v, want any) int {
	a, b := strictjson.Text(v), strictjson.Text(want)
	switch {
	case isNumeric(a) && isNumeric(b):
		return strings.Compare(search.Key(json.Number(a)), search.Key(json.Number(b)))
	case isInstant(a) && isInstant(b):
		return strings.Compare(search.Key(a), search.Key(b))
	}
	return strings.Compare(a, b)
}

// isNumeric reports whether a text is a number as JSON writes them.
func isNumeric(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') || s[len(s)-1] < '0' || s[len(s)-1] > '9' {
		return false
	}
	return json.Valid([]byte(s))
}

// isInstant reports whether a text is a date with time and offset.
func isInstant(s string) bool {
	if len(s) < len("2006-01-02T15:04:05Z") || s[10] != 'T' {
		return false
	}
	_, err := time.Parse(time.RFC3339Nano, s)
	return err == nil
}

// place is where a value stands in an order: numbers, texts and all else, nulls.
type place struct {
	rank int
	key  string
}

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.rank, o.rank), strings.Compare(p.key, o.key))
}

const last = 2 // the rank of nulls

// placeOf gives the place of a value; of a list the one of its first item in the
// order, or of its last if descending.
func placeOf(v any, descending bool) place {
	switch v := unwrap(v).(type) {
	case nil:
		return place{rank: last}
	case json.Number:
		return place{0, search.Key(v)}
	case []any:
		best := place{rank: last}
		for i, item := range v {
			p := placeOf(item, descending)
			if order := p.compare(best); i == 0 || order < 0 && !descending || order > 0 && descending {
				best = p
			}
		}
		return best
	case map[string]any:
		return place{1, strictjson.Text(v)}
	default:
		return place{1, search.Key(v)}
	}
}

// Compare orders two values; descending turns the whole order round.
func Compare(a, b any, descending bool) int {
	order := placeOf(a, descending).compare(placeOf(b, descending))
	if descending {
		return -order
	}
	return order
}
