package terminusdb_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// What clients of the real server trip over. Much of it is in the recording,
// which TestReplay sends; here is what the recording has not, or not alone.

const things = `[
 {"@type":"Class","@id":"A","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string","y":{"@type":"Optional","@class":"xsd:integer"},
  "t":{"@type":"Set","@class":"xsd:string"},"l":{"@type":"Optional","@class":"A"},"many":{"@type":"Set","@class":"A"},
  "when":{"@type":"Optional","@class":"xsd:dateTime"},"mail":{"@type":"Optional","@class":"xdd:email"},"free":{"@type":"Optional","@class":"sys:JSON"}},
 {"@type":"Class","@id":"Ls","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string","ls":{"@type":"List","@class":"xsd:string"}},
 {"@type":"Class","@id":"Part","@subdocument":[],"@key":{"@type":"Random"},"p":"xsd:string"},
 {"@type":"Class","@id":"Whole","@key":{"@type":"Random"},"part":{"@type":"Optional","@class":"Part"},"parts":{"@type":"Set","@class":"Part"},
  "steps":{"@type":"List","@class":"Part"},"links":{"@type":"List","@class":"A"}}]`

func thingsServer(t *testing.T) server {
	s := start(t, terminusdb.Config{})
	s.database("d", things)
	return s
}

const docs = "/api/document/admin/d"

func (s server) read(id string) map[string]any {
	s.t.Helper()
	m, ok := s.must("GET", docs+"?id="+url.QueryEscape(id), "").json.(map[string]any)
	if !ok {
		s.t.Fatalf("%s is not there", id)
	}
	return m
}

// TestDeletedDocument: a document that was deleted answers 200 with the text of
// a 404, one never seen a true 404; ids= skips both.
func TestDeletedDocument(t *testing.T) {
	s := thingsServer(t)
	s.must("POST", docs+by, `[{"@type":"A","x":"1"},{"@type":"A","x":"2"}]`)
	s.must("DELETE", docs+by+"&id=A/1", "")
	if a := s.ask("GET", docs+"?id=A/1", ""); a.status != 200 || !strings.HasPrefix(a.text, "Status: 404\n") {
		t.Errorf("deleted: %d %s", a.status, a.text)
	}
	if a := s.ask("GET", docs+"?id=A/never", ""); a.status != 404 || a.kind() != "api:DocumentNotFound" {
		t.Errorf("never seen: %d %s", a.status, a.text)
	}
	if a := s.must("GET", docs+"?as_list=true&ids="+url.QueryEscape(`["A/1","A/2","A/never"]`), ""); len(a.json.([]any)) != 1 {
		t.Errorf("ids: %s", a.text)
	}
	s.must("POST", docs+by, `{"@type":"A","x":"1"}`)
	s.read("A/1")
	// A branch that never had it does not know that it was deleted elsewhere.
	s.must("POST", "/api/branch/admin/d/local/branch/b", `{"origin":"admin/d"}`)
	s.must("POST", docs+"/local/branch/b"+by, `{"@type":"A","x":"only there"}`)
	s.must("DELETE", docs+"/local/branch/b"+by+"&id=A/only%2520there", "")
	if a := s.ask("GET", docs+"?id=A/only%2520there", ""); a.status != 404 {
		t.Errorf("deleted in another branch: %d %s", a.status, a.text)
	}
}

// TestDeleteTakesLinks: optional links to a deleted document go with it.
func TestDeleteTakesLinks(t *testing.T) {
	s := thingsServer(t)
	s.must("POST", docs+by, `[{"@type":"A","x":"target"},{"@type":"A","x":"one","l":"A/target","many":["A/target","A/two"]},{"@type":"A","x":"two"}]`)
	s.must("DELETE", docs+by+"&id=A/target", "")
	one := s.read("A/one")
	if _, ok := one["l"]; ok || fmt.Sprint(one["many"]) != "[A/two]" {
		t.Errorf("links to a deleted document: %v", one)
	}
}

