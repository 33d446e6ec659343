package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// Whatever is wrong with an upload is told with its place, in both languages, and
// nothing of it stays.
func TestBadFiles(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	wide := strings.TrimSuffix(strings.Repeat("c,", 5001), ",")
	good := client.Part{Name: "file", File: "t.csv", Content: "a,b\n1,2\n"}
	file := func(content string) []client.Part {
		return []client.Part{{Name: "file", File: "t.csv", Content: content}}
	}
	field := func(name, value string) []client.Part { return []client.Part{{Name: name, Content: value}, good} }
	for name, c := range map[string]struct {
		parts  []client.Part
		status int
		field  string
		en     string
	}{
		"no file":         {[]client.Part{{Name: "dataset_name", Content: "x"}}, 422, "body.file", "Field required"},
		"another suffix":  {[]client.Part{{Name: "file", File: "t.xlsx", Content: "a\n1\n"}}, 400, "body.file", "must end in .csv"},
		"two files":       {[]client.Part{good, good}, 422, "body.file", "one file"},
		"another file":    {[]client.Part{{Name: "data", File: "t.csv", Content: "a\n1\n"}}, 422, "body.data", "Extra inputs"},
		"empty":           {file(""), 400, "body.file", "no rows"},
		"blank":           {file("\n \n"), 400, "body.file", "no rows"},
		"open quote":      {file("a,b\n1,\"2\n3,4\n"), 400, "body.file", "on line 2 (byte 6) is never closed"},
		"after a quote":   {file("a,b\n\"1\"x,2\n"), 400, "body.file", "Line 2, byte 7"},
		"no text":         {file("a,b\n1,\xff\xff\n"), 400, "body.file", "byte 6"},
		"too wide":        {file(wide + "\n"), 400, "body.file", "more than 5000 columns"},
		"unknown field":   {field("colour", "red"), 422, "body.colour", "Extra inputs"},
		"no truth value":  {field("has_header", "maybe"), 422, "body.has_header", "valid boolean"},
		"two characters":  {field("delimiter", ";;"), 422, "body.delimiter", "one ASCII character"},
		"a quote":         {field("delimiter", `"`), 400, "body.file", "cannot be the delimiter"},
		"name":            {field("dataset_name", strings.Repeat("x", 201)), 422, "body.dataset_name", "200"},
		"field too large": {field("description", strings.Repeat("x", 70_000)), 422, "body.description", "65536"},
	} {
		body, multipart := client.Form(c.parts...)
		for _, lang := range []string{"en", "ko"} {
			r := bff.call(c.status, "POST", uploadPath(db), body, multipart, client.Key(name), client.Lang(lang))
			reason := r.Text("errors", 0, "msg")
			if loc(r) != c.field || lang == "en" && !strings.Contains(reason, c.en) || lang == "ko" && !hangul(reason) {
				t.Errorf("%s: %s", name, r)
			}
		}
	}
	body, multipart := client.Form(good)
	if r := bff.call(400, "POST", uploadPath(db), body, multipart, client.Lang("en")); loc(r) != "header.Idempotency-Key" {
		t.Errorf("without a key: %s", r)
	}
	if r := bff.call(422, "POST", uploadPath(db), object{"file": "x"}, client.Key("k")); loc(r) != "body.file" {
		t.Errorf("JSON: %s", r)
	}
	bff.call(404, "POST", uploadPath("no-such-db"), body, multipart, client.Key("k"))
	bff.call(400, "POST", uploadPath("No DB"), body, multipart, client.Key("k"))
	bff.call(422, "POST", datasets+"/csv-upload", body, multipart, client.Key("k"))
	bff.call(401, "POST", uploadPath(db), body, multipart, client.Key("k"), client.Anonymous)
	bff.call(403, "POST", uploadPath(db), body, multipart, client.Key("k"), client.Header("X-Admin-Token", "wrong"))
	if r := bff.call(200, "GET", datasets+"?db_name="+db, nil); r.Text("data", "count") != "0" {
		t.Errorf("something stayed: %s", r)
	}
	// A key of a refused file may be used again.
	bff.form(200, db, "open quote", good)
	bff.upload(200, db, "widest", "wide.csv", strings.TrimSuffix(wide, ",c")+"\n")
}

// loc is the place of the first mistake.
func loc(r *client.Response) string {
	return r.Text("errors", 0, "loc", 0) + "." + r.Text("errors", 0, "loc", 1)
}

func hangul(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= '가' && r <= '힣' })
}

// A client that goes away in the middle leaves nothing, and its key works again.
func TestAnUploadThatBreaksOff(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	content := "a,b\n" + strings.Repeat("1,some text\n", 100_000)
	body, multipart := client.Form(client.Part{Name: "file", File: "t.csv", Content: content})
	connection, err := net.Dial("tcp", strings.TrimPrefix(bff.Base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, bff.Base, nil)
	if err != nil {
		t.Fatal(err)
	}
	multipart(request)
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nX-Admin-Token: %s\r\nIdempotency-Key: k\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n",
		uploadPath(db), bff.Token, request.Header.Get("Content-Type"), len(body))
	if _, err := connection.Write(body[:len(body)/2]); err != nil {
		t.Fatal(err)
	}
	connection.Close()
	eventually(t, time.Minute, func() string {
		r, err := bff.Do(t.Context(), "POST", uploadPath(db), body, multipart, client.Key("k"))
		if err != nil {
			t.Fatal(err)
		}
		if r.Status != 200 {
			return r.String()
		}
		return ""
	})
	r := bff.call(200, "GET", datasets+"?db_name="+db, nil)
	if r.Text("data", "count") != "1" || r.Text("data", "datasets", 0, "row_count") != "100000" {
		t.Errorf("%.500s", r)
	}
}

func TestFilesAboveTheLimit(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "UPLOAD_MAX_BYTES", "1000000")
	bff, db := w.asBFF(t), w.database(t)
	line := "1,2,3,4\n"
	r := bff.upload(413, db, "k", "t.csv", strings.Repeat(line, 10_000_000/len(line)))
	if r.Text("code") != "PAYLOAD_TOO_LARGE" || r.Text("context", "limit_bytes") != "1000000" {
		t.Errorf("%s", r)
	}
	bff.upload(200, db, "k", "t.csv", strings.Repeat(line, 1_000_000/len(line)))
	if r := bff.call(200, "GET", datasets+"?db_name="+db, nil); r.Text("data", "datasets", 0, "row_count") != "124999" {
		t.Errorf("%.500s", r)
	}
}
