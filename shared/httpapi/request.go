package httpapi

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/writes"
)

// MaxBody bounds a JSON body, in bytes.
const MaxBody = 32 << 20

// maxWait bounds Prefer: wait=n.
const maxWait = 60 * time.Second

// Request is a request being read. Its readers collect what is wrong, so that
// one answer names every mistake; Check tells.
type Request struct {
	*http.Request
	Lang problem.Lang

	api    *API
	writer http.ResponseWriter
	errs   problem.FieldErrors
}

func newRequest(a *API, w http.ResponseWriter, r *http.Request) *Request {
	if rec, ok := w.(*recorder); ok {
		w = rec.ResponseWriter // http.MaxBytesReader closes the connection through it
	}
	return &Request{Request: r, Lang: problem.ChooseLang(r.URL.Query(), r.Header.Get("Accept-Language")), api: a, writer: w}
}

// Check returns what was wrong with the parameters read so far.
func (r *Request) Check() error { return r.errs.Err() }

// Query reads a text parameter.
func (r *Request) Query(name, otherwise string) string {
	if v := r.URL.Query().Get(name); v != "" {
		return v
	}
	return otherwise
}

// Required reads a text parameter that must be given. It may be blank.
func (r *Request) Required(name string) string {
	values := r.URL.Query()
	if !values.Has(name) {
		r.errs = append(r.errs, problem.Missing([]any{"query", name}))
	}
	return values.Get(name)
}

// OneOf reads a text parameter that takes some values only.
func (r *Request) OneOf(name, otherwise string, allowed ...string) string {
	v := r.Query(name, otherwise)
	if v != otherwise && !slices.Contains(allowed, v) {
		r.errs = append(r.errs, problem.NotOneOf([]any{"query", name}, allowed, v))
		return otherwise
	}
	return v
}

// Branch reads the branch parameter.
func (r *Request) Branch() string { return r.Query("branch", "main") }

// Int reads a whole number between low and high.
func (r *Request) Int(name string, otherwise, low, high int64) int64 {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise
	}
	loc := []any{"query", name}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		r.errs = append(r.errs, problem.NotAnInteger(loc, text))
	case n < low:
		r.errs = append(r.errs, problem.TooSmall(loc, low, n))
	case n > high:
		r.errs = append(r.errs, problem.TooBig(loc, high, n))
	default:
		return n
	}
	return otherwise
}

// Bool reads a switch.
func (r *Request) Bool(name string, otherwise bool) bool {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise
	}
	on, ok := Switch(text)
	if !ok {
		r.errs = append(r.errs, problem.NotABoolean([]any{"query", name}, text))
	}
	return on
}

// Expected reads expected_seq, which is required: as parameter, or as If-Match with the
// ETag of a read. Both must not differ.
func (r *Request) Expected() uint64 {
	if !r.HasExpected() {
		r.errs = append(r.errs, problem.Missing([]any{"query", "expected_seq"}))
		return 0
	}
	fromQuery, fromHeader := uint64(r.Int("expected_seq", 0, 0, 1<<62)), r.ifMatch()
	switch {
	case r.URL.Query().Get("expected_seq") == "":
		return fromHeader
	case r.Header.Get("If-Match") != "" && fromHeader != fromQuery && r.errs == nil:
		r.errs = append(r.errs, problem.InvalidValue([]any{"header", "If-Match"}, textIfMatch.With(), r.Header.Get("If-Match")))
	}
	return fromQuery
}

// HasExpected reports whether the client says which sequence it expects.
func (r *Request) HasExpected() bool {
	return r.URL.Query().Get("expected_seq") != "" || r.Header.Get("If-Match") != ""
}