// TestPartsGoWithTheirOwner: subdocuments and lists leave nothing behind, and a
// replace makes new ones.
func TestPartsGoWithTheirOwner(t *testing.T) {
	s := thingsServer(t)
	s.must("POST", docs+by, `[{"@type":"A","x":"a"}]`)
	whole := `{"@type":"Whole","@id":"Whole/w","part":{"p":"1"},"parts":[{"p":"2"},{"p":"3"}],"steps":[{"p":"4"},{"p":"5"},{"p":"4"}],"links":["A/a"]}`
	s.must("POST", docs+by, whole)
	first := s.read("Whole/w")
	steps := first["steps"].([]any)
	if len(steps) != 3 || steps[0].(map[string]any)["p"] != "4" || steps[1].(map[string]any)["p"] != "5" || fmt.Sprint(first["links"]) != "[A/a]" {
		t.Fatalf("parts: %v", first)
	}
	id := first["part"].(map[string]any)["@id"].(string)
	if !strings.HasPrefix(id, "Whole/w/part/Part/") {
		t.Errorf("id of a part: %s", id)
	}
	version := s.must("PUT", docs+by, whole).version()
	if again := s.read("Whole/w")["part"].(map[string]any)["@id"]; again == id {
		t.Error("a replace kept the id of a part")
	}
	if s.must("PUT", docs+by, whole).version() == version {
		t.Error("a replace of a document with parts made no commit")
	}
	s.must("DELETE", docs+by+"&id=Whole/w", "")
	s.must("DELETE", docs+by+"&id=A/a", "")
	if a := s.must("POST", "/api/woql/admin/d", query(all(anyTriple()))); len(bindings(a)) != 0 {
		t.Errorf("left behind: %s", a.text)
	}
}

func anyTriple() object {
	v := func(name string) object { return object{"@type": "NodeValue", "variable": name} }
	return object{"@type": "Triple", "subject": v("s"), "predicate": v("p"), "object": v("o")}
}

func bindings(a answer) []any {
	m, _ := a.json.(map[string]any)
	list, _ := m["bindings"].([]any)
	return list
}

// TestWritesOfNothing make no commit; a document with a list is rewritten.
func TestWritesOfNothing(t *testing.T) {
	s := thingsServer(t)
	before := s.must("POST", docs+by, `[{"@type":"A","x":"1","t":["b","a"]},{"@type":"Ls","x":"l","ls":["a"]}]`).version()
	for _, write := range [][2]string{{"PUT", `{"@type":"A","x":"1","t":["a","b","a"]}`}, {"PUT", `[]`}, {"POST", `[]`}, {"DELETE", `[]`}} {
		if v := s.must(write[0], docs+by, write[1]).version(); v != before {
			t.Errorf("%s %s made a commit", write[0], write[1])
		}
	}
	if v := s.must("PUT", docs+by+"&graph_type=schema", things).version(); v != before {
		t.Error("the same schema made a commit")
	}
	if v := s.must("PUT", docs+by, `{"@type":"Ls","x":"l","ls":["a"]}`).version(); v == before {
		t.Error("a list that was put again made no commit")
	}
}

// TestValuesThatChange: what is read is not what was sent.
func TestValuesThatChange(t *testing.T) {
	s := thingsServer(t)
	s.must("POST", docs+by, `{"@type":"A","x":"1","y":36,"when":"2024-02-29T12:34:56+09:00","mail":"a@example.com","free":{"n":1,"l":[1.5,null,true]}}`)
	got := s.read("A/1")
	for field, want := range map[string]any{"y": "36", "when": "2024-02-29T21:34:56Z", "mail": nil} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	if b, _ := json.Marshal(got["free"]); string(b) != `{"l":["1.5",null,true],"n":"1"}` {
		t.Errorf("free JSON: %s", b)
	}
	answer := s.must("POST", "/api/woql/admin/d", query(object{"@type": "ReadDocument", "identifier": node("A/1"), "document": object{"@type": "Value", "variable": "d"}}))
	if !strings.Contains(answer.text, `"y":36`) {
		t.Errorf("a query shows numbers as numbers: %s", answer.text)
	}
}

// TestOneRequestIsAllOrNothing: a mistake anywhere leaves no trace.
func TestOneRequestIsAllOrNothing(t *testing.T) {
	s := thingsServer(t)
	version := s.must("POST", docs+by, `{"@type":"A","x":"there"}`).version()
	for _, bad := range []string{
		`{"@type":"A","x":"there"}`, `{"@type":"A","x":"z","y":"no number"}`, `{"@type":"A","x":"z","l":"A/nowhere"}`,
		`{"@type":"A","x":"z","zork":1}`, `{"@type":"Zork"}`, `{"@type":"A"}`, `{"@type":"Ls","x":"no list"}`, `5`, `"text"`, `null`,
	} {
		if a := s.ask("POST", docs+by, `[{"@type":"A","x":"good"},`+bad+`]`); a.status != 400 {
			t.Errorf("%s: %d %s", bad, a.status, a.text)
		}
	}
	if a := s.ask("GET", docs+"?id=A/good", ""); a.status != 404 {
		t.Errorf("a part was written: %s", a.text)
	}
	if v := s.ask("HEAD", docs, "").version(); v != version {
		t.Errorf("version %s, want %s", v, version)
	}
}

