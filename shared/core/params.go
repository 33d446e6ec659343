package core

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

func commandID(r *httpapi.Request) (event.ID, error) {
	text := r.PathValue("command_id")
	id, err := uuid.Parse(text)
	if err != nil {
		return "", problem.InvalidParameter([]any{"path", "command_id"}, textCommandID.With(), text)
	}
	return event.ID(id.String()), nil
}

// Object takes an object out of a decoded body. An absent or null one is empty
// unless it is required.
func Object(body map[string]any, name string, required bool) (map[string]any, error) {
	switch v := body[name].(type) {
	case map[string]any:
		return v, nil
	case nil:
		if !required {
			return map[string]any{}, nil
		}
		return nil, problem.Validation(problem.Missing([]any{"body", name}))
	default:
		return nil, problem.Validation(problem.WrongType(problem.TypeDict, []any{"body", name}, v))
	}
}

// List takes a list out of a decoded body.
func List(body map[string]any, name string) ([]any, error) {
	switch v := body[name].(type) {
	case []any:
		return v, nil
	case nil:
		return nil, problem.Validation(problem.Missing([]any{"body", name}))
	default:
		return nil, problem.Validation(problem.WrongType(problem.TypeList, []any{"body", name}, v))
	}
}

// Text takes a text out of a decoded body.
func Text(body map[string]any, name string, required bool) (string, error) {
	switch v := body[name].(type) {
	case string:
		return v, nil
	case nil:
		if !required {
			return "", nil
		}
		return "", problem.Validation(problem.Missing([]any{"body", name}))
	default:
		return "", problem.Validation(problem.WrongType(problem.TypeString, []any{"body", name}, v))
	}
}

// Known refuses fields that nobody knows.
func Known(body map[string]any, names ...string) error {
	allowed := map[string]bool{}
	for _, n := range names {
		allowed[n] = true
	}
	var errs problem.FieldErrors
	for name := range body {
		if !allowed[name] {
			errs = append(errs, problem.Unexpected([]any{"body", name}))
		}
	}
	return errs.Err()
}

// Bool takes a yes or no out of a decoded body; an absent or null one is no.
func Bool(body map[string]any, name string) (bool, error) {
	switch v := body[name].(type) {
	case bool:
		return v, nil
	case nil:
		return false, nil
	default:
		return false, problem.Validation(problem.WrongType(problem.TypeBool, []any{"body", name}, v))
	}
}

// Int takes a whole number between low and high out of a decoded body.
func Int(body map[string]any, name string, otherwise, low, high int) (int, error) {
	loc := []any{"body", name}
	switch v := body[name].(type) {
	case nil:
		return otherwise, nil
	case json.Number:
		n, err := strconv.Atoi(v.String())
		switch {
		case err != nil:
			return 0, problem.Validation(problem.NotAnInteger(loc, v.String()))
		case n < low:
			return 0, problem.Validation(problem.TooSmall(loc, int64(low), int64(n)))
		case n > high:
			return 0, problem.Validation(problem.TooBig(loc, int64(high), int64(n)))
		}
		return n, nil
	default:
		return 0, problem.Validation(problem.NotAnInteger(loc, fmt.Sprint(v)))
	}
}
