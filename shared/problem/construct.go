package problem

import (
	"net/http"
	"time"
)

// Validation is a request whose fields are wrong: 422, or 400 from the OMS.
func Validation(errs ...FieldError) *Problem {
	p := NewCode(ValidationFailed, textValidation.With())
	if len(errs) > MaxFieldErrors {
		p.Context = map[string]any{"errors_total": len(errs)}
		errs = errs[:MaxFieldErrors]
	}
	p.Errors = errs
	return p
}

// MalformedJSON is a body that is not JSON: 400. The offset counts bytes from 0.
func MalformedJSON(loc []any, offset int, reason Message) *Problem {
	p := NewCode(JSONDecodeError, textMalformed.With())
	p.Errors = FieldErrors{{Type: TypeJSONInvalid, Loc: At(loc, offset),
		Msg: textJSONInvalid.With("offset", offset, "reason", reason), Ctx: map[string]any{"error": reason.EN}}}
	return p
}

// BadRequest is a request that breaks a rule which is not about one field: 400.
func BadRequest(msg Message) *Problem { return New(http.StatusBadRequest, msg) }

// InvalidParameter is a path or query parameter that breaks a rule: 400 with the reason
// as detail and the parameter in "errors". The error should hold a [Message].
func InvalidParameter(loc []any, err error, input any) *Problem {
	p := BadRequest(MessageOf(err))
	p.Errors = FieldErrors{InvalidValue(loc, p.Message, input)}
	return p
}

// NotFound is a thing that does not exist: 404.
func NotFound(kind Kind, id string) *Problem {
	return NewCode(ResourceNotFound, textNotFound.With("kind", kind.text.With(), "id", id))
}

// AlreadyExists is a name that is taken: 409.
func AlreadyExists(kind Kind, id string) *Problem {
	return NewCode(ResourceExists, textExists.With("kind", kind.text.With(), "id", id))
}

// Conflict is any other clash with the present state: 409.
func Conflict(msg Message) *Problem { return New(http.StatusConflict, msg) }

// SequenceConflict is a write that expected another state of the aggregate: 409 with the
// contract's detail object (event-core 4.4).
func SequenceConflict(aggregateID string, expected, actual int64) *Problem {
	p := Conflict(textSequenceConflict.With("aggregate", aggregateID, "expected", expected, "actual", actual))
	p.Detail = map[string]any{
		"error": "optimistic_concurrency_conflict", "aggregate_id": aggregateID,
		"expected_seq": expected, "actual_seq": actual,
	}
	return p.WithHint(hintReload.With())
}

// PendingCommand is a write with the same expectation as a command that is still open:
// 409 in the same shape, with the id of that command.
func PendingCommand(aggregateID string, expected, actual int64, commandID string, retryAfter time.Duration) *Problem {
	p := SequenceConflict(aggregateID, expected, actual)
	p.Message = textPending.With("aggregate", aggregateID, "command", commandID)
	p.Detail["pending_command_id"] = commandID
	return p.WithHint(hintPending.With()).WithRetryAfter(retryAfter)
}

// Forbidden is a caller who may not do this: 403. A zero message gives the general one.
func Forbidden(msg Message) *Problem {
	if msg.IsZero() {
		msg = textForbidden.With()
	}
	return New(http.StatusForbidden, msg)
}

// PayloadTooLarge is a body above the limit, in bytes: 413.
func PayloadTooLarge(limit int64) *Problem {
	return NewCode(TooLarge, textTooLarge.With("limit", limit)).WithContext("limit_bytes", limit)
}

// RateLimit is a client that calls too often: 429 with the contract's detail object.
// Requests may be sent limit times in a window.
func RateLimit(limit int, window, retryAfter time.Duration) *Problem {
	seconds := wholeSeconds(window)
	p := NewCode(RateLimited, textRateLimit.With("limit", limit, "window", seconds))
	p.Detail = map[string]any{"error": "Rate limit exceeded", "retry_after": wholeSeconds(retryAfter), "limit": limit, "window": seconds}
	return p.WithHint(hintLater.With()).WithRetryAfter(retryAfter)
}

// Overloaded is a write that was not taken because too much is open already: 429.
func Overloaded(retryAfter time.Duration) *Problem {
	return NewCode(RateLimited, textOverloaded.With()).WithHint(hintLater.With()).WithRetryAfter(retryAfter)
}

// UnknownOutcome is a write of which nobody knows yet whether it was stored: 503. The
// client repeats it with the same Idempotency-Key; it is never told of a failure.
func UnknownOutcome(retryAfter time.Duration, cause error) *Problem {
	return NewCode(OutcomeUnknown, textOutcomeUnknown.With()).
		WithHint(hintSameKey.With()).WithRetryAfter(retryAfter).Because(cause)
}

// Behind is a read that wants a newer state than the read model has: 503 READ_BEHIND.
// Wanted and reached are sequences or positions of the log;
// reached is nil if it is not known.
func Behind(wanted, reached any, retryAfter time.Duration) *Problem {
	msg := textReadBehind.With("wanted", wanted, "reached", reached)
	if reached == nil {
		msg = textReadBehindUnknown.With("wanted", wanted)
	}
	p := NewCode(ReadBehind, msg)
	p.Context = map[string]any{"wanted": wanted, "reached": reached}
	return p.WithHint(hintLater.With()).WithRetryAfter(retryAfter)
}

// Unavailable is a backing service that cannot be reached: 503. The code tells which
// sort: [DBUnavailable], [TerminusUnavail], [UpstreamUnavail], [ServiceUnavailable].
func Unavailable(code Code, service string, cause error) *Problem {
	return NewCode(code, textUnavailable.With("service", service)).Because(cause)
}

// Timeout is a backing service that did not answer in time: 504. The code is
// [DBTimeout] or [UpstreamTimeout].
func Timeout(code Code, service string, cause error) *Problem {
	return NewCode(code, textTimeout.With("service", service)).Because(cause)
}

// Internal is a failure of ours: 500. The cause goes to the logs; the client gets the
// trace id to find it there.
func Internal(cause error) *Problem {
	return NewCode(InternalError, textInternal.With()).Because(cause)
}

// wholeSeconds rounds up, so that a client never comes back too early.
func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
