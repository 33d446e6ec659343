package problem

import "net/http"

// Code names the kind of an error for programs. The values are the contract's, and a
// few of our own for situations that the contract has no code for.
type Code string

// Codes of the contract, and (from ReadBehind on) our own.
const (
	ValidationFailed   Code = "REQUEST_VALIDATION_FAILED"
	JSONDecodeError    Code = "JSON_DECODE_ERROR"
	InputRejected      Code = "INPUT_SANITIZATION_FAILED"
	TooLarge           Code = "PAYLOAD_TOO_LARGE"
	AuthRequired       Code = "AUTH_REQUIRED"
	AuthInvalid        Code = "AUTH_INVALID"
	AuthExpired        Code = "AUTH_EXPIRED"
	PermissionDenied   Code = "PERMISSION_DENIED"
	ResourceNotFound   Code = "RESOURCE_NOT_FOUND"
	ResourceExists     Code = "RESOURCE_ALREADY_EXISTS"
	ConflictDetected   Code = "CONFLICT"
	RateLimited        Code = "RATE_LIMITED"
	UpstreamError      Code = "UPSTREAM_ERROR"
	UpstreamTimeout    Code = "UPSTREAM_TIMEOUT"
	UpstreamUnavail    Code = "UPSTREAM_UNAVAILABLE"
	TerminusConflict   Code = "TERMINUS_CONFLICT"
	TerminusUnavail    Code = "TERMINUS_UNAVAILABLE"
	OMSUnavailable     Code = "OMS_UNAVAILABLE"
	DBError            Code = "DB_ERROR"
	DBUnavailable      Code = "DB_UNAVAILABLE"
	DBTimeout          Code = "DB_TIMEOUT"
	DBConstraint       Code = "DB_CONSTRAINT_VIOLATION"
	HTTPError          Code = "HTTP_ERROR"
	InternalError      Code = "INTERNAL_ERROR"
	ReadBehind         Code = "READ_BEHIND"
	OutcomeUnknown     Code = "OUTCOME_UNKNOWN"
	ServiceUnavailable Code = "SERVICE_UNAVAILABLE"
)

// Category groups codes.
type Category string

// Categories of the contract.
const (
	CategoryInput      Category = "input"
	CategoryAuth       Category = "auth"
	CategoryPermission Category = "permission"
	CategoryResource   Category = "resource"
	CategoryConflict   Category = "conflict"
	CategoryRateLimit  Category = "rate_limit"
	CategoryUpstream   Category = "upstream"
	CategoryInternal   Category = "internal"
	CategoryObjectify  Category = "objectify"
)

// Severity says how much an operator should care.
type Severity string

// Severities of the contract.
const (
	SeverityError    Severity = "error"
	SeverityCritical Severity = "critical"
)

// Entry is a line of the enterprise catalogue: what the "enterprise" member of an error
// body says about a code. Suffix follows "SHV-<subsystem>-".
type Entry struct {
	Suffix   string
	Domain   string
	Class    string
	Severity Severity
	Title    string
	Status   int
	Category Category
}

