package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

var bff = Origin{Service: "bff", Method: "GET", Path: "/api/v1/x", Endpoint: "instances.get"}

func rendered(t *testing.T, p *Problem, lang Lang, o Origin) (int, map[string]any, http.Header) {
	t.Helper()
	status, raw, header := Render(p, lang, o, "0af7651916cd43dd8448eb211c80319c", "")
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return status, body, header
}

func TestRenderGivesTheContractsBody(t *testing.T) {
	_, raw, header := Render(NotFound(KindInstance, "p9"), English, bff, "0af7651916cd43dd8448eb211c80319c", "req-1")
	want := `{"type":"urn:spiceharvester:problem:RESOURCE_NOT_FOUND","title":"Resource not found","status":"error","message":"Instance 'p9' was not found.","message_key":"problem.not_found","detail":"Instance 'p9' was not found.","instance":"urn:spiceharvester:trace:0af7651916cd43dd8448eb211c80319c",` +
		`"code":"RESOURCE_NOT_FOUND","category":"resource","http_status":404,"retryable":false,` +
		`"enterprise":{"schema":"1.0","code":"SHV-BFF-RES-NOT-0001","domain":"resource","class":"not_found","subsystem":"BFF",` +
		`"severity":"error","title":"Resource not found","http_status":404,"retryable":false,` +
		`"legacy_code":"RESOURCE_NOT_FOUND","legacy_category":"resource"},` +
		`"origin":{"service":"bff","method":"GET","path":"/api/v1/x","endpoint":"instances.get"},` +
		`"trace_id":"0af7651916cd43dd8448eb211c80319c","request_id":"req-1"}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	if header.Get("Content-Type") != "application/json" || header.Get("Content-Language") != "en" {
		t.Errorf("headers %v", header)
	}
	_, body, _ := rendered(t, NotFound(KindInstance, "p9"), Korean, bff)
	if detail := body["detail"].(string); !strings.Contains(detail, "인스턴스 'p9'를 찾을 수 없습니다") {
		t.Errorf("Korean detail %q", detail)
	}
	if body["request_id"] != nil {
		t.Errorf("request_id %v, want null", body["request_id"])
	}
}

func TestConflictKeepsItsObjectInBothLanguages(t *testing.T) {
	object := map[string]any{"error": "optimistic_concurrency_conflict", "aggregate_id": "shop:main:Product:p1",
		"expected_seq": 3.0, "actual_seq": 5.0, "pending_command_id": "c1"}
	p := PendingCommand("shop:main:Product:p1", 3, 5, "c1", 1500*time.Millisecond)
	for _, lang := range []Lang{English, Korean} {
		status, body, header := rendered(t, p, lang, bff)
		if status != 409 || body["code"] != "CONFLICT" || body["category"] != "conflict" || body["retryable"] != false {
			t.Errorf("%s: %d %v", lang, status, body)
		}
		if got := body["context"].(map[string]any)["detail"]; !reflect.DeepEqual(got, object) {
			t.Errorf("%s: context.detail %v", lang, got)
		}
		var text map[string]any
		if err := json.Unmarshal([]byte(body["detail"].(string)), &text); err != nil || !reflect.DeepEqual(text, object) {
			t.Errorf("%s: detail %v is not the object: %v", lang, body["detail"], err)
		}
		if header.Get("Retry-After") != "2" {
			t.Errorf("%s: Retry-After %q, want 2", lang, header.Get("Retry-After"))
		}
		if msg := body["message"].(string); !strings.Contains(msg, "c1") {
			t.Errorf("%s: the message %q does not name the command", lang, msg)
		}
		if body["hint"] == "" {
			t.Errorf("%s: no hint", lang)
		}
	}
	if p := SequenceConflict("a", 1, 2); p.Detail["pending_command_id"] != nil || p.RetryAfter != 0 {
		t.Error("a plain conflict names a pending command")
	}
}

func TestValidation(t *testing.T) {
	p := Validation(Missing([]any{"body", "data", "price"}),
		InvalidValue([]any{"body", "data", "tags", 2}, textDuplicateForTest.With("name", "a"), "a"))
	status, body, _ := rendered(t, p, English, bff)
	if status != 422 || body["code"] != "REQUEST_VALIDATION_FAILED" || body["message"] != "Request validation failed" {
		t.Errorf("%d %v", status, body)
	}
	want := []any{
		map[string]any{"type": "missing", "loc": []any{"body", "data", "price"}, "msg": "Field required"},
		map[string]any{"type": "value_error", "loc": []any{"body", "data", "tags", 2.0}, "msg": "a is taken",
			"input": "a", "ctx": map[string]any{"error": "a is taken"}},
	}
	if !reflect.DeepEqual(body["errors"], want) {
		t.Errorf("errors %v, want %v", body["errors"], want)
	}
	if body["detail"] != "body.data.price: Field required; body.data.tags[2]: a is taken" {
		t.Errorf("detail %v", body["detail"])
	}

	oms := bff
	oms.Service = "oms"
	status, body, _ = rendered(t, p, Korean, oms)
	if status != 400 || body["http_status"] != 400.0 || body["enterprise"].(map[string]any)["http_status"] != 400.0 {
		t.Errorf("OMS answers %d: %v", status, body)
	}
	if msg := body["errors"].([]any)[0].(map[string]any)["msg"]; msg != "필수 항목입니다." {
		t.Errorf("Korean msg %v", msg)
	}
}

var textDuplicateForTest = Define("test.taken", "{name} is taken", "{name}: 이미 있습니다")

func TestValidationIsBounded(t *testing.T) {
	var errs FieldErrors
	for i := range 1000 {
		errs.AddValue(TypeValue, []any{"body", i}, textDuplicateForTest.With("name", i), strings.Repeat("x", 10_000))
	}
	_, body, _ := rendered(t, errs.Err().(*Problem), English, bff)
	if n := len(body["errors"].([]any)); n != MaxFieldErrors {
		t.Errorf("%d errors", n)
	}
	if total := body["context"].(map[string]any)["errors_total"]; total != 1000.0 {
		t.Errorf("errors_total %v", total)
	}
	if _, echoed := body["errors"].([]any)[0].(map[string]any)["input"]; echoed {
		t.Error("a long input is echoed")
	}
	if err := (FieldErrors)(nil).Err(); err != nil {
		t.Errorf("no errors give %v", err)
	}
}

func TestStatusesAndCodes(t *testing.T) {
	cause := errors.New("pq: secret host 10.0.0.1")
	tests := []struct {
		name       string
		p          *Problem
		status     int
		code       Code
		enterprise string
		retryable  bool
	}{
		{"plain 400", BadRequest(textMissing.With()), 400, "HTTP_ERROR", "SHV-BFF-INP-VAL-0999", false},
		{"malformed", MalformedJSON([]any{"body"}, 3, textMissing.With()), 400, "JSON_DECODE_ERROR", "SHV-BFF-INP-VAL-0002", false},
		{"forbidden", Forbidden(Message{}), 403, "PERMISSION_DENIED", "SHV-BFF-ACC-PER-0001", false},
		{"exists", AlreadyExists(KindDatabase, "shop"), 409, "RESOURCE_ALREADY_EXISTS", "SHV-BFF-RES-CON-0001", false},
		{"too large", PayloadTooLarge(10), 413, "PAYLOAD_TOO_LARGE", "SHV-BFF-INP-LIM-0001", false},
		{"rate limit", RateLimit(10, time.Minute, time.Second), 429, "RATE_LIMITED", "SHV-BFF-RAT-LIM-0001", true},
		{"overloaded", Overloaded(time.Second), 429, "RATE_LIMITED", "SHV-BFF-RAT-LIM-0001", true},
		{"unknown outcome", UnknownOutcome(time.Second, cause), 503, "OUTCOME_UNKNOWN", "SHV-BFF-SYS-UNA-0002", true},
		{"behind", Behind(7, 5, time.Second), 503, "READ_BEHIND", "SHV-BFF-SYS-UNA-0001", true},
		{"database", Unavailable(DBUnavailable, "Postgres", cause), 503, "DB_UNAVAILABLE", "SHV-BFF-DB-UNA-0001", true},
		{"database time-out", Timeout(DBTimeout, "Postgres", cause), 504, "DB_TIMEOUT", "SHV-BFF-DB-TMO-0001", true},
		{"internal", Internal(cause), 500, "INTERNAL_ERROR", "SHV-BFF-SYS-INT-0001", false},
		{"not implemented", New(501, textMissing.With()), 501, "HTTP_ERROR", "SHV-BFF-SYS-INT-0002", false},
		{"objectify", Objectify("validation_failed: 3 rows", textMissing.With()), 422, "validation_failed", "SHV-OBJ-DAT-VAL-0001", false},
		{"objectify key", Objectify("artifact_not_found(x)", textMissing.With()), 404, "artifact_not_found", "SHV-OBJ-PIP-NOT-0001", false},
		{"unknown objectify key", Objectify("else", textMissing.With()), 500, "INTERNAL_ERROR", "SHV-BFF-SYS-INT-0001", false},
		{"from message", From(fmt.Errorf("x: %w", textMissing.With())), 400, "HTTP_ERROR", "SHV-BFF-INP-VAL-0999", false},
		{"from problem", From(fmt.Errorf("x: %w", Behind(1, 0, 0))), 503, "READ_BEHIND", "SHV-BFF-SYS-UNA-0001", true},
		{"from deadline", From(context.DeadlineExceeded), 504, "UPSTREAM_TIMEOUT", "SHV-BFF-UPS-TMO-0001", true},
		{"from other", From(cause), 500, "INTERNAL_ERROR", "SHV-BFF-SYS-INT-0001", false},
	}
	for _, tt := range tests {
		for _, lang := range []Lang{English, Korean} {
			status, raw, _ := Render(tt.p, lang, bff, "", "")
			var body Body
			if err := json.Unmarshal(raw, &body); err != nil {
				t.Fatalf("%s: %v in %s", tt.name, err, raw)
			}
			if status != tt.status || body.Code != tt.code || body.Enterprise.Code != tt.enterprise || body.Retryable != tt.retryable {
				t.Errorf("%s: %d %s %s retryable=%v", tt.name, status, body.Code, body.Enterprise.Code, body.Retryable)
			}
			if strings.Contains(string(raw), "secret") {
				t.Errorf("%s: the cause is shown to the client: %s", tt.name, raw)
			}
			if strings.ContainsAny(body.Message+body.Detail+body.Hint, "{}") && tt.p.Detail == nil {
				t.Errorf("%s: a parameter is not filled in: %s", tt.name, raw)
			}
		}
	}
	if _, body, _ := rendered(t, Internal(cause), English, bff); body["detail"] != "An unexpected error occurred" {
		t.Errorf("detail of an internal error: %v", body["detail"])
	}
	if !errors.Is(Internal(cause), cause) || !strings.Contains(Internal(cause).Error(), "secret") {
		t.Error("the cause is lost for the logs")
	}
}

// Clients of the contract compare the detail of refused authentication, which has no
// other language.
func TestWhatIsRefusedBeforeAHandlerRuns(t *testing.T) {
	tests := []struct {
		p               *Problem
		lang            Lang
		status          int
		code            Code
		message, detail string
	}{
		{Unauthenticated(), English, 401, AuthRequired, "Authentication required", "Authentication required"},
		{Unauthenticated(), Korean, 401, AuthRequired, "인증이 필요합니다.", "Authentication required"},
		{InvalidCredentials(), Korean, 403, AuthInvalid, "인증 정보가 올바르지 않습니다.", "Invalid authentication credentials"},
		{AuthNotConfigured("BFF"), Korean, 503, ServiceUnavailable, "BFF 인증이 필요하지만 토큰이 설정되지 않았습니다.", "BFF auth required but no token configured"},
		{RouteNotFound(), English, 404, ResourceNotFound, "Not Found", "Not Found"},
		{RouteNotFound(), Korean, 404, ResourceNotFound, "찾을 수 없습니다.", "찾을 수 없습니다."},
		{MethodNotAllowed("GET, POST"), English, 405, HTTPError, "Method Not Allowed", "Method Not Allowed"},
		{MethodNotAllowed("GET, POST"), Korean, 405, HTTPError, "요청에 실패했습니다.", "요청에 실패했습니다."},
	}
	for _, tt := range tests {
		status, body, header := rendered(t, tt.p, tt.lang, bff)
		if status != tt.status || body["code"] != string(tt.code) || body["message"] != tt.message || body["detail"] != tt.detail || body["status"] != "error" {
			t.Errorf("%d %v, want %+v", status, body, tt)
		}
		if got := header.Get("WWW-Authenticate") == "Bearer"; got != (status == 401) {
			t.Errorf("%d: WWW-Authenticate %q", status, header.Get("WWW-Authenticate"))
		}
		if got := header.Get("Allow") == "GET, POST"; got != (status == 405) {
			t.Errorf("%d: Allow %q", status, header.Get("Allow"))
		}
	}
}

func TestRFC9457(t *testing.T) {
	p := SequenceConflict("shop:main:Product:p1", 2, 3)
	_, plain, _ := Render(p, English, bff, "t", "r")
	status, raw, header := RenderRFC9457(p, English, bff, "t", "r")
	if header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("headers %v", header)
	}
	if want := strings.Replace(string(plain), `"status":"error"`, fmt.Sprintf(`"status":%d`, status), 1); string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	for _, member := range []string{`"type":"urn:spiceharvester:problem:CONFLICT"`, `"title":"Conflict detected"`, `"status":409`, `"detail":"{`, `"instance":"urn:spiceharvester:trace:t"`} {
		if !strings.Contains(string(raw), member) {
			t.Errorf("%s is missing in %s", member, raw)
		}
	}
	// What cannot be said in JSON is left out, and the number stays.
	_, raw, _ = RenderRFC9457(p.WithContext("x", func() {}), English, bff, "", "")
	if !strings.Contains(string(raw), `"status":409`) {
		t.Errorf("%s", raw)
	}
}

