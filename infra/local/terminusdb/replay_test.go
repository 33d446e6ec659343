package terminusdb_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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
	for step := range outOfScope {
		if !met[step] {
			t.Errorf("%s is listed as out of scope but not in the recording", step)
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
	"fence-schema-read":       fenceSetup,
}

// fresh makes a database anew.
func (s server) fresh(name string) {
	s.ask("DELETE", "/api/db/admin/"+name, "")
	s.database(name, "")
}

const fenceSchema = `[{"@type":"Class","@id":"Fence","@key":{"@type":"Random"},"position":"xsd:long"},
 {"@type":"Class","@id":"Owner","@key":{"@type":"Random"},"name":"xsd:string"},
 {"@type":"Class","@id":"Item","@key":{"@type":"Random"},"key":"xsd:string","title":"xsd:string","n":{"@type":"Optional","@class":"xsd:int"},
  "price":{"@type":"Optional","@class":"xsd:decimal"},"flag":{"@type":"Optional","@class":"xsd:boolean"},"at":{"@type":"Optional","@class":"xsd:dateTime"},
  "cat":{"@type":"Optional","@class":"xsd:string"},"note":{"@type":"Optional","@class":"xsd:string"},"owner":{"@type":"Optional","@class":"Owner"},
  "parent":{"@type":"Optional","@class":"Item"},"tags":{"@type":"Set","@class":"xsd:string"},"nums":{"@type":"Set","@class":"xsd:int"},
  "knows":{"@type":"Set","@class":"Item"},"steps":{"@type":"Array","@class":"xsd:string"}}]`

func fenceSetup(s server) {
	s.fresh("fence")
	s.must("POST", "/api/document/admin/fence"+by+"&graph_type=schema", fenceSchema)
	docs := []string{`{"@type":"Fence","@id":"Fence/f","position":0}`}
	for i := range 100 {
		docs = append(docs, fmt.Sprintf(`{"@type":"Owner","@id":"Owner/o%d","name":"o%d"}`, i, i))
	}
	s.must("POST", "/api/document/admin/fence"+by, "["+strings.Join(docs, ",")+"]")
}

// differs sends a request and says how the answer differs from the recorded one.
func differs(t *testing.T, s server, known names, x exchange) string {
	t.Helper()
	body := string(x.RequestBody)
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
