// Package describe holds the words with which bff and oms describe their routes:
// bodies, parameters and answers that both have.
//
//	describe.go  reads, writes, parameters
//	bodies.go    what both take and answer
//	tasks.go     the routes of background tasks
package describe

import (
	"net/http"
	"slices"

	"spiceharvester/shared/command"
	"spiceharvester/shared/openapi"
)

// Object is a body of any members; its shape is told in words where it matters.
type Object = map[string]any

// Enveloped is a body in the contract's envelope.
type Enveloped[T any] struct {
	Status  string   `json:"status" enum:"success,created,accepted,warning,partial,error"`
	Message string   `json:"message"`
	Data    T        `json:"data"`
	Errors  []string `json:"errors"`
}

// Parameters that many routes have.
var (
	Branch      = openapi.Param{Name: "branch", Default: "main", About: "Branch."}
	Limit       = openapi.Param{Name: "limit", Type: "integer", Default: 100, About: "How many at most."}
	Offset      = openapi.Param{Name: "offset", Type: "integer", Default: 0, About: "How many to leave out."}
	Expected    = openapi.Param{Name: "expected_seq", Type: "integer", About: "Sequence of the last fact that the client knows; If-Match says the same."}
	Position    = openapi.Param{Name: "min_position", About: "Wait until the answer has what a write has answered as its position."}
	Idempotency = openapi.Param{Name: "Idempotency-Key", In: "header", About: "The same key is the same command."}
	Wait        = openapi.Param{Name: "Prefer", In: "header", About: "wait=n: answer 200 with the outcome if it comes within n seconds."}
)

// Parameters of lists of instances, and of reads of one.
var (
	Sort       = openapi.Param{Name: "sort", About: "instance_id, created_at, updated_at or a property; what lacks it comes last."}
	Order      = openapi.Param{Name: "order", Enum: []string{"asc", "desc"}}
	Search     = openapi.Param{Name: "search", About: "Words that all must occur."}
	Cursor     = openapi.Param{Name: "cursor", About: "next_cursor of the page before; reaches any depth."}
	ListParams = []openapi.Param{Limit, Offset, Cursor, Search, Sort, Order, Position}
	AsOfParams = []openapi.Param{
		{Name: "min_sequence", Type: "integer", About: "Wait until the instance has this fact."}, {Name: "as_of_sequence", Type: "integer", About: "The state with this sequence."},
		{Name: "as_of_position", About: "The state at this position of the log."}, {Name: "as_of", About: "The state at this time, RFC 3339."},
	}
)

// Filter says how lists of instances are filtered.
const Filter = "filter.<property>=value (also a relationship, Class/id) selects by equality; several must all hold."

// Advanced are the switches of an advanced declaration.
var Advanced = []openapi.Param{
	{Name: "auto_generate_inverse", Type: "boolean", Default: false, About: "Not built: true answers 501."},
	{Name: "validate_relationships", Type: "boolean", Default: true, About: "Refuse what the relationship validator calls an error. What contradicts an inverse is refused in any case."},
	{Name: "check_circular_references", Type: "boolean", Default: true, About: "Refuse a class that would be part of a critical circle."},
	Branch,
}

// accepted are the answers of a write: taken, or its outcome if the client waited.
var accepted = map[int]any{http.StatusAccepted: Object{}, http.StatusOK: command.Status{}}

// Write describes a write.
func Write(o openapi.Operation) openapi.Operation {
	o.Params = append([]openapi.Param{Idempotency, Wait}, o.Params...)
	if o.Answers == nil {
		o.Answers = accepted
	}
	o.Fails = append(slices.Clone(o.Fails), http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	return o
}

// Read describes a read that answers 200.
func Read(o openapi.Operation, body any) openapi.Operation {
	o.Answers = map[int]any{http.StatusOK: body}
	o.Fails = append(slices.Clone(o.Fails), http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable)
	return o
}