// TestSameIDAtOnce: of several inserts of one id exactly one wins.
func TestSameIDAtOnce(t *testing.T) {
	s := thingsServer(t)
	statuses := make([]int, 8)
	var writers sync.WaitGroup
	for i := range statuses {
		writers.Go(func() {
			statuses[i] = s.ask("POST", docs+by, fmt.Sprintf(`[{"@type":"A","x":"mine %d"},{"@type":"A","x":"same"}]`, i)).status
		})
	}
	writers.Wait()
	slices.Sort(statuses)
	if statuses[0] != 200 || statuses[1] != 400 {
		t.Errorf("statuses %v", statuses)
	}
	if a := s.must("GET", docs+"?type=A&as_list=true", ""); len(a.json.([]any)) != 2 {
		t.Errorf("left: %s", a.text)
	}
}

// TestVersionIsNoLock: the header is compared once, before the work.
func TestVersionIsNoLock(t *testing.T) {
	s := thingsServer(t)
	version := s.ask("HEAD", docs, "").version()
	s.must("POST", docs+by, `{"@type":"A","x":"1"}`)
	if a := s.ask("POST", docs+by, `{"@type":"A","x":"2"}`, "TerminusDB-Data-Version", version); a.kind() != "api:DataVersionMismatch" {
		t.Errorf("stale: %d %s", a.status, a.text)
	}
	if a := s.ask("POST", docs+by, `{"@type":"A","x":"2"}`, "TerminusDB-Data-Version", s.ask("HEAD", docs, "").version()); a.status != 200 {
		t.Errorf("current: %d %s", a.status, a.text)
	}
}

// TestSchemaAgainstData: what the data contradicts is refused and changes nothing.
func TestSchemaAgainstData(t *testing.T) {
	s := thingsServer(t)
	s.must("POST", docs+by, `{"@type":"A","x":"1","t":["a","b"]}`)
	schema := docs + by + "&graph_type=schema"
	a := func(rest string) string {
		return `{"@type":"Class","@id":"A","@key":{"@type":"Lexical","@fields":["x"]},"x":"xsd:string"` + rest + `}`
	}
	for change, witness := range map[string]string{
		a(`,"t":{"@type":"Set","@class":"xsd:string"},"new":"xsd:string"`): "instance_not_cardinality_one",
		a(``): "invalid_predicate",
		a(`,"t":{"@type":"Optional","@class":"xsd:string"}`): "instance_has_wrong_cardinality",
		a(`,"t":{"@type":"Set","@class":"xsd:integer"}`):     "instance_not_of_class",
		a(`,"t":{"@type":"Set","@class":"Nowhere"}`):         "not_a_class_or_base_type",
	} {
		if got := s.ask("PUT", schema, change); got.status != 400 || got.witness()["@type"] != witness {
			t.Errorf("%s: %d %s, want %s", change, got.status, got.text, witness)
		}
	}
	// With a marker class in the same request a schema carries its position.
	marked := func(n int) string {
		return `[` + a(`,"t":{"@type":"Set","@class":"xsd:string"},"o":{"@type":"Optional","@class":"xsd:string"}`) + fmt.Sprintf(`,{"@type":"Class","@id":"Mark","@metadata":{"position":%d}}]`, n)
	}
	s.must("PUT", schema+"&create=true", marked(7))
	if got := s.ask("PUT", schema, `[{"@type":"Class","@id":"Mark","@metadata":{"position":8}},`+a(``)+`]`); got.status != 400 {
		t.Errorf("a bad class beside the marker: %d", got.status)
	}
	if got := s.must("GET", docs+"?graph_type=schema&id=Mark", ""); !strings.Contains(got.text, `"position":7`) {
		t.Errorf("the marker moved without the schema: %s", got.text)
	}
	full := `[{"@type":"@context","@base":"terminusdb:///data/","@schema":"terminusdb:///schema#"},` + a(`,"t":{"@type":"Set","@class":"xsd:string"}`) + `]`
	s.must("POST", schema+"&full_replace=true", full)
	if got := s.must("GET", docs+"?graph_type=schema&as_list=true", ""); len(got.json.([]any)) != 2 {
		t.Errorf("after a full replace: %s", got.text)
	}
}