// entries is the enterprise catalogue of the contract (bff-api 1.8). UPSTREAM_ERROR
// and HTTP_ERROR take the status of the response; the one here is typical.
var entries = map[Code]Entry{
	ValidationFailed: {"INP-VAL-0001", "input", "validation", SeverityError, "Request validation failed", 422, CategoryInput},
	JSONDecodeError:  {"INP-VAL-0002", "input", "validation", SeverityError, "Invalid JSON payload", 400, CategoryInput},
	InputRejected:    {"INP-SEC-0001", "input", "security", SeverityError, "Input rejected by security policy", 400, CategoryInput},
	TooLarge:         {"INP-LIM-0001", "input", "limit", SeverityError, "Payload too large", 413, CategoryInput},
	AuthRequired:     {"ACC-AUT-0001", "access", "auth", SeverityError, "Authentication required", 401, CategoryAuth},
	AuthInvalid:      {"ACC-AUT-0002", "access", "auth", SeverityError, "Invalid authentication", 401, CategoryAuth},
	AuthExpired:      {"ACC-AUT-0003", "access", "auth", SeverityError, "Authentication expired", 401, CategoryAuth},
	PermissionDenied: {"ACC-PER-0001", "access", "permission", SeverityError, "Permission denied", 403, CategoryPermission},
	ResourceNotFound: {"RES-NOT-0001", "resource", "not_found", SeverityError, "Resource not found", 404, CategoryResource},
	ResourceExists:   {"RES-CON-0001", "resource", "conflict", SeverityError, "Resource already exists", 409, CategoryResource},
	ConflictDetected: {"CNF-CON-0001", "conflict", "conflict", SeverityError, "Conflict detected", 409, CategoryConflict},
	RateLimited:      {"RAT-LIM-0001", "rate_limit", "limit", SeverityError, "Rate limit exceeded", 429, CategoryRateLimit},
	UpstreamError:    {"UPS-INT-0001", "upstream", "integration", SeverityError, "Upstream service error", 502, CategoryUpstream},
	UpstreamTimeout:  {"UPS-TMO-0001", "upstream", "timeout", SeverityError, "Upstream request timed out", 504, CategoryUpstream},
	UpstreamUnavail:  {"UPS-UNA-0001", "upstream", "unavailable", SeverityError, "Upstream service unavailable", 503, CategoryUpstream},
	TerminusConflict: {"UPS-CON-0001", "upstream", "conflict", SeverityError, "Upstream conflict", 409, CategoryConflict},
	TerminusUnavail:  {"UPS-UNA-0002", "upstream", "unavailable", SeverityError, "Upstream service unavailable", 503, CategoryUpstream},
	OMSUnavailable:   {"UPS-UNA-0003", "upstream", "unavailable", SeverityError, "Upstream service unavailable", 503, CategoryUpstream},
	DBError:          {"DB-INT-0001", "database", "internal", SeverityCritical, "Database error", 500, CategoryInternal},
	DBUnavailable:    {"DB-UNA-0001", "database", "unavailable", SeverityCritical, "Database unavailable", 503, CategoryInternal},
	DBTimeout:        {"DB-TMO-0001", "database", "timeout", SeverityCritical, "Database timeout", 504, CategoryInternal},
	DBConstraint:     {"DB-CON-0001", "database", "conflict", SeverityError, "Database constraint violation", 409, CategoryConflict},
	HTTPError:        {"SYS-INT-0002", "system", "internal", SeverityError, "HTTP error", 500, CategoryInternal},
	InternalError:    {"SYS-INT-0001", "system", "internal", SeverityCritical, "Internal server error", 500, CategoryInternal},

	ReadBehind:         {"SYS-UNA-0001", "system", "unavailable", SeverityError, "Read model is behind", 503, CategoryInternal},
	OutcomeUnknown:     {"SYS-UNA-0002", "system", "unavailable", SeverityError, "Outcome of the write is not known yet", 503, CategoryInternal},
	ServiceUnavailable: {"SYS-UNA-0003", "system", "unavailable", SeverityError, "Service unavailable", 503, CategoryInternal},
}

// fallbacks are the entries of codes that the catalogue does not have, by category.
var fallbacks = map[Category]Entry{
	CategoryInput:      {"INP-VAL-0999", "input", "validation", SeverityError, "Invalid request", 400, CategoryInput},
	CategoryAuth:       {"ACC-AUT-0999", "access", "auth", SeverityError, "Authentication failed", 401, CategoryAuth},
	CategoryPermission: {"ACC-PER-0999", "access", "permission", SeverityError, "Permission denied", 403, CategoryPermission},
	CategoryResource:   {"RES-NOT-0999", "resource", "not_found", SeverityError, "Resource error", 404, CategoryResource},
	CategoryConflict:   {"CNF-CON-0999", "conflict", "conflict", SeverityError, "Conflict detected", 409, CategoryConflict},
	CategoryRateLimit:  {"RAT-LIM-0999", "rate_limit", "limit", SeverityError, "Rate limit exceeded", 429, CategoryRateLimit},
	CategoryUpstream:   {"UPS-INT-0999", "upstream", "integration", SeverityError, "Upstream service error", 502, CategoryUpstream},
	CategoryInternal:   {"SYS-INT-0999", "system", "internal", SeverityCritical, "Internal server error", 500, CategoryInternal},
}

// Lookup returns the catalogue's entry of a code. A code that it does not have gets the
// entry of its category; so does HTTP_ERROR as an input error, whose own entry would
// call a client's mistake a system error.
func Lookup(code Code, category Category) Entry {
	if e, ok := entries[code]; ok && (code != HTTPError || category != CategoryInput) {
		return e
	}
	if e, ok := objectifyEntries[code]; ok {
		return e
	}
	if e, ok := fallbacks[category]; ok {
		return e
	}
	return fallbacks[CategoryInternal]
}

// ForStatus returns the code and category of an error of which only the HTTP status is
// known.
func ForStatus(status int) (Code, Category) {
	switch status {
	case http.StatusBadRequest:
		return HTTPError, CategoryInput
	case http.StatusUnauthorized:
		return AuthRequired, CategoryAuth
	case http.StatusForbidden:
		return PermissionDenied, CategoryPermission
	case http.StatusNotFound:
		return ResourceNotFound, CategoryResource
	case http.StatusConflict:
		return ConflictDetected, CategoryConflict
	case http.StatusRequestEntityTooLarge:
		return TooLarge, CategoryInput
	case http.StatusUnprocessableEntity:
		return ValidationFailed, CategoryInput
	case http.StatusTooManyRequests:
		return RateLimited, CategoryRateLimit
	}
	return HTTPError, CategoryInternal
}

// retryableStatus reports whether the same request may succeed later.
func retryableStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// subsystem is the second part of an enterprise code.
func subsystem(service string) string {
	switch service {
	case "bff":
		return "BFF"
	case "oms":
		return "OMS"
	case "objectify-worker":
		return "OBJ"
	case "pipeline-worker", "pipeline-scheduler":
		return "PIP"
	}
	return "GEN"
}
