// Package eserr holds the errors of Elasticsearch: a type name, a reason, an
// HTTP status, a cause, and the JSON shape in which a client reads them.
package eserr

import (
	"fmt"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Error is an error as the real server reports it.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Type is for example "illegal_argument_exception".
	Type string
	// Reason is free text for people; NoReason stands for null.
	Reason string
	// Meta holds further members, written behind the reason.
	Meta xcontent.Obj
	// Cause is written as caused_by.
	Cause *Error
	// NoReason makes the reason null.
	NoReason bool
	// Roots replaces the derived root_cause.
	Roots []*Error
	// Foreign marks an exception of a library that shares its type name with
	// one of the server's own: Lucene's parse_exception.
	Foreign bool
	// HideProduct leaves the header X-Elastic-Product out, as the real server
	// does for a write block.
	HideProduct bool
}

func (e *Error) Error() string { return e.Type + ": " + e.Reason }

// New returns an error with a formatted reason.
func New(status int, typ, format string, args ...any) *Error {
	return &Error{Status: status, Type: typ, Reason: fmt.Sprintf(format, args...)}
}

// IllegalArgument is the most frequent error, status 400.
func IllegalArgument(format string, args ...any) *Error {
	return New(400, "illegal_argument_exception", format, args...)
}

// Validation is the answer to a request that contradicts itself, status 400.
func Validation(problems ...string) *Error {
	var b strings.Builder
	b.WriteString("Validation Failed: ")
	for i, p := range problems {
		fmt.Fprintf(&b, "%d: %s;", i+1, p)
	}
	return New(400, "action_request_validation_exception", "%s", b.String())
}

// NumberFormat is Java's complaint about text that is no number.
func NumberFormat(text string) *Error {
	return New(400, "number_format_exception", "For input string: \"%s\"", text)
}

// Parsing is an error with line and column in members of their own.
func Parsing(at xcontent.Pos, format string, args ...any) *Error {
	e := New(400, "parsing_exception", format, args...)
	e.Meta = xcontent.Obj{{Key: "line", Val: at.Line}, {Key: "col", Val: at.Col}}
	return e
}

// XContent is an error with line and column at the start of the reason.
func XContent(at xcontent.Pos, format string, args ...any) *Error {
	return New(400, "x_content_parse_exception", "[%d:%d] %s", at.Line, at.Col, fmt.Sprintf(format, args...))
}

// Syntax turns an error of xcontent into the error of a request body.
func Syntax(err error) *Error {
	s, ok := err.(*xcontent.SyntaxError)
	if !ok {
		return New(400, "x_content_parse_exception", "%s", err.Error())
	}
	if s.EOF {
		e := New(400, "x_content_e_o_f_exception", "[%d:%d] Unexpected end of file", s.At.Line, s.At.Col)
		return e.By(New(400, "json_e_o_f_exception", "%s", s.Reason()))
	}
	e := New(400, "x_content_parse_exception", "%s", s.Error())
	return e.By(New(400, "json_parse_exception", "%s", s.Reason()))
}

// IndexNotFound names an index or alias that does not exist, status 404.
func IndexNotFound(name string) *Error {
	e := New(404, "index_not_found_exception", "no such index [%s]", name)
	e.Meta = xcontent.Obj{
		{Key: "resource.type", Val: "index_or_alias"}, {Key: "resource.id", Val: name},
		{Key: "index_uuid", Val: "_na_"}, {Key: "index", Val: name},
	}
	return e
}

// In adds the index to which an error belongs.
func (e *Error) In(index, uuid string) *Error {
	e.Meta = e.Meta.Add("index_uuid", uuid).Add("index", index)
	return e
}

// By sets the cause.
func (e *Error) By(cause *Error) *Error {
	e.Cause = cause
	return e
}

// plain are the types that are plain Java exceptions on the real server; it
// looks for the root cause only among its own.
var plain = map[string]bool{
	"illegal_argument_exception": true, "number_format_exception": true, "x_content_parse_exception": true,
	"x_content_e_o_f_exception": true, "json_parse_exception": true, "json_e_o_f_exception": true,
	"date_time_parse_exception": true, "e_o_f_exception": true, "illegal_state_exception": true,
	"action_request_validation_exception": true, "input_coercion_exception": true,
	"es_rejected_execution_exception": true, "named_object_not_found_exception": true, "status_exception": true,
}

// Plain reports whether the error is a plain Java exception there.
func (e *Error) Plain() bool { return e.Foreign || plain[e.Type] }

// Root returns the innermost of the server's own exceptions.
func (e *Error) Root() *Error {
	for e.Cause != nil && !e.Cause.Plain() {
		e = e.Cause
	}
	return e
}

// Short is the form without root_cause, as in items of a bulk response.
func (e *Error) Short() xcontent.Obj {
	o := e.head()
	if e.Cause != nil {
		o = o.Add("caused_by", e.Cause.Short())
	}
	return o
}

func (e *Error) head() xcontent.Obj {
	o := xcontent.Obj{{Key: "type", Val: e.Type}, {Key: "reason", Val: e.Reason}}
	if e.NoReason {
		o[1].Val = nil
	}
	return append(o, e.Meta...)
}

// Body is the value of the member "error" of a response.
func (e *Error) Body() xcontent.Obj {
	roots := []any{}
	if e.Roots == nil {
		roots = append(roots, e.Root().head())
	}
	for _, r := range e.Roots {
		roots = append(roots, r.head())
	}
	return append(xcontent.Obj{{Key: "root_cause", Val: roots}}, e.Short()...)
}