// TestBranchesAndHistory: branches share commits, a commit can be read for
// ever, and a branch can be moved to it.
func TestBranchesAndHistory(t *testing.T) {
	s := thingsServer(t)
	var versions []string
	const commits = 150
	for i := range commits {
		versions = append(versions, s.must("PUT", docs+by+"&create=true", fmt.Sprintf(`[{"@type":"A","x":"1","y":%d},{"@type":"A","x":"n%d"}]`, i, i)).version())
	}
	for i, version := range versions {
		id := strings.TrimPrefix(version, "branch:")
		a := s.must("GET", docs+"/local/commit/"+id+"?as_list=true&type=A", "")
		list := a.json.([]any)
		if len(list) != i+2 || list[0].(map[string]any)["y"] != fmt.Sprint(i) || a.version() != "commit:"+id {
			t.Fatalf("as of commit %d: %.200s", i, a.text)
		}
	}
	s.must("POST", "/api/branch/admin/d/local/branch/old", `{"origin":"admin/d/local/commit/`+strings.TrimPrefix(versions[3], "branch:")+`"}`)
	s.must("PUT", docs+"/local/branch/old"+by, `{"@type":"A","x":"1","y":-1}`)
	if got := s.read("A/1")["y"]; got != fmt.Sprint(commits-1) {
		t.Errorf("a write to a branch changed main: %v", got)
	}
	log := s.must("GET", "/api/log/admin/d/local/branch/old", "").json.([]any)
	if len(log) != 6 || "branch:"+log[1].(map[string]any)["identifier"].(string) != versions[3] {
		t.Errorf("log of the branch: %v", log)
	}
	if page := s.must("GET", "/api/log/admin/d?start=2&count=3", "").json.([]any); len(page) != 3 || "branch:"+page[0].(map[string]any)["identifier"].(string) != versions[commits-3] {
		t.Errorf("page of the log: %v", page)
	}
	history := s.must("GET", "/api/history/admin/d?id=A/n5", "").json.([]any)
	if len(history) != 1 || "branch:"+history[0].(map[string]any)["identifier"].(string) != versions[5] {
		t.Errorf("history: %v", history)
	}
	s.must("POST", "/api/reset/admin/d/local/branch/main", `{"commit_descriptor":"admin/d/local/commit/`+strings.TrimPrefix(versions[9], "branch:")+`"}`)
	if got := s.read("A/1")["y"]; got != "9" {
		t.Errorf("after a reset: %v", got)
	}
	for descriptor, kind := range map[string]string{"nosuch": "api:UnresolvableCommitId", "admin/d/local/branch/old": "api:NotACommitDescriptorError"} {
		if a := s.ask("POST", "/api/reset/admin/d/local/branch/main", `{"commit_descriptor":"`+descriptor+`"}`); a.status != 400 || a.kind() != kind {
			t.Errorf("reset to %s: %d %s", descriptor, a.status, a.text)
		}
	}
}

// TestBranchesOfNothing: branches that were made before the first commit go
// their own ways.
func TestBranchesOfNothing(t *testing.T) {
	dir := t.TempDir()
	s := start(t, terminusdb.Config{Dir: dir})
	s.must("POST", "/api/db/admin/d", `{"label":"d","prefixes":{"@base":"http://example.com/data/"}}`)
	s.must("POST", "/api/branch/admin/d/local/branch/one", `{"origin":"admin/d"}`)
	s.must("POST", docs+by+"&graph_type=schema", things)
	s.must("POST", "/api/branch/admin/d/local/branch/two", `{"origin":"admin/d/local/branch/one"}`)
	for range 2 {
		for _, branch := range []string{"one", "two"} {
			if a := s.must("GET", docs+"/local/branch/"+branch+"?graph_type=schema", ""); strings.Count(a.text, "\n") != 1 || !strings.Contains(a.text, "http://example.com/data/") {
				t.Errorf("branch %s: %s", branch, a.text)
			}
		}
		s.stop()
		s = start(t, terminusdb.Config{Dir: dir})
	}
	s.must("POST", docs+"/local/branch/two"+by+"&graph_type=schema", things)
	if log := s.must("GET", "/api/log/admin/d/local/branch/two", "").json.([]any); len(log) != 1 {
		t.Errorf("the first commit of a branch stands alone: %v", log)
	}
}
