package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// lakeCredentials is the route of credentials of lakeFS.
const lakeCredentials = "/api/v1/admin/lakefs/credentials"

func credentials(principalType, id, accessKey, secret string) object {
	return object{"principal_type": principalType, "principal_id": id, "access_key_id": accessKey, "secret_access_key": secret}
}

// What was stored under a principal is what lakeFS is asked with, for the user and,
// for all who have none of their own and for the workers, for the service.
func TestStoredCredentialsOpenTheLake(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "LAKEFS_CREDENTIALS_SOURCE", "db", "LAKEFS_SERVICE_PRINCIPAL", "platform")
	bff, db := w.asBFF(t), databaseName(t)
	bff.done("POST", "/api/v1/databases", object{"name": db})
	accessKey, right := w.host.Env["LAKEFS_ACCESS_KEY_ID"], w.host.Env["LAKEFS_SECRET_ACCESS_KEY"]
	upload := func(key, user string) *client.Response {
		t.Helper()
		body, multipart := client.Form(client.Part{Name: "file", File: "t.csv", Content: "id,name\n1,a\n2,b\n"})
		r, err := bff.Do(t.Context(), "POST", uploadPath(db), body, multipart, client.Key(key), client.Lang("en"), client.Header("X-User-ID", user))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	put := func(c object) {
		t.Helper()
		bff.call(200, "POST", lakeCredentials, c, client.Header("X-Admin-Actor", "root"))
	}

	if r := upload("none", "kim"); r.Status != 503 || !strings.Contains(r.Text("message"), "user kim or the service platform") {
		t.Errorf("without credentials: %s", r)
	}
	put(credentials("service", "platform", accessKey, right))
	if r := upload("service", "kim"); r.Status >= 300 {
		t.Errorf("with the service's: %s", r)
	}
	put(credentials("user", "kim", accessKey, "wrong"))
	if r := upload("wrong", "kim"); r.Status < 400 {
		t.Errorf("with wrong ones of the user: %s", r)
	}
	if r := upload("other", "lee"); r.Status >= 300 {
		t.Errorf("another user: %s", r)
	}
	put(credentials("user", "kim", accessKey, right))
	done := upload("right", "kim")
	if done.Status >= 300 {
		t.Fatalf("with the user's: %s", done)
	}
	file := datasets + "/" + done.Text("data", "dataset", "dataset_id") + "/versions/" + done.Text("data", "version", "version_id") + "/file"
	bff.call(200, "GET", file, nil, client.Header("X-User-ID", "kim"))
	put(credentials("user", "kim", accessKey, "wrong"))
	if r, err := bff.Do(t.Context(), "GET", file, nil, client.Header("X-User-ID", "kim")); err != nil || r.Status < 400 {
		t.Errorf("reading with wrong ones: %v %v", r, err)
	}
	if r := bff.call(200, "GET", lakeCredentials, nil); r.Text("data", "count") != "2" || strings.Contains(r.String(), right) {
		t.Errorf("%s", r)
	}
}

// A secret is in no answer, and nowhere in what the platform keeps or prints.
func TestASecretIsNowhereToBeRead(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	bff := w.asBFF(t)
	const planted = "planted-secret-c4ca4238a0b923820dcc"
	admin := client.Header("X-Admin-Actor", "root")
	var answers []string
	note := func(r *client.Response) *client.Response { answers = append(answers, r.String()); return r }
	for _, c := range []object{credentials("user", "ada", "AKIA1", planted), credentials("service", "ada", "AKIA2", planted), credentials("user", "ada", "AKIA3", planted)} {
		if r := note(bff.call(200, "POST", lakeCredentials, c, admin)); r.Text("data", "principal_type") != c["principal_type"] || r.Text("data", "principal_id") != "ada" {
			t.Errorf("%s", r)
		}
	}
	r := note(bff.call(200, "GET", lakeCredentials, nil))
	entries, _ := r.Get("data", "credentials").(list)
	if len(entries) != 2 || r.Text("data", "credentials", 1, "access_key_id") != "AKIA3" || r.Text("data", "credentials", 1, "created_by") != "root" {
		t.Errorf("%s", r)
	}
	for _, bad := range []any{
		credentials("group", "ada", "a", planted), credentials("user", "", "a", planted), credentials("user", "ada", planted+":", "x"),
		object{"secret_access_key": list{planted}}, object{"principal_type": planted, "principal_id": planted + "\n", planted: 1}, `{"secret_access_key": "` + planted,
	} {
		r, err := bff.Do(t.Context(), "POST", lakeCredentials, bad, admin)
		if err != nil || r.Status < 400 || r.Status >= 500 {
			t.Fatalf("%v: %v, %v", bad, r, err)
		}
		if body, known := bad.(object); !known || body[planted] == nil { // the name of a field is told
			note(r)
		}
	}
	bff.call(401, "GET", lakeCredentials, nil, client.Anonymous)
	for _, path := range []string{"/api/v1/audit/logs", "/api/v1/config/config/current", "/api/v1/monitoring/health/detailed", "/metrics"} {
		note(bff.call(200, "GET", path, nil))
	}
	for _, answer := range answers {
		if strings.Contains(answer, planted) {
			t.Errorf("an answer tells the secret: %s", answer)
		}
	}
	if _, err := w.index.Exec(t.Context(), "checkpoint"); err != nil { // so that the files hold what the tables do
		t.Fatal(err)
	}
	held := 0
	err := filepath.WalkDir(filepath.Dir(w.config.Data), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil // a file of a running server may vanish
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(planted)) {
			t.Errorf("%s holds the secret", path)
		}
		if bytes.Contains(content, []byte("AKIA3")) {
			held++
		}
		return nil
	})
	if err != nil || held == 0 {
		t.Errorf("the search does not find what is stored: %d files, %v", held, err)
	}
}
