// Package problem is what can go wrong, told to clients: the catalogue of messages in
// English and Korean, the codes of the contract and the error body.
//
// A function returns a [*Problem]; the HTTP layer turns it into bytes with [Render].
// Every message is an entry of the catalogue ([Define]) with parameters, so a reason
// exists in both languages and is never replaced by a general sentence.
package problem

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

// Problem is an error that a client is told about. It can be stored as JSON: the
// outcome of a failed command carries one.
type Problem struct {
	// Status is the HTTP status. A validation problem is 422; [Render] makes it 400
	// for the OMS, as the contract wants.
	Status   int      `json:"status"`
	Code     Code     `json:"code"`
	Category Category `json:"category"`
	Message  Message  `json:"message"`
	// Errors names the fields that are wrong.
	Errors FieldErrors `json:"errors,omitempty"`
	// Detail is an object for programs. It stands in "context.detail" and, as JSON text
	// in any language, in "detail".
	Detail map[string]any `json:"detail,omitempty"`
	// Context holds further facts for programs.
	Context map[string]any `json:"context,omitempty"`
	// RetryAfter says when to try again; zero sends no header.
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	// Hint says what to do next.
	Hint *Message `json:"hint,omitempty"`

	englishDetail bool // "detail" is English in every language
	cause         error
}

// New returns a problem of which only the status and the reason are known. The code
// follows from the status.
func New(status int, msg Message) *Problem {
	code, category := ForStatus(status)
	return &Problem{Status: status, Code: code, Category: category, Message: msg}
}

// NewCode returns a problem with a code of the catalogue and its usual status.
func NewCode(code Code, msg Message) *Problem {
	e := Lookup(code, CategoryInternal)
	return &Problem{Status: e.Status, Code: code, Category: e.Category, Message: msg}
}

// UnmarshalJSON reads a stored problem. Numbers keep their text.
func (p *Problem) UnmarshalJSON(data []byte) error {
	type plain Problem
	return decodeNumbers(data, (*plain)(p))
}

// Error returns the code, the English reason, the fields and the cause.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.Code, p.Message.EN)
	for _, e := range p.Errors {
		b.WriteString("; " + e.Error())
	}
	if p.cause != nil {
		fmt.Fprintf(&b, ": %v", p.cause)
	}
	return b.String()
}

// Unwrap returns the cause, which is for logs and never shown to a client.
func (p *Problem) Unwrap() error { return p.cause }

// Retryable reports whether the same request may succeed later.
func (p *Problem) Retryable() bool {
	return p.Category != CategoryObjectify && retryableStatus(p.Status)
}

// Because returns a copy with a cause for the logs.
func (p *Problem) Because(err error) *Problem {
	q := *p
	q.cause = err
	return &q
}

// WithHint returns a copy that says what to do next.
func (p *Problem) WithHint(m Message) *Problem {
	q := *p
	q.Hint = &m
	return &q
}

// WithContext returns a copy with one more fact for programs.
func (p *Problem) WithContext(key string, value any) *Problem {
	q := *p
	q.Context = maps.Clone(p.Context)
	if q.Context == nil {
		q.Context = map[string]any{}
	}
	q.Context[key] = value
	return &q
}

// WithDetail returns a copy with an object for programs as its detail.
func (p *Problem) WithDetail(detail map[string]any) *Problem {
	q := *p
	q.Detail = detail
	return &q
}

// WithRetryAfter returns a copy that says when to try again.
func (p *Problem) WithRetryAfter(d time.Duration) *Problem {
	q := *p
	q.RetryAfter = d
	return &q
}

// AsProblem finds the problem inside an error.
func AsProblem(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}

// From turns any error into a problem: the one inside it, a message as a bad request,
// an expired deadline as a time-out, everything else as an internal error.
func From(err error) *Problem {
	if p, ok := AsProblem(err); ok {
		return p
	}
	var m Message
	if errors.As(err, &m) {
		return BadRequest(m).Because(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return NewCode(UpstreamTimeout, textTimeout.With("service", "SPICE HARVESTER")).Because(err)
	}
	return Internal(err)
}
