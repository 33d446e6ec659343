package problem

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// Origin says which request failed.
type Origin struct {
	// Service is the function: bff, oms, funnel, objectify-worker, …
	Service string `json:"service"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	// Endpoint names the handler.
	Endpoint string `json:"endpoint"`
}

// Body is the contract's error body (bff-api 1.8), and with it a problem of RFC 9457:
// "type", "title", "detail" and "instance" mean what they mean there. Only "status"
// cannot be both: it is the contract's "error", or, for a client that accepts
// application/problem+json, the number. "message_key" and "hint" are ours; more
// members may follow, clients ignore what they do not know.
type Body struct {
	Type       string         `json:"type"`
	Title      string         `json:"title"`
	Status     any            `json:"status"`
	Message    string         `json:"message"`
	MessageKey string         `json:"message_key,omitempty"`
	Detail     string         `json:"detail"`
	Instance   string         `json:"instance,omitempty"`
	Code       Code           `json:"code"`
	Category   Category       `json:"category"`
	HTTPStatus int            `json:"http_status"`
	Retryable  bool           `json:"retryable"`
	Hint       string         `json:"hint,omitempty"`
	Enterprise Enterprise     `json:"enterprise"`
	Origin     Origin         `json:"origin"`
	TraceID    *string        `json:"trace_id"`
	RequestID  *string        `json:"request_id"`
	Errors     []fieldBody    `json:"errors,omitempty"`
	Context    map[string]any `json:"context,omitempty"`
}

// Enterprise is the catalogue's view of an error.
type Enterprise struct {
	Schema         string   `json:"schema"`
	Code           string   `json:"code"`
	Domain         string   `json:"domain"`
	Class          string   `json:"class"`
	Subsystem      string   `json:"subsystem"`
	Severity       Severity `json:"severity"`
	Title          string   `json:"title"`
	HTTPStatus     int      `json:"http_status"`
	Retryable      bool     `json:"retryable"`
	LegacyCode     Code     `json:"legacy_code"`
	LegacyCategory Category `json:"legacy_category"`
}

// EnterpriseFor returns the catalogue's view of a problem in a service.
func EnterpriseFor(p *Problem, service string) Enterprise {
	e, sub := Lookup(p.Code, p.Category), subsystem(service)
	if p.Category == CategoryObjectify {
		sub = "OBJ"
	}
	return Enterprise{
		Schema: "1.0", Code: "SHV-" + sub + "-" + e.Suffix, Domain: e.Domain, Class: e.Class, Subsystem: sub,
		Severity: e.Severity, Title: e.Title, HTTPStatus: p.StatusFor(service), Retryable: p.Retryable(),
		LegacyCode: p.Code, LegacyCategory: p.Category,
	}
}

// StatusFor returns the HTTP status that a service answers: request validation is 422,
// but 400 in the OMS.
func (p *Problem) StatusFor(service string) int {
	if p.Code == ValidationFailed && service == "oms" {
		return http.StatusBadRequest
	}
	return p.Status
}

// MediaType is that of RFC 9457.
const MediaType = "application/problem+json"

// typePrefix begins the "type" of every problem; the code follows. Such a URN cannot
// be fetched, which RFC 9457 allows.
const typePrefix = "urn:spiceharvester:problem:"

// Render turns a problem into an answer: status, JSON body and headers. The ids may be
// empty.
func Render(p *Problem, lang Lang, origin Origin, traceID, requestID string) (int, []byte, http.Header) {
	return render(p, lang, origin, traceID, requestID, false)
}

// RenderRFC9457 is [Render] for a client that accepts [MediaType].
func RenderRFC9457(p *Problem, lang Lang, origin Origin, traceID, requestID string) (int, []byte, http.Header) {
	return render(p, lang, origin, traceID, requestID, true)
}

func render(p *Problem, lang Lang, origin Origin, traceID, requestID string, rfc9457 bool) (int, []byte, http.Header) {
	status, header := p.StatusFor(origin.Service), headers(p, lang)
	body := p.body(lang, origin, traceID, requestID)
	if rfc9457 {
		body.Status = status
		header.Set("Content-Type", MediaType)
	}
	raw, err := marshal(body)
	if err != nil {
		// A value in the context that JSON cannot say. The reason itself always can be.
		plain := *p
		plain.Context, plain.Detail = nil, nil
		plain.Errors = nil
		reduced := plain.body(lang, origin, traceID, requestID)
		reduced.Status = body.Status
		raw, _ = marshal(reduced)
	}
	return status, raw, header
}

func (p *Problem) body(lang Lang, origin Origin, traceID, requestID string) Body {
	enterprise := EnterpriseFor(p, origin.Service)
	b := Body{
		Type: typePrefix + string(p.Code), Title: enterprise.Title, Status: "error", Message: p.Message.In(lang), MessageKey: p.Message.Key, Code: p.Code, Category: p.Category,
		HTTPStatus: p.StatusFor(origin.Service), Retryable: p.Retryable(),
		Enterprise: enterprise, Origin: origin,
		TraceID: orNull(traceID), RequestID: orNull(requestID), Context: p.Context,
	}
	if b.Message == "" {
		b.Message = HTTPMessage(b.HTTPStatus).In(lang)
	}
	if traceID != "" {
		b.Instance = "urn:spiceharvester:trace:" + traceID
	}
	if p.Hint != nil {
		b.Hint = p.Hint.In(lang)
	}
	for _, e := range p.Errors {
		b.Errors = append(b.Errors, e.in(lang))
	}
	b.Detail = p.detailText(lang, b.Message)
	if p.Detail != nil {
		b.Context = maps.Clone(p.Context)
		if b.Context == nil {
			b.Context = map[string]any{}
		}
		b.Context["detail"] = p.Detail
	}
	return b
}

// detailText is the "detail" member: an object as JSON text (the same in every
// language), the fields with their reasons, or the message once more.
func (p *Problem) detailText(lang Lang, message string) string {
	switch {
	case p.englishDetail:
		return p.Message.In(English)
	case p.Detail != nil:
		if raw, err := marshal(p.Detail); err == nil {
			return string(raw)
		}
	case p.Code == ValidationFailed || p.Code == JSONDecodeError:
		lines := make([]string, len(p.Errors))
		for i, e := range p.Errors {
			lines[i] = Path(e.Loc) + ": " + e.Msg.In(lang)
		}
		return strings.Join(lines, "; ")
	case p.Code == InternalError:
		return textUnexpectedly.With().In(lang)
	}
	return message
}

func headers(p *Problem, lang Lang) http.Header {
	h := http.Header{"Content-Type": {"application/json"}, "Content-Language": {string(lang)}}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.FormatInt(wholeSeconds(p.RetryAfter), 10))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if allow, ok := p.Context["allow"].(string); ok && p.Status == http.StatusMethodNotAllowed && allow != "" {
		h.Set("Allow", allow)
	}
	return h
}

// marshal writes JSON without HTML escapes: texts hold quotes and angle brackets.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