func TestProblemSurvivesJSON(t *testing.T) {
	p := PendingCommand("a", 1, 2, "c", time.Second)
	p.Errors = FieldErrors{Missing([]any{"body", "x", 2}), TooBig([]any{"query", "limit"}, 1000, json.Number("12345678901234567890.10"))}
	raw, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Problem
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if Path(back.Errors[0].Loc) != "body.x[2]" {
		t.Errorf("loc %v", back.Errors[0].Loc)
	}
	_, before, _ := Render(p, Korean, bff, "", "")
	_, after, _ := Render(&back, Korean, bff, "", "")
	if string(before) != string(after) {
		t.Errorf("before %s\nafter  %s", before, after)
	}
}

func TestRenderSurvivesAnUnspeakableContext(t *testing.T) {
	p := NotFound(KindClass, "X").WithContext("bad", func() {})
	status, body, _ := rendered(t, p, English, bff)
	if status != 404 || body["message"] != "Class 'X' was not found." {
		t.Errorf("%d %v", status, body)
	}
}

func TestInvalidParameter(t *testing.T) {
	p := InvalidParameter([]any{"path", "db_name"}, textDuplicateForTest.With("name", "shop"), "shop")
	status, body, _ := rendered(t, p, English, bff)
	first := body["errors"].([]any)[0].(map[string]any)
	if status != 400 || body["detail"] != "shop is taken" || first["type"] != "value_error" || first["loc"].([]any)[1] != "db_name" {
		t.Errorf("%d %v", status, body)
	}
}

