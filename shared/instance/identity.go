package instance

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// GeneratedID is the id of an instance whose class has no key: it derives from the
// command and the row (0 for a single create), so a repeated command gives the same id
// (event-core 1.5).
func GeneratedID(class, commandID string, row int) string {
	u := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "bulk:%s:%d", commandID, row))
	return strings.ToLower(class) + "_" + strings.ReplaceAll(u.String(), "-", "")[:12]
}

// KeyID makes the id from the values of the key, in normal form: the text of the one
// value, or the texts of several, each with "%" and ":" escaped, joined by ":". There
// must be at least one key property. The errors name the key properties below loc that are missing or cannot identify.
func KeyID(key []string, data map[string]any, loc ...any) (string, problem.FieldErrors) {
	var errs problem.FieldErrors
	parts := make([]string, len(key))
	for i, name := range key {
		v := data[name]
		if v == nil {
			errs = append(errs, problem.Missing(problem.At(loc, name)))
			continue
		}
		parts[i] = keyText(v)
		if err := CheckID(parts[i]); err != nil {
			errs = append(errs, problem.InvalidValue(problem.At(loc, name), problem.MessageOf(err), v))
		}
	}
	if len(errs) > 0 {
		return "", errs
	}
	if len(parts) == 1 {
		return parts[0], nil
	}
	for i := range parts {
		parts[i] = escaper.Replace(parts[i])
	}
	id := strings.Join(parts, ":")
	if err := CheckID(id); err != nil {
		errs = append(errs, problem.InvalidValue(problem.At(loc, key[0]), problem.MessageOf(err), nil))
	}
	return id, errs
}

// keyText is the text of a key value: strings and numbers as they are.
func keyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return string(strictjson.Canonical(v))
}

// identify returns the id of a new instance. A class without a declared key may leave
// its implicit key out: the generated id is then filled in, if the type allows it.
func identify(s *ontology.Schema, data map[string]any, commandID string, row int, loc []any) (string, problem.FieldErrors) {
	key := s.Key()
	generated := GeneratedID(s.Class.ID, commandID, row)
	if len(key) == 0 {
		return generated, nil
	}
	if !s.HasDeclaredKey() && data[key[0]] == nil {
		rule, _ := s.Rule(key[0])
		if v, errs := rule.Normalize(generated, loc); len(errs) == 0 {
			data[key[0]] = v
		}
	}
	return KeyID(key, data, loc...)
}