// ifMatch reads the sequence out of If-Match, 0 without one.
func (r *Request) ifMatch() uint64 {
	tag := r.Header.Get("If-Match")
	if tag == "" {
		return 0
	}
	text, opened := strings.CutPrefix(tag, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	n, err := strconv.ParseUint(text, 10, 62)
	if err != nil || !opened || !closed {
		r.errs = append(r.errs, problem.InvalidValue([]any{"header", "If-Match"}, textIfMatch.With(), tag))
	}
	return n
}

// Body reads a JSON object.
func (r *Request) Body() (map[string]any, error) {
	data, err := r.RawBody(MaxBody)
	if err != nil {
		return nil, err
	}
	return strictjson.Object(data, "body")
}

// OptionalBody reads a JSON object; no body and null are nil.
func (r *Request) OptionalBody() (map[string]any, error) {
	data, err := r.RawBody(MaxBody)
	if err != nil {
		return nil, err
	}
	if text := strings.TrimSpace(string(data)); text == "" || text == "null" {
		return nil, nil
	}
	return strictjson.Object(data, "body")
}

// RawBody reads the body up to a limit, in bytes.
func (r *Request) RawBody(limit int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(r.writer, r.Request.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, problem.PayloadTooLarge(limit)
	}
	if err != nil {
		return nil, problem.BadRequest(textBodyLost.With()).Because(err)
	}
	return data, nil
}

var (
	textIfMatch  = problem.Define("http.if_match", "If-Match takes the ETag of a read, a sequence in quotes, and must not differ from expected_seq.", "If-Match에는 조회 응답의 ETag(따옴표로 묶은 시퀀스)를 지정해야 하며 expected_seq와 달라서는 안 됩니다.")
	textBodyLost = problem.Define("http.body_lost", "The request body could not be read to its end.", "요청 본문을 끝까지 읽을 수 없습니다.")
	textKey      = problem.Define("http.idempotency_key", "Idempotency-Key must have 1 to {limit} printable characters.", "Idempotency-Key는 1~{limit}자의 출력 가능한 문자여야 합니다.")
	textPrefer   = problem.Define("http.prefer_wait", "Prefer: wait takes a number of seconds from 0 to {limit}.", "Prefer: wait에는 0부터 {limit}까지의 초 단위 숫자를 지정해야 합니다.")
)

const maxKey = 255

// Caller reads who asks and how, for a write to the named endpoint.
func (r *Request) Caller(endpoint string) writes.Caller {
	c := writes.Caller{
		Actor: r.Named("X-Admin-Actor", "X-Actor", "X-User-ID", "X-User"), Principal: r.Principal(),
		Endpoint: endpoint, TraceParent: r.Header.Get("Traceparent"), Correlation: requestID(r.Request),
		Reason: r.Named("X-Change-Reason"), Admin: r.api.Auth.isAdmin(r.Request),
	}
	if c.Actor == "" {
		c.Actor = "system"
		if id := r.URL.Query().Get("user_id"); id != "" && utf8.ValidString(id) && !strictjson.HasControl(id) {
			c.Actor = id
		}
	}
	values, sent := r.Header["Idempotency-Key"]
	if !sent {
		values, sent = r.Header["X-Idempotency-Key"]
	}
	if sent {
		key := values[0]
		if key == "" || len(key) > maxKey || !utf8.ValidString(key) || strictjson.HasControl(key) {
			r.errs = append(r.errs, problem.InvalidValue([]any{"header", "Idempotency-Key"}, textKey.With("limit", maxKey), nil))
		}
		c.IdempotencyKey = key
	}
	return c
}

// Principal reads in whose name a request is made (bff-api 1.4). Nothing proves it.
func (r *Request) Principal() writes.Principal {
	p := writes.Principal{Type: cmp.Or(r.Named("X-User-Type"), "user"), ID: cmp.Or(r.Named("X-User-ID", "X-User"), "system")}
	p.Name = cmp.Or(r.Named("X-User-Name"), p.ID)
	return p
}

// Named reads the first of some headers that has a value; one with control characters,
// or that is no UTF-8, counts as absent.
func (r *Request) Named(headers ...string) string {
	for _, name := range headers {
		if v := r.Header.Get(name); v != "" && utf8.ValidString(v) && !strictjson.HasControl(v) {
			return v
		}
	}
	return ""
}

// Admin reports whether the request carries an administrator's token.
func (r *Request) Admin() bool { return r.api.Auth.isAdmin(r.Request) }

// Wait reads Prefer: wait=n; 0 means that the client does not wait.
func (r *Request) Wait() time.Duration {
	for _, value := range r.Header.Values("Prefer") {
		for part := range strings.SplitSeq(value, ",") {
			seconds, ok := strings.CutPrefix(strings.TrimSpace(part), "wait=")
			if !ok {
				continue
			}
			n, err := strconv.Atoi(seconds)
			if err != nil || n < 0 {
				r.errs = append(r.errs, problem.InvalidValue([]any{"header", "Prefer"}, textPrefer.With("limit", int(maxWait/time.Second)), value))
				return 0
			}
			return min(time.Duration(n)*time.Second, maxWait)
		}
	}
	return 0
}
