package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"spiceharvester/infra/e2e/client"
)

// datasets of the BFF.
const datasets = "/api/v1/pipelines/datasets"

func uploadPath(db string) string {
	return datasets + "/csv-upload?" + url.Values{"db_name": {db}}.Encode()
}

// upload sends a file with form fields (pairs of name and value) in front of it.
func (a api) upload(status int, db, key, file, content string, fields ...string) *client.Response {
	a.t.Helper()
	var parts []client.Part
	for i := 0; i < len(fields); i += 2 {
		parts = append(parts, client.Part{Name: fields[i], Content: fields[i+1]})
	}
	return a.form(status, db, key, append(parts, client.Part{Name: "file", File: file, Content: content})...)
}

func (a api) form(status int, db, key string, parts ...client.Part) *client.Response {
	a.t.Helper()
	body, multipart := client.Form(parts...)
	return a.call(status, "POST", uploadPath(db), body, multipart, client.Key(key), client.Lang("en"))
}

// realFile reads a file of the demo.
func realFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile("../demo/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// types shows the columns of an upload's answer.
func types(r *client.Response) string {
	var text []string
	columns, _ := r.Get("data", "preview", "columns").([]any)
	for i := range columns {
		text = append(text, r.Text("data", "preview", "columns", i, "name")+" "+strings.TrimPrefix(r.Text("data", "preview", "columns", i, "type"), "xsd:"))
	}
	return strings.Join(text, ", ")
}

func TestAFileBecomesADataset(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	content := realFile(t, "airports.csv")
	r := bff.upload(200, db, "k1", "airports.csv", content, "description", "All airports")
	dataset, version := r.Text("data", "dataset", "dataset_id"), r.Text("data", "version", "version_id")
	if got := types(r); got != "iata string, name string, city string, state string, country string, latitude decimal, longitude decimal" {
		t.Error(got)
	}
	for path, want := range map[string]string{
		"message": "'airports.csv' is stored: 3376 rows, 7 columns.", "data dataset name": "airports", "data dataset description": "All airports",
		"data dataset source_type": "csv_upload", "data version row_count": "3376", "data version version_number": "1", "data source encoding": "UTF-8",
		"data source content_sha256": "903c7169e6d558eefb95295fe2947ec8503135fbb855ea5c737cf4a90ea603ad", "data analysis key_candidates 0": "iata",
		"data preview rows 0 0": "00M", "data preview rows 199 0": r.Text("data", "version", "sample_json", "rows", 199, 0),
	} {
		if got := at(r, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if commit := r.Text("data", "version", "lakefs_commit_id"); !strings.HasPrefix(r.Text("data", "version", "artifact_key"), "s3://raw-datasets/"+commit+"/") {
		t.Errorf("the artifact is not cited by commit: %s", r.Text("data", "version", "artifact_key"))
	}
	again := bff.upload(200, db, "k1", "airports.csv", content, "description", "All airports")
	if again.Header.Get("Idempotency-Replayed") != "true" || string(again.Body) != string(r.Body) {
		t.Errorf("repeated: %q %.300s", again.Header.Get("Idempotency-Replayed"), again.Body)
	}
	for _, other := range []*client.Response{
		bff.upload(409, db, "k1", "airports.csv", content+"X,,,,,,\n", "description", "All airports"),
		bff.upload(409, db, "k1", "airports.csv", content, "description", "All airports", "dataset_name", "other"),
		bff.upload(409, db, "k1", "airports.csv", content),
	} {
		if other.Text("context", "code") != "IDEMPOTENCY_KEY_REUSED" {
			t.Errorf("the key for something else: %s", other)
		}
	}
	one := bff.call(200, "GET", datasets+"?db_name="+db, nil)
	if one.Text("data", "count") != "1" || one.Text("data", "datasets", 0, "latest_commit_id") != r.Text("data", "version", "lakefs_commit_id") {
		t.Errorf("list: %s", one)
	}
	if got := bff.call(200, "GET", datasets+"/"+dataset, nil); got.Text("data", "dataset", "name") != "airports" || !strings.HasSuffix(got.Text("data", "dataset", "created_at"), "+00:00") {
		t.Errorf("dataset: %s", got)
	}
	path := datasets + "/" + dataset + "/versions"
	if got := bff.call(200, "GET", path, nil); got.Text("data", "versions", 0, "version_id") != version || got.Text("data", "count") != "1" {
		t.Errorf("versions: %s", got)
	}
	if got := bff.call(200, "GET", path+"/"+version, nil); got.Text("data", "version", "schema_hash") == "" {
		t.Errorf("version: %s", got)
	}
	file := bff.call(200, "GET", path+"/"+version+"/file", nil)
	if string(file.Body) != content || file.Header.Get("Content-Disposition") != `attachment; filename=airports.csv` {
		t.Errorf("the download has %d bytes, %s", len(file.Body), file.Header.Get("Content-Disposition"))
	}
}

// at walks a path of names and numbers.
func at(r *client.Response, path string) string {
	var steps []any
	for _, step := range strings.Fields(path) {
		var n int
		if _, err := fmt.Sscanf(step, "%d", &n); err == nil {
			steps = append(steps, n)
			continue
		}
		steps = append(steps, step)
	}
	return r.Text(steps...)
}

func utf16le(text string) string {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return string(out)
}

// What a file says about itself is found out; what the form says goes before it,
// also when it comes after the file.
func TestFilesOfManyForms(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	for i, c := range []struct {
		content string
		fields  []string
		types   string
		rows    string
		about   string // path and value in the answer
	}{
		{"zip,pop\n02139,5\n94103,7\n", nil, "zip string, pop integer", "2", "data preview rows 0 0=02139"},
		{"a;b\n1,5;x\n2,25;y\n", nil, "a decimal, b string", "2", "data source delimiter=;"},
		{"1,x\n2,y\n", []string{"has_header", "false"}, "column_1 integer, column_2 string", "2", "data source has_header="},
		{"a|b;c\n1|2;3\n", []string{"delimiter", ";"}, "a|b string, c integer", "1", "data source delimiter=;"},
		{"a\tb\n1\t2\n", []string{"delimiter", `\t`}, "a integer, b integer", "1", "data preview rows 0 1=2"},
		{utf16le("이름,값\n가나,1\n"), nil, "이름 string, 값 integer", "1", "data source encoding=UTF-16LE"},
		{"\xc0\xcc\xb8\xa7,\xb0\xaa\n\xb0\xa1\xb3\xaa,1\n", nil, "이름 string, 값 integer", "1", "data source encoding=CP949"},
		{"a,,a\n1,2,3\n", nil, "a integer, column_2 integer, a_2 integer", "1", "data source renamed_columns 0 message key=tabular.name.blank"},
		{"a,b\n1\n1,2,3\n4,5\n", nil, "a integer, b integer", "3", "data source ragged_lines 1=3"},
		{"a,b\x00\nNaN,\x00\n1,inf\n", nil, "a integer, b\x00 string", "2", "data preview rows 0 1=\x00"},
		{"a,b\n", nil, "a string, b string", "0", "data source rows=0"},
		{"\n\na,b\n\n1,2\n\n", nil, "a integer, b integer", "1", "data source blank_rows=4"},
	} {
		for _, after := range []bool{false, true} {
			key := fmt.Sprint("k", i, after)
			file := client.Part{Name: "file", File: "table.csv", Content: c.content}
			parts := []client.Part{{Name: "dataset_name", Content: key}}
			for k := 0; k < len(c.fields); k += 2 {
				parts = append(parts, client.Part{Name: c.fields[k], Content: c.fields[k+1]})
			}
			if after {
				parts = append([]client.Part{file}, parts...)
			} else {
				parts = append(parts, file)
			}
			r := bff.form(200, db, key, parts...)
			path, want, _ := strings.Cut(c.about, "=")
			if types(r) != c.types || r.Text("data", "version", "row_count") != c.rows || at(r, path) != want || r.Text("data", "dataset", "name") != key {
				t.Errorf("%q, settings behind the file %t: %s; %s rows; %s=%q\n%s", c.content, after, types(r), r.Text("data", "version", "row_count"), path, at(r, path), r.Get("data", "source"))
			}
			dataset, version := r.Text("data", "dataset", "dataset_id"), r.Text("data", "version", "version_id")
			if file := bff.call(200, "GET", datasets+"/"+dataset+"/versions/"+version+"/file", nil); string(file.Body) != c.content {
				t.Errorf("%q is downloaded as %q", c.content, file.Body)
			}
		}
	}
}

func TestFilesAtOnce(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	const n = 8
	send := func(key, content string) int {
		body, multipart := client.Form(client.Part{Name: "dataset_name", Content: "many"}, client.Part{Name: "file", File: "t.csv", Content: content})
		r, err := bff.Do(t.Context(), "POST", uploadPath(db), body, multipart, client.Key(key))
		if err != nil {
			t.Error(err)
			return 0
		}
		if r.Status != 200 && r.Text("context", "code") != "IDEMPOTENCY_IN_PROGRESS" {
			t.Errorf("%s", r)
		}
		return r.Status
	}
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			if status := send(fmt.Sprint("key ", i), fmt.Sprintf("a\n%d\n", i)); status != http.StatusOK {
				t.Errorf("key %d: %d", i, status)
			}
		})
		all.Go(func() { send("one key", "a\nsame\n") })
	}
	all.Wait()
	if status := send("one key", "a\nsame\n"); status != http.StatusOK {
		t.Errorf("the one key again: %d", status)
	}
	r := bff.call(200, "GET", datasets+"?db_name="+db, nil)
	versions := bff.call(200, "GET", datasets+"/"+r.Text("data", "datasets", 0, "dataset_id")+"/versions?limit=100", nil)
	if versions.Text("data", "count") != fmt.Sprint(n+1) {
		t.Fatalf("%s", versions)
	}
	for i := range n + 1 {
		if got := versions.Text("data", "versions", i, "version_number"); got != fmt.Sprint(n+1-i) {
			t.Errorf("version %d has the number %s", i, got)
		}
	}
}
