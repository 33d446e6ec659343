package rest

import (
	"encoding/json"
	"strconv"

	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// param is a parameter of the query or, where a body takes its place, of that.
func (c *call) param(name string) (any, bool) {
	if v, ok := c.params[name]; ok {
		return v, true
	}
	if q := c.r.URL.Query(); q.Has(name) {
		return q.Get(name), true
	}
	return nil, false
}

func badType(name, want string, v any) error {
	return terr.New("BadParameterType", map[string]any{"parameter": name, "expected_type": want, "value": v}, "Expected parameter '%s' of type '%s` but found: %s", name, want, quoted(v))
}

// quoted shows a value of a parameter in a message.
func quoted(v any) string {
	switch x := v.(type) {
	case string:
		if x == "" {
			return "''"
		}
		return x
	default:
		b, _ := json.Marshal(x)
		return string(b)
	}
}

func (c *call) text(name string) string {
	v, _ := c.param(name)
	s, _ := v.(string)
	return s
}

func (c *call) flag(name string, otherwise bool) (bool, error) {
	v, ok := c.param(name)
	switch {
	case !ok:
		return otherwise, nil
	case v == true || v == "true":
		return true, nil
	case v == false || v == "false":
		return false, nil
	}
	return false, badType(name, "boolean", v)
}

// count is a number that is not negative.
func (c *call) count(name string, otherwise int) (int, error) {
	v, ok := c.param(name)
	if !ok {
		return otherwise, nil
	}
	s, ok := v.(string)
	if n, isNumber := v.(json.Number); isNumber {
		s, ok = n.String(), true
	}
	n, err := strconv.Atoi(s)
	if !ok || err != nil || n < 0 {
		return 0, badType(name, "non-negative integer", v)
	}
	return n, nil
}

// required is a text that must be there and not empty.
func (c *call) required(name string) (string, error) {
	v, ok := c.param(name)
	if !ok {
		return "", missing(name)
	}
	if s, ok := v.(string); ok && s != "" {
		return s, nil
	}
	return "", badType(name, "non-empty string", v)
}

func missing(name string) error {
	return terr.New("MissingParameter", map[string]any{"parameter": name}, "Missing parameter: %s", name)
}
