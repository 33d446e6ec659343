package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// However late a mistake comes, a dataset that exists stays as it is, and the key
// may be used again.
func TestRefusedVersions(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	const content = "a,b\n1,2\n"
	upload := bff.upload(200, db, "good", "t.csv", content)
	dataset := upload.Text("data", "dataset", "dataset_id")
	before := bff.state(dataset)

	// Behind the part of a file that is read ahead.
	rows := "a,b\n" + strings.Repeat("1,2\n", 300_000)
	offset := fmt.Sprint(len(rows) + 2)
	for key, c := range map[string]struct{ tail, kind, en string }{
		"open quote":    {"1,\"2\n", "unterminated_quote", "on line 300002 (byte " + offset + ")"},
		"after a quote": {"1,\"2\"x\n", "text_after_quote", "Line 300002, byte " + fmt.Sprint(len(rows)+5)},
		"bad bytes":     {"1,\xff\xff\n", "encoding", "Line 300002, byte " + offset},
		"a large cell":  {"1," + strings.Repeat("x", 1<<20+1) + "\n", "field_too_large", "column 2"},
	} {
		for _, lang := range []string{"en", "ko"} {
			body, multipart := client.Form(client.Part{Name: "file", File: "t.csv", Content: rows + c.tail})
			r := bff.call(400, "POST", uploadPath(db), body, multipart, client.Key(key), client.Lang(lang))
			reason := r.Text("errors", 0, "msg")
			if loc(r) != "body.file" || r.Text("errors", 0, "ctx", "kind") != c.kind || r.Text("errors", 0, "ctx", "line") != "300002" ||
				lang == "en" && !strings.Contains(reason, c.en) || lang == "ko" && !hangul(reason) {
				t.Errorf("%s: %s", key, r)
			}
		}
	}
	// Settings behind the file.
	file := client.Part{Name: "file", File: "t.csv", Content: rows}
	for name, value := range map[string]string{"delimiter": ";;", "has_header": "maybe", "colour": "red", "dataset_name": strings.Repeat("x", 201)} {
		if r := bff.form(422, db, "late "+name, file, client.Part{Name: name, Content: value}); loc(r) != "body."+name {
			t.Errorf("%s: %s", name, r)
		}
	}
	if after := bff.state(dataset); after != before {
		t.Errorf("refusals changed the dataset from\n%s\nto\n%s", before, after)
	}
	if r := bff.call(200, "GET", datasets+"?db_name="+db, nil); r.Text("data", "count") != "1" {
		t.Errorf("something stayed: %.500s", r)
	}
	if r := bff.upload(200, db, "bad bytes", "t.csv", content+"3,4\n"); r.Text("data", "version", "version_number") != "2" || r.Header.Get("Idempotency-Replayed") != "" {
		t.Errorf("the key after a refusal: %s", r)
	}
}

// A form that is no form is told so, in both languages, and leaves nothing.
func TestBrokenForms(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	whole, multipart := client.Form(client.Part{Name: "dataset_name", Content: "t"}, client.Part{Name: "file", File: "t.csv", Content: "a\n1\n2\n"})
	cut := func(before string) []byte { return whole[:bytes.Index(whole, []byte(before))] }
	for name, c := range map[string]struct {
		body []byte
		kind client.Option
	}{
		"no boundary":       {whole, client.Header("Content-Type", "multipart/form-data")},
		"another boundary":  {whole, client.Header("Content-Type", "multipart/form-data; boundary=x")},
		"nothing":           {nil, multipart},
		"cut in a field":    {cut("t\r\n--"), multipart},
		"cut in the header": {cut("filename="), multipart},
		"cut in the file":   {cut("1\n2\n"), multipart},
		"without its end":   {whole[:len(whole)-4], multipart},
	} {
		for _, lang := range []string{"en", "ko"} {
			r := bff.call(400, "POST", uploadPath(db), c.body, c.kind, client.Key(name), client.Lang(lang))
			if message := r.Text("message"); message == "" || (lang == "ko") != hangul(message) {
				t.Errorf("%s: %s", name, r)
			}
		}
	}
	bff.call(422, "POST", uploadPath(db), whole, multipart, client.Key(strings.Repeat("k", 256)))
	bff.call(422, "POST", uploadPath(db), whole, multipart, client.Key(""))
	if r := bff.call(200, "GET", datasets+"?db_name="+db, nil); r.Text("data", "count") != "0" {
		t.Errorf("something stayed: %s", r)
	}
	bff.call(200, "POST", uploadPath(db), whole, multipart, client.Key("cut in the file"))
}

// What is odd and not wrong is taken, and the source tells of it.
func TestOddFiles(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	r := bff.upload(200, db, "k", "odd.csv", "id,,ID, id ,\"a\nb\"\n1,2,3,4,5\n1\n1,2,3,4,5,6\n")
	for path, want := range map[string]string{
		"data source renamed_columns 0 column": "2", "data source renamed_columns 0 name": "column_2",
		"data source renamed_columns 1 original": "ID", "data source renamed_columns 1 name": "ID_2",
		"data source renamed_columns 2 original": "id", "data source renamed_columns 2 name": "id_3",
		"data source ragged_rows": "2", "data source ragged_lines 0": "4", "data source ragged_lines 1": "5", "data source rows": "3",
		"data preview columns 4 name": "a\nb",
	} {
		if got := at(r, path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for _, lang := range []string{"en", "ko"} {
		if text := r.Text("data", "source", "renamed_columns", 0, "message", lang); text == "" || (lang == "ko") != hangul(text) {
			t.Errorf("why a column is renamed, in %s: %q", lang, text)
		}
	}
}
