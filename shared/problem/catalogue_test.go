package problem

import (
	"net/http"
	"testing"
)

// The contract's enterprise catalogue (bff-api 1.8), line by line.
func TestTheCatalogueIsTheContracts(t *testing.T) {
	type line struct {
		suffix, domain, class, severity, title string
		status                                 int
		retryable                              bool
		category                               Category
	}
	for code, want := range map[Code]line{
		"REQUEST_VALIDATION_FAILED": {"INP-VAL-0001", "input", "validation", "error", "Request validation failed", 422, false, "input"},
		"JSON_DECODE_ERROR":         {"INP-VAL-0002", "input", "validation", "error", "Invalid JSON payload", 400, false, "input"},
		"INPUT_SANITIZATION_FAILED": {"INP-SEC-0001", "input", "security", "error", "Input rejected by security policy", 400, false, "input"},
		"PAYLOAD_TOO_LARGE":         {"INP-LIM-0001", "input", "limit", "error", "Payload too large", 413, false, "input"},
		"AUTH_REQUIRED":             {"ACC-AUT-0001", "access", "auth", "error", "Authentication required", 401, false, "auth"},
		"AUTH_INVALID":              {"ACC-AUT-0002", "access", "auth", "error", "Invalid authentication", 401, false, "auth"},
		"AUTH_EXPIRED":              {"ACC-AUT-0003", "access", "auth", "error", "Authentication expired", 401, false, "auth"},
		"PERMISSION_DENIED":         {"ACC-PER-0001", "access", "permission", "error", "Permission denied", 403, false, "permission"},
		"RESOURCE_NOT_FOUND":        {"RES-NOT-0001", "resource", "not_found", "error", "Resource not found", 404, false, "resource"},
		"RESOURCE_ALREADY_EXISTS":   {"RES-CON-0001", "resource", "conflict", "error", "Resource already exists", 409, false, "resource"},
		"CONFLICT":                  {"CNF-CON-0001", "conflict", "conflict", "error", "Conflict detected", 409, false, "conflict"},
		"RATE_LIMITED":              {"RAT-LIM-0001", "rate_limit", "limit", "error", "Rate limit exceeded", 429, true, "rate_limit"},
		"UPSTREAM_ERROR":            {"UPS-INT-0001", "upstream", "integration", "error", "Upstream service error", 502, true, "upstream"},
		"UPSTREAM_TIMEOUT":          {"UPS-TMO-0001", "upstream", "timeout", "error", "Upstream request timed out", 504, true, "upstream"},
		"UPSTREAM_UNAVAILABLE":      {"UPS-UNA-0001", "upstream", "unavailable", "error", "Upstream service unavailable", 503, true, "upstream"},
		"TERMINUS_CONFLICT":         {"UPS-CON-0001", "upstream", "conflict", "error", "Upstream conflict", 409, false, "conflict"},
		"TERMINUS_UNAVAILABLE":      {"UPS-UNA-0002", "upstream", "unavailable", "error", "Upstream service unavailable", 503, true, "upstream"},
		"OMS_UNAVAILABLE":           {"UPS-UNA-0003", "upstream", "unavailable", "error", "Upstream service unavailable", 503, true, "upstream"},
		"DB_ERROR":                  {"DB-INT-0001", "database", "internal", "critical", "Database error", 500, false, "internal"},
		"DB_UNAVAILABLE":            {"DB-UNA-0001", "database", "unavailable", "critical", "Database unavailable", 503, true, "internal"},
		"DB_TIMEOUT":                {"DB-TMO-0001", "database", "timeout", "critical", "Database timeout", 504, true, "internal"},
		"DB_CONSTRAINT_VIOLATION":   {"DB-CON-0001", "database", "conflict", "error", "Database constraint violation", 409, false, "conflict"},
		"HTTP_ERROR":                {"SYS-INT-0002", "system", "internal", "error", "HTTP error", 500, false, "internal"},
		"INTERNAL_ERROR":            {"SYS-INT-0001", "system", "internal", "critical", "Internal server error", 500, false, "internal"},
	} {
		for _, lang := range []Lang{English, Korean} {
			p := NewCode(code, HTTPMessage(want.status))
			status, body, header := rendered(t, p, lang, bff)
			e, _ := body["enterprise"].(map[string]any)
			got := line{text(e["code"]), text(e["domain"]), text(e["class"]), text(e["severity"]), text(e["title"]), status, body["retryable"] == true, Category(text(body["category"]))}
			full := want
			full.suffix = "SHV-BFF-" + want.suffix
			if got != full {
				t.Errorf("%s: got %+v, want %+v", code, got, full)
			}
			if body["message"] != HTTPMessage(want.status).In(lang) || header.Get("Content-Language") != string(lang) || e["legacy_code"] != string(code) {
				t.Errorf("%s in %s: %v %v", code, lang, body, header)
			}
		}
	}
	for key, want := range map[Code]line{
		"dataset_not_found":        {suffix: "DAT-NOT-0001", status: 404},
		"dataset_db_name_mismatch": {suffix: "DAT-CON-0001", status: 409}, "dataset_version_mismatch": {suffix: "DAT-CON-0002", status: 409},
		"objectify_input_conflict": {suffix: "OBJ-CON-0001", status: 409}, "objectify_input_missing": {suffix: "OBJ-VAL-0001", status: 400},
		"artifact_key_missing": {suffix: "PIP-VAL-0001", status: 400}, "artifact_key_mismatch": {suffix: "PIP-CON-0001", status: 409},
		"mapping_spec_not_found": {suffix: "MAP-NOT-0001", status: 404}, "mapping_spec_dataset_mismatch": {suffix: "MAP-CON-0001", status: 409},
		"mapping_spec_version_mismatch": {suffix: "MAP-CON-0002", status: 409}, "artifact_not_found": {suffix: "PIP-NOT-0001", status: 404},
		"artifact_not_success": {suffix: "PIP-STA-0001", status: 409}, "artifact_not_build": {suffix: "PIP-STA-0002", status: 409},
		"artifact_outputs_missing": {suffix: "PIP-VAL-0002", status: 400}, "artifact_output_name_required": {suffix: "PIP-VAL-0003", status: 400},
		"artifact_output_name_missing": {suffix: "PIP-VAL-0003", status: 400}, "artifact_output_not_found": {suffix: "PIP-NOT-0002", status: 404},
		"artifact_output_ambiguous": {suffix: "PIP-CON-0002", status: 409}, "validation_failed": {suffix: "DAT-VAL-0001", status: 422},
		"no_rows_loaded": {suffix: "DAT-VAL-0002", status: 422}, "no_valid_instances": {suffix: "DAT-VAL-0003", status: 422},
	} {
		p := Objectify(string(key)+": what was wrong", HTTPMessage(want.status))
		status, body, _ := rendered(t, p, Korean, bff)
		e, _ := body["enterprise"].(map[string]any)
		if status != want.status || e["code"] != "SHV-OBJ-"+want.suffix || body["category"] != "objectify" || body["retryable"] != false || body["code"] != string(key) {
			t.Errorf("%s: %d %v", key, status, body)
		}
	}
	for category, suffix := range map[Category]string{
		"input": "INP-VAL-0999", "auth": "ACC-AUT-0999", "permission": "ACC-PER-0999", "resource": "RES-NOT-0999",
		"conflict": "CNF-CON-0999", "rate_limit": "RAT-LIM-0999", "upstream": "UPS-INT-0999", "internal": "SYS-INT-0999",
	} {
		if e := Lookup("NOT_IN_THE_CATALOGUE", category); e.Suffix != suffix {
			t.Errorf("%s falls back to %s, want %s", category, e.Suffix, suffix)
		}
	}
}

func text(v any) string { s, _ := v.(string); return s }

// A status alone has a sentence in both languages (bff-api 1.5).
func TestTheSentencesOfStatuses(t *testing.T) {
	for status, want := range map[int][2]string{
		400: {"Invalid request.", "잘못된 요청입니다."}, 401: {"Authentication required.", "인증이 필요합니다."},
		403: {"You do not have permission.", "권한이 없습니다."}, 404: {"Not found.", "찾을 수 없습니다."}, 409: {"Conflict.", "충돌이 발생했습니다."},
		422: {"Validation failed.", "입력값 검증에 실패했습니다."}, 429: {"Too many requests.", "요청이 너무 많습니다."},
		500: {"Internal server error.", "서버 오류가 발생했습니다."}, 503: {"Internal server error.", "서버 오류가 발생했습니다."}, http.StatusTeapot: {"Request failed.", "요청에 실패했습니다."},
	} {
		if m := HTTPMessage(status); m.In(English) != want[0] || m.In(Korean) != want[1] {
			t.Errorf("%d: %q, %q", status, m.In(English), m.In(Korean))
		}
	}
}
