package terminusdb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// TestReplay sends the recorded requests and compares the answers.
func TestReplay(t *testing.T) {
	s := start(t, terminusdb.Config{})
	known := names{map[string]string{}, map[string]string{}}
	met := map[string]bool{}
	same, skipped := 0, 0
	for _, x := range readExchanges(t) {
		if setup, ok := setups[x.Step]; ok && !met["setup "+x.Step] {
			met["setup "+x.Step] = true
			setup(s)
		}
		if reason, ok := notSent(x); ok {
			met[reason] = true
			skipped++
			continue
		}
		if write, ok := insteadOf[x.Step]; ok {
			if !known.same(x.ResponseHeaders["Terminusdb-Data-Version"], write(s).version()) {
				t.Errorf("%d %s: the write in its place makes no commit", x.Seq, x.Step)
			}
			met[x.Step] = true
			skipped++
			continue
		}
		why := differs(t, s, known, x)
		reason, listed := outOfScope[x.Step]
		met[x.Step] = true
		switch {
		case listed && why == "":
			t.Errorf("%d %s is listed as out of scope (%s) but agrees: remove it from the list", x.Seq, x.Step, reason)
		case listed:
			skipped++
		case why != "":
			t.Errorf("%d %s: %s %s: %s", x.Seq, x.Step, x.Method, x.Path, why)
		default:
			same++
		}
	}
	for _, step := range slices.Concat(slices.Collect(maps.Keys(outOfScope)), slices.Collect(maps.Keys(insteadOf)), slices.Collect(maps.Values(partsOutOfScope))) {
		if !met[step] {
			t.Errorf("%q is listed as out of scope but not in the recording", step)
		}
	}
	t.Logf("%d exchanges agree, %d are out of scope", same, skipped)
}

// setups do before a step what the walk did without recording it.
var setups = map[string]func(server){
	"full-replace-no-context": func(s server) { s.fresh("w3") },
	"evolve-base":             func(s server) { s.fresh("w4") },
	"inst-nuke-schema":        func(s server) { s.fresh("w5") },
	"ver-schema":              func(s server) { s.fresh("w6") },
	"br-schema":               func(s server) { s.fresh("walk2") },
	"woql-schema":             func(s server) { s.fresh("walk4") },
	"fence-schema-read":       server.fenceDatabase,
	"link-required-setup":     linkDatabase,
}

// fresh makes a database anew.
func (s server) fresh(name string) {
	s.ask("DELETE", "/api/db/admin/"+name, "")
	s.database(name, "")
}

func linkDatabase(s server) {
	s.fresh("walk3")
	s.must("POST", "/api/document/admin/walk3"+by+"&graph_type=schema", `[
		{"@type":"Class","@id":"A","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string","y":{"@type":"Optional","@class":"xsd:integer"},"l":{"@type":"Optional","@class":"A"}},
		{"@type":"Class","@id":"Ls","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string","ls":{"@type":"List","@class":"xsd:string"}},
		{"@type":"Class","@id":"Req","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string","must":"A"}]`)
	s.must("POST", "/api/document/admin/walk3"+by, `{"@type":"Ls","x":"2","ls":["a","b"]}`)
}

// differs sends a request and says how the answer differs from the recorded one.
func differs(t *testing.T, s server, known names, x exchange) string {
	t.Helper()
	body := string(x.RequestBody)
	if x.Step == "fence-batch-100" || x.Step == "fence-repeat-same-request" {
		// The recording leaves most of the batch out.
		body = fenced(3, 103, upserts(2, 102)...)
	}
	if x.RequestBodyRaw != nil {
		body = *x.RequestBodyRaw
	}
	r, err := http.NewRequestWithContext(t.Context(), x.Method, s.URL()+known.rewrite(x.Path), strings.NewReader(known.rewrite(body)))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range x.RequestHeaders {
		if k != "Authorization" {
			r.Header.Set(k, known.rewrite(v))
		}
	}
	switch scheme := x.RequestHeaders["Authorization"]; {
	case slices.Contains([]string{"info-wrong-password", "info-unknown-user", "inst-err-wrong-auth", "wrong-auth-post-keepalive"}, x.Step):
		r.SetBasicAuth(user, "wrong")
	case x.Step == "info-malformed-basic":
		r.Header.Set("Authorization", "Basic !!!")
	case scheme == "Basic EXAMPLE":
		r.SetBasicAuth(user, key)
	case scheme != "":
		r.Header.Set("Authorization", scheme)
	}
	a := s.send(r)
	if a.status != x.Status {
		return fmt.Sprintf("status %d, want %d; %.300s", a.status, x.Status, a.text)
	}
	for _, k := range []string{"Content-Type", "Terminusdb-Data-Version"} {
		want, got := x.ResponseHeaders[k], a.header.Get(k)
		if !known.same(want, got) {
			return fmt.Sprintf("header %s: %q, want %q", k, got, want)
		}
	}
	if strings.HasPrefix(x.ResponseHeaders["Content-Type"], "text/html") {
		return ""
	}
	var recorded any
	if len(x.ResponseBody) > 0 {
		d := json.NewDecoder(bytes.NewReader(x.ResponseBody))
		d.UseNumber()
		if err := d.Decode(&recorded); err != nil {
			t.Fatal(err)
		}
	}
	if text, ok := recorded.(string); ok {
		return linesDiffer(known, x.Step, text, a.text)
	}
	own := a.json
	if m, ok := recorded.(map[string]any); ok && m["api:error"] == nil && a.status == 500 {
		// What follows is a stack of the real server.
		return ""
	}
	return known.difference(x.Step, "body", "", recorded, own)
}

// linesDiffer compares JSON lines.
func linesDiffer(known names, step, recorded, own string) string {
	r, okR := lines(recorded)
	o, okO := lines(own)
	if okR && okO {
		return known.difference(step, "body", "", r, o)
	}
	if strings.Join(strings.Fields(recorded), "") == strings.Join(strings.Fields(own), "") {
		return ""
	}
	return fmt.Sprintf("want %.300s, got %.300s", recorded, own)
}

func lines(text string) (list []any, ok bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for {
		var v any
		switch err := d.Decode(&v); err {
		case nil:
			list = append(list, v)
		case io.EOF:
			return list, true
		default:
			return nil, false
		}
	}
}
