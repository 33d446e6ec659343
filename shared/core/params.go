package core

import (
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