func TestFieldErrorTypes(t *testing.T) {
	loc := []any{"query", "x"}
	for want, e := range map[string]FieldError{
		"query.x: Input should be a valid integer, unable to parse string as an integer": NotAnInteger(loc, "a"),
		"query.x: Input should be greater than or equal to 1":                            TooSmall(loc, 1, 0),
		"query.x: Input should be less than or equal to 5":                               TooBig(loc, 5, 6),
		"query.x: Input should be one of 'a', 'b'":                                       NotOneOf(loc, []string{"a", "b"}, "c"),
		"query.x: Extra inputs are not permitted":                                        Unexpected(loc),
		"query.x: Input should be a valid list":                                          WrongType(TypeList, loc, 1),
		"query.x: Input has the wrong type":                                              WrongType("odd_type", loc, 1),
	} {
		if e.Error() != want || e.Msg.KO == e.Msg.EN {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}

// Builders return copies: a shared problem is never changed by one request.
func TestBuildersCopy(t *testing.T) {
	p := PayloadTooLarge(1)
	p.WithContext("k", "v").WithHint(textMissing.With()).WithRetryAfter(time.Second).WithDetail(map[string]any{"a": 1})
	if p.Context["k"] != nil || p.Detail != nil || p.Hint != nil || p.RetryAfter != 0 {
		t.Errorf("the original changed: %+v", p)
	}
}

func TestGeneralTexts(t *testing.T) {
	if m := StatusMessage("accepted"); m.EN != "Accepted." || m.KO != "접수되었습니다." {
		t.Errorf("accepted: %+v", m)
	}
	if m := StatusMessage("odd"); m.EN != "OK." {
		t.Errorf("other: %+v", m)
	}
	for status, want := range map[int]string{409: "Conflict.", 502: "Internal server error.", 418: "Request failed."} {
		if m := HTTPMessage(status); m.EN != want {
			t.Errorf("%d: %q", status, m.EN)
		}
	}
}

func TestCatalogueEntriesAreConsistent(t *testing.T) {
	codes := map[string]Code{}
	for code, e := range entries {
		if other, taken := codes[e.Suffix]; taken {
			t.Errorf("%s and %s share %s", code, other, e.Suffix)
		}
		codes[e.Suffix] = code
		if e.Title == "" || e.Status < 400 || e.Category == "" || e.Domain == "" || e.Class == "" {
			t.Errorf("%s: %+v is not complete", code, e)
		}
	}
	if e := Lookup("NO_SUCH_CODE", CategoryConflict); e.Suffix != "CNF-CON-0999" {
		t.Errorf("unknown code: %+v", e)
	}
	if e := Lookup("NO_SUCH_CODE", "odd"); e.Suffix != "SYS-INT-0999" {
		t.Errorf("unknown category: %+v", e)
	}
}

// Where the read model stands is not always known; then nothing is said of it.
func TestBehindOfUnknownPosition(t *testing.T) {
	for reached, want := range map[any]string{nil: "The read model has not reached 7 yet.", 5: "The read model has not reached 7 yet; it is at 5."} {
		if got := Behind(7, reached, time.Second).Message.EN; got != want {
			t.Errorf("%v: %s", reached, got)
		}
	}
}
