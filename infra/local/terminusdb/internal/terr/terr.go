// Package terr has the errors of TerminusDB's HTTP protocol.
package terr

import (
	"fmt"
	"maps"
	"net/http"
)

// Error is an answer that is no success. Its body names the response class,
// which the called endpoint adds.
type Error struct {
	Status  int
	Kind    string         // "@type" of "api:error", without "api:"
	Fields  map[string]any // of "api:error", without "api:"
	Message string
	Extra   map[string]any // beside "api:error"
	Plain   map[string]any // if not nil, the whole body
}

func (e *Error) Error() string { return e.Kind + ": " + e.Message }

// Body is the JSON body of the error for a response class, for example
// "api:InsertDocumentErrorResponse".
func (e *Error) Body(class string) map[string]any {
	if e.Plain != nil {
		return e.Plain
	}
	kind := "api:" + e.Kind
	if len(e.Kind) > 4 && e.Kind[:4] == "vio:" {
		kind = e.Kind
	}
	inner := map[string]any{"@type": kind}
	for k, v := range e.Fields {
		if len(k) < 4 || k[:4] != "vio:" {
			k = "api:" + k
		}
		inner[k] = v
	}
	body := map[string]any{"@type": class, "api:error": inner, "api:message": e.Message, "api:status": StatusName(e.Status)}
	maps.Copy(body, e.Extra)
	return body
}

// StatusName is the text of "api:status".
func StatusName(status int) string {
	switch status {
	case http.StatusNotFound:
		return "api:not_found"
	case http.StatusConflict:
		return "api:conflict"
	case http.StatusInternalServerError:
		return "api:server_error"
	}
	return "api:failure"
}

// New is a failure with status 400.
func New(kind string, fields map[string]any, format string, args ...any) *Error {
	return &Error{Status: http.StatusBadRequest, Kind: kind, Fields: fields, Message: fmt.Sprintf(format, args...)}
}

// NotFound is a failure with status 404.
func NotFound(kind string, fields map[string]any, format string, args ...any) *Error {
	e := New(kind, fields, format, args...)
	e.Status = http.StatusNotFound
	return e
}

// SchemaCheckFailure is the refusal of what contradicts the schema.
func SchemaCheckFailure(witness map[string]any) *Error {
	return New("SchemaCheckFailure", map[string]any{"witnesses": []any{witness}}, "Schema check failure")
}

// Witness makes a witness of a kind.
func Witness(kind string, fields map[string]any) map[string]any {
	w := maps.Clone(fields)
	if w == nil {
		w = map[string]any{}
	}
	w["@type"] = kind
	return w
}

// TypeError is the answer where the real server stumbles over a value.
func TypeError(literal, want string) *Error {
	message := fmt.Sprintf("Type error for %s which should be %s", literal, want)
	return &Error{Status: http.StatusBadRequest, Kind: "TypeError", Message: message, Plain: map[string]any{
		"api:message": message, "api:status": "api:failure",
		"system:witnesses": []any{map[string]any{"@type": "vio:ViolationWithDatatypeObject", "vio:literal": literal, "vio:message": message, "vio:type": want}},
	}}
}

// Unexpected is a 500 with a text, where the real server shows a stack.
func Unexpected(format string, args ...any) *Error {
	message := "Error: " + fmt.Sprintf(format, args...)
	return &Error{Status: http.StatusInternalServerError, Kind: "Unexpected", Message: message, Plain: map[string]any{
		"api:message": message, "api:status": "api:server_error",
	}}
}
