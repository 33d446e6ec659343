package bff_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/functions/bff"
	"spiceharvester/shared/httpapi/httpapitest"
	"spiceharvester/shared/lakekeys"
)

// putCredentials sends a body to a BFF that has no key and no database.
func putCredentials(t *testing.T, f *bff.Function, body string) (status int, answer string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/admin/lakefs/credentials", strings.NewReader(body))
	r.Header.Set("X-Admin-Token", httpapitest.Token)
	r.Header.Set("Accept-Language", "en")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestMistakesOfCredentialsAreNamedAndNotRepeated(t *testing.T) {
	f := open(t)
	const planted = "planted-7f3a"
	for name, c := range map[string]struct{ body, fields string }{
		"nothing":             {`{}`, "principal_type principal_id access_key_id secret_access_key"},
		"no secret":           {`{"principal_type":"user","principal_id":"kim","access_key_id":"a"}`, "secret_access_key"},
		"wrong types":         {`{"principal_type":1,"principal_id":[],"access_key_id":{},"secret_access_key":["` + planted + `"]}`, "principal_type principal_id access_key_id secret_access_key"},
		"a third type":        {`{"principal_type":"group","principal_id":"kim","access_key_id":"a","secret_access_key":"` + planted + `"}`, "principal_type"},
		"empty":               {`{"principal_type":"user","principal_id":"","access_key_id":"","secret_access_key":""}`, "principal_id access_key_id secret_access_key"},
		"a control character": {`{"principal_type":"user","principal_id":"kim","access_key_id":"a","secret_access_key":"` + planted + `\n"}`, "secret_access_key"},
		"too long":            {`{"principal_type":"user","principal_id":"kim","access_key_id":"a","secret_access_key":"` + planted + strings.Repeat("x", 250) + `"}`, "secret_access_key"},
		"keys interchanged":   {`{"principal_type":"user","principal_id":"kim","access_key_id":"` + planted + `:","secret_access_key":"a"}`, "access_key_id"},
		"a field too many":    {`{"principal_type":"user","principal_id":"kim","access_key_id":"a","secret_access_key":"b","secret":"` + planted + `"}`, "secret"},
	} {
		status, answer := putCredentials(t, f, c.body)
		if status != http.StatusUnprocessableEntity || strings.Contains(answer, planted) || strings.Count(answer, `"loc":["body",`) != len(strings.Fields(c.fields)) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		for field := range strings.FieldsSeq(c.fields) {
			if !strings.Contains(answer, `"loc":["body","`+field+`"]`) {
				t.Errorf("%s: %s is not named: %s", name, field, answer)
			}
		}
	}
}

func TestWithoutAKeyTheVariableIsNamed(t *testing.T) {
	status, answer := putCredentials(t, open(t), `{"principal_type":"user","principal_id":"kim","access_key_id":"a","secret_access_key":"planted-7f3a"}`)
	if status != http.StatusServiceUnavailable || !strings.Contains(answer, lakekeys.KeyVariable+" is not set") || strings.Contains(answer, "planted") {
		t.Error(status, answer)
	}
}
