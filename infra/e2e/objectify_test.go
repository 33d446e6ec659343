package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"spiceharvester/infra/e2e/client"
)

const specs = "/api/v1/objectify/mapping-specs"

func runPath(upload *client.Response) string {
	return "/api/v1/objectify/datasets/" + upload.Text("data", "dataset", "dataset_id") + "/run"
}

// syncing makes a spec that starts jobs for new versions.
func (im *importer) syncing(upload *client.Response, class string, mappings list) *client.Response {
	im.t.Helper()
	return im.call(201, "POST", specs, object{"dataset_id": upload.Text("data", "dataset", "dataset_id"), "target_class_id": class, "mappings": mappings})
}

// reasons shows why rows were refused, in a language.
func (im *importer) reasons(job *client.Response, lang string) string {
	im.t.Helper()
	r := im.call(200, "GET", "/api/v1/objectify/jobs/"+job.Text("data", "job_id")+"/errors", nil, client.Lang(lang))
	errs, _ := r.Get("data", "errors").([]any)
	var text []string
	for i := range errs {
		text = append(text, r.Text("data", "errors", i, "row_index")+": "+r.Text("data", "errors", i, "message"))
	}
	return strings.Join(text, "; ")
}

// name reads one property of an airport, when a job's rows are there.
func (im *importer) name(job *client.Response, id string) string {
	im.t.Helper()
	im.total("Airport", job)
	return im.instance("Airport", id).Text("data", "data", "name")
}

// One spec over one version is one job, however many ask for it at once.
func TestRunsAtOnceAreOneJob(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	upload := im.upload(200, im.db, "k", "t.csv", rowsOf(200))
	im.spec(upload, "Airport", airportMappings)
	var mu sync.Mutex
	jobs := map[string]int{}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			r, err := im.Do(t.Context(), "POST", runPath(upload), object{}, client.Key(fmt.Sprint(i)))
			if err != nil || r.Status != 200 {
				t.Errorf("%v, %v", r, err)
				return
			}
			mu.Lock()
			jobs[r.Text("data", "job_id")+" attempt "+r.Text("data", "job", "attempt")]++
			mu.Unlock()
		})
	}
	all.Wait()
	if len(jobs) != 1 {
		t.Fatalf("%v", jobs)
	}
	for id := range jobs {
		job := im.ended(strings.Fields(id)[0])
		if tally(job) != "COMPLETED: 200 created, 0 updated, 0 unchanged, 0 refused" || im.total("Airport", job) != "200" {
			t.Errorf("%s", job)
		}
	}
}

// Options of a run: how many rows and how many at a time. The run's win over the
// spec's.
func TestOptionsOfARun(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	for i, c := range []struct {
		spec, run object
		want      string
	}{
		{object{"max_rows": 7}, object{}, "7"},
		{object{"max_rows": 7}, object{"max_rows": 12}, "12"},
		{object{}, object{"options": object{"max_rows": 3, "batch_size": 1}}, "3"},
		{object{"batch_size": 1}, object{"batch_size": 5000, "max_rows": 500}, "20"},
	} {
		name := fmt.Sprint("t", i)
		file := strings.ReplaceAll(rowsOf(20), "A0", name+"-")
		upload := im.upload(200, im.db, name, name+".csv", file)
		im.call(201, "POST", specs, object{
			"dataset_id": upload.Text("data", "dataset", "dataset_id"), "target_class_id": "Airport", "mappings": airportMappings, "auto_sync": false, "options": c.spec,
		})
		if got := tally(im.run(upload, c.run)); got != "COMPLETED: "+c.want+" created, 0 updated, 0 unchanged, 0 refused" {
			t.Errorf("%v and %v: %s", c.spec, c.run, got)
		}
		for field, bad := range map[string]object{
			"body.batch_size": {"batch_size": 5001}, "body.max_rows": {"max_rows": -1}, "body.allow_partial": {"allow_partial": "yes"},
			"body.options.batch_size": {"options": object{"batch_size": "many"}}, "body.colour": {"colour": 1},
		} {
			if r := im.call(422, "POST", runPath(upload), bad, client.Lang("ko")); place(r) != field || field != "body.colour" && !hangul(r.Text("errors", 0, "msg")) {
				t.Errorf("%s: %s", field, r)
			}
		}
	}
}

// A spec that says the same is the same; another one takes its place.
func TestSpecsHaveVersions(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	upload := im.upload(200, im.db, "k", "t.csv", rowsOf(2))
	first, same := im.spec(upload, "Airport", airportMappings), im.spec(upload, "Airport", airportMappings)
	second := im.spec(upload, "Airport", airportMappings[:2])
	id := func(r *client.Response) string { return r.Text("data", "mapping_spec", "mapping_spec_id") }
	if id(first) != id(same) || id(first) == id(second) || second.Text("data", "mapping_spec", "version") != "2" {
		t.Errorf("%s\n%s\n%s", first, same, second)
	}
	list := specs + "?dataset_id=" + upload.Text("data", "dataset", "dataset_id")
	if r := im.call(200, "GET", list, nil); r.Text("data", "count") != "1" || r.Text("data", "mapping_specs", 0, "mapping_spec_id") != id(second) {
		t.Errorf("active: %s", r)
	}
	if r := im.call(200, "GET", list+"&include_inactive=true", nil); r.Text("data", "count") != "2" || r.Text("data", "mapping_specs", 1, "status") != "INACTIVE" {
		t.Errorf("all: %s", r)
	}
	other := im.upload(200, im.db, "k2", "other.csv", rowsOf(2))
	if r := im.call(400, "POST", runPath(other), object{"mapping_spec_id": id(second)}); place(r) != "body.mapping_spec_id" {
		t.Errorf("the spec of another dataset: %s", r)
	}
	if r := im.call(422, "POST", runPath(other), object{"mapping_spec_id": "x"}); place(r) != "body.mapping_spec_id" {
		t.Errorf("no id: %s", r)
	}
	// Another schema needs another spec; the older version can still be run.
	wider := im.upload(200, im.db, "k3", "t.csv", "iata,name,city,latitude,more\nZ,z,Z,1,x\n")
	if wider.Get("data", "objectify_job_id") != nil {
		t.Errorf("a job was started for another schema: %s", wider)
	}
	im.call(409, "POST", runPath(upload), object{})
	im.call(409, "POST", runPath(upload), object{"mapping_spec_id": id(second)})
	job := im.run(upload, object{"dataset_version_id": upload.Text("data", "version", "version_id")})
	if tally(job) != "COMPLETED: 2 created, 0 updated, 0 unchanged, 0 refused" {
		t.Errorf("%s", job)
	}
}

// A new version starts the job of a spec by itself, and only for the file that is
// new: what is uploaded again is imported already.
func TestANewVersionStartsItsJob(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const old, changed = "iata,name,city,latitude\nA,old,X,1\n", "iata,name,city,latitude\nA,new,X,1\n"
	first := im.upload(200, im.db, "k1", "t.csv", old)
	if first.Get("data", "objectify_job_id") != nil {
		t.Errorf("a job without a spec: %s", first)
	}
	im.syncing(first, "Airport", airportMappings)
	second := im.upload(200, im.db, "k2", "t.csv", changed)
	job := im.ended(second.Text("data", "objectify_job_id"))
	if tally(job) != "COMPLETED: 1 created, 0 updated, 0 unchanged, 0 refused" || im.name(job, "A") != "new" {
		t.Fatalf("%s", job)
	}
	if again := im.upload(200, im.db, "k2", "t.csv", changed); string(again.Body) != string(second.Body) {
		t.Errorf("repeated: %s\nfirst was %s", again, second)
	}
}

// An upload that is repeated, behind a newer one, brings nothing old back.
func TestARepeatedUploadImportsNothingOld(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const old, changed = "iata,name,city,latitude\nA,old,X,1\n", "iata,name,city,latitude\nA,new,X,1\n"
	first := im.upload(200, im.db, "k1", "t.csv", old)
	im.syncing(first, "Airport", airportMappings)
	second := im.upload(200, im.db, "k2", "t.csv", changed)
	job := im.ended(second.Text("data", "objectify_job_id"))
	again := im.upload(200, im.db, "k1", "t.csv", old)
	if id := again.Text("data", "objectify_job_id"); id != "" {
		t.Errorf("the older file is imported again: job %s", id)
		job = im.ended(id)
	}
	if got := im.name(job, "A"); got != "new" {
		t.Errorf("the airport is called %q", got)
	}
}

// A small new version does not lose against a large old one that is still being
// written: what the last version says is what stays.
func TestTheLastVersionWins(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const rows = 5000
	first := im.upload(200, im.db, "k", "t.csv", rowsOf(1))
	im.call(201, "POST", specs, object{
		"dataset_id": first.Text("data", "dataset", "dataset_id"), "target_class_id": "Airport", "mappings": airportMappings, "options": object{"batch_size": 250, "allow_partial": true},
	})
	large := im.upload(200, im.db, "large", "t.csv", rowsOf(rows)).Text("data", "objectify_job_id")
	last := fmt.Sprintf("A%05d", rows-1)
	small := im.upload(200, im.db, "small", "t.csv", "iata,name,city,latitude\n"+last+",newest,City,1.5\n").Text("data", "objectify_job_id")
	for _, id := range []string{large, small} {
		job := im.ended(id)
		if job.Text("data", "status") != "COMPLETED" {
			t.Fatalf("%s", job)
		}
		im.total("Airport", job)
	}
	if got := im.instance("Airport", last).Text("data", "data", "name"); got != "newest" {
		t.Errorf("the airport is called %q, as the older version says", got)
	}
}

// Why a row is refused is told with what it refers to, in both languages, and can
// be read page by page.
func TestReasonsOfRefusedRows(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.imported("a", "airports", "iata,name,city,latitude\nABE,x,X,1\n", "Airport", airportMappings, object{})
	const file = "origin,destination,count\nABE,ABE,1\nABE,NOPE,2\nABE,ABE,3\nABE,,4\nABE,ABE\nABE,ABE,lots\n"
	upload, job := im.imported("f", "flights", file, "Route", routeMappings, object{"allow_partial": true})
	if tally(job) != "PARTIAL: 1 created, 0 updated, 0 unchanged, 5 refused" {
		t.Fatalf("%s: %s", job, im.refusals(job))
	}
	if got := im.refusals(job); got != `2 destination "NOPE"; 3 origin, destination "ABE:ABE"; 4 destination ""; 5  ""; 6 count "lots"` {
		t.Error(got)
	}
	english, korean := im.reasons(job, "en"), im.reasons(job, "ko")
	for _, want := range []string{"2: ", "does not exist", "3: Row 1 of the file has the same key", "5: The row has 2 fields, the file has 3 columns", "lots"} {
		if !strings.Contains(english, want) {
			t.Errorf("%q is missing in %s", want, english)
		}
	}
	for reason := range strings.SplitSeq(korean, "; ") {
		if !hangul(reason) {
			t.Errorf("not Korean: %s", reason)
		}
	}
	path := "/api/v1/objectify/jobs/" + job.Text("data", "job_id") + "/errors"
	page := im.call(200, "GET", path+"?limit=2&offset=1", nil)
	if list, _ := page.Get("data", "errors").([]any); len(list) != 2 || page.Text("data", "errors", 0, "row_index") != "3" || page.Text("data", "errors", 0, "line") != "4" || page.Text("data", "total") != "5" {
		t.Errorf("page: %s", page)
	}
	im.call(422, "GET", path+"?limit=0", nil)
	im.call(400, "GET", path+"?format=xml", nil)
	if r := im.call(200, "GET", path, nil, client.Header("Accept", "text/csv")); !strings.HasPrefix(r.Header.Get("Content-Type"), "text/csv") || strings.Count(string(r.Body), "\n") != 6 {
		t.Errorf("as CSV: %s %s", r.Header.Get("Content-Type"), r)
	}
	// The errors are those of the last attempt.
	im.upload(200, im.db, "a2", "airports.csv", "iata,name,city,latitude\nABE,x,X,1\nNOPE,y,Y,2\n")
	im.run(im.upload(200, im.db, "a2", "airports.csv", "iata,name,city,latitude\nABE,x,X,1\nNOPE,y,Y,2\n"), object{})
	next := im.run(upload, object{"allow_partial": true})
	if tally(next) != "PARTIAL: 1 created, 0 updated, 1 unchanged, 4 refused" || strings.Contains(im.refusals(next), "NOPE") {
		t.Errorf("the next attempt: %s, %s", next, im.refusals(next))
	}
}

// Files of which nothing comes in fail, and say why.
func TestFilesWithoutAnInstance(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	for name, c := range map[string]struct {
		file, code string
	}{
		"no rows": {"iata,name,city,latitude\n", "no_rows_loaded"},
		"no good": {"iata,name,city,latitude\n,a,b,1\n,c,d,2\n", "no_valid_instances"},
	} {
		_, job := im.imported(name, name, c.file, "Airport", list{one("iata", "iata")}, object{"allow_partial": true})
		if job.Text("data", "status") != "FAILED" || job.Text("data", "report", "error") != c.code || job.Text("data", "report", "message") == "" {
			t.Errorf("%s: %s", name, job)
		}
		korean := im.call(200, "GET", "/api/v1/objectify/jobs/"+job.Text("data", "job_id"), nil, client.Lang("ko"))
		if !hangul(korean.Text("data", "report", "message")) || !hangul(korean.Text("data", "job", "error")) {
			t.Errorf("%s in Korean: %s", name, korean)
		}
	}
}

// A class that changes under a spec fails the job and not a row at a time.
func TestTheClassIsGone(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	upload := im.upload(200, im.db, "k", "t.csv", rowsOf(3))
	im.spec(upload, "Airport", airportMappings)
	reason := client.Header("X-Change-Reason", "a test says so")
	im.done("DELETE", ontology(im.db)+"/Route?expected_seq=1", nil, reason) // it links to the other
	im.done("DELETE", ontology(im.db)+"/Airport?expected_seq=1", nil, reason)
	job := im.run(upload, object{})
	if job.Text("data", "status") != "FAILED" || !strings.Contains(job.Text("data", "report", "message"), "Airport") {
		t.Errorf("%s", job)
	}
	im.done("POST", ontology(im.db), airportClass)
	if job := im.run(upload, object{}); tally(job) != "COMPLETED: 3 created, 0 updated, 0 unchanged, 0 refused" || job.Text("data", "job", "attempt") != "2" {
		t.Errorf("with the class again: %s", job)
	}
}

// Links are readable from both ends.
func TestLinksOfRowsLeadBothWays(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.imported("a", "airports", "iata,name,city,latitude\nA,a,X,1\nB,b,Y,2\n", "Airport", airportMappings, object{})
	_, job := im.imported("f", "flights", "origin,destination,count\nA,B,7\nB,A,8\n", "Route", routeMappings, object{})
	im.total("Route", job)
	for class, c := range map[string]struct{ id, side, want string }{
		"Airport": {"B", "incoming", "destination Route A:B, origin Route B:A"},
		"Route":   {"A:B", "outgoing", "destination Airport B, origin Airport A"},
	} {
		r := im.instance(class, c.id)
		links, _ := r.Get("data", "links", c.side).([]any)
		var got []string
		for i := range links {
			l := func(name string) string { return r.Text("data", "links", c.side, i, name) }
			got = append(got, l("predicate")+" "+l("class_id")+" "+l("instance_id"))
		}
		if text := strings.Join(slices.Sorted(slices.Values(got)), ", "); text != c.want {
			t.Errorf("%s of %s: %s, want %s", c.side, c.id, text, c.want)
		}
	}
}

// person declares a class that links to itself, and gives its mappings.
func (im *importer) person() list {
	im.t.Helper()
	im.done("POST", ontology(im.db), object{"id": "Person", "label": "Person",
		"properties":    list{object{"name": "id", "type": "string", "label": "Id", "primary_key": true}},
		"relationships": list{object{"predicate": "boss", "target": "Person", "label": "Boss", "cardinality": "n:1"}},
	})
	return list{one("id", "id"), link("boss", "boss")}
}

// Rows of a class that links to itself find earlier rows of the file.
func TestRowsThatLinkToEarlierRows(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	_, job := im.imported("k", "down", "id,boss\na,\nb,a\nc,b\n", "Person", im.person(), object{"batch_size": 2})
	if tally(job) != "COMPLETED: 3 created, 0 updated, 0 unchanged, 0 refused" {
		t.Errorf("%s, %s", job, im.refusals(job))
	}
}

// A row that links to a later one of the file is taken, or refused before anything
// is written: a job that must not be partial is not.
func TestRowsThatLinkToLaterRows(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	_, job := im.imported("k", "up", "id,boss\nx,y\ny,z\nz,\n", "Person", im.person(), object{})
	switch got := tally(job); got {
	case "COMPLETED: 3 created, 0 updated, 0 unchanged, 0 refused":
	case "FAILED: 0 created, 0 updated, 0 unchanged, 2 refused":
		if n := im.total("Person", job); n != "0" {
			t.Errorf("%s people", n)
		}
	default:
		t.Errorf("%s, %s", got, im.refusals(job))
	}
}

// What stands in a cell of text arrives as it is, also what elsewhere means nothing.
func TestCellsOfTextAreKept(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const digits = "1234567890123456789012345678901234567890"
	cells := []string{"NaN", "null", "-", "# not a comment", `"quoted", 'so'`, "=1+1", "한국어 이름", digits, "0x10", "1e400", "\ttab", "<b>&amp;</b>", "${HOME}", "../../etc"}
	file := strings.Builder{}
	file.WriteString("iata,name,city,latitude\n")
	for i, cell := range cells {
		fmt.Fprintf(&file, "c%02d,\"%s\",x,%d\n", i, strings.ReplaceAll(cell, `"`, `""`), i)
	}
	_, job := im.imported("k", "cells", file.String(), "Airport", airportMappings, object{})
	if tally(job) != fmt.Sprintf("COMPLETED: %d created, 0 updated, 0 unchanged, 0 refused", len(cells)) {
		t.Fatalf("%s: %s", job, im.refusals(job))
	}
	for i, cell := range cells {
		if got := im.name(job, fmt.Sprintf("c%02d", i)); got != cell {
			t.Errorf("%q arrives as %q", cell, got)
		}
	}
	im.done("POST", ontology(im.db), `{"id":"Big","label":"Big","properties":[{"name":"n","type":"xsd:integer","label":"N","primary_key":true}]}`)
	_, job = im.imported("n", "big", "n\n"+digits+"\n", "Big", list{one("n", "n")}, object{})
	im.total("Big", job)
	if r := im.instance("Big", digits); r.Text("data", "data", "n") != digits {
		t.Errorf("%s", r)
	}
}

// What was refused in a run may be mended and comes in with the next version.
func TestAMendedFile(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	first := im.upload(200, im.db, "k1", "t.csv", "iata,name,city,latitude\nA,a,X,1\nB,b,Y,2\n,lost,Z,3\n")
	im.syncing(first, "Airport", airportMappings)
	job := im.run(first, object{})
	if tally(job) != "FAILED: 0 created, 0 updated, 0 unchanged, 1 refused" || im.total("Airport", job) != "0" {
		t.Fatalf("%s", job)
	}
	mended := im.upload(200, im.db, "k2", "t.csv", "iata,name,city,latitude\nA,a,X,1\nB,b,Y,2\nC,found,Z,3\n")
	job = im.ended(mended.Text("data", "objectify_job_id"))
	if tally(job) != "COMPLETED: 3 created, 0 updated, 0 unchanged, 0 refused" || im.name(job, "C") != "found" {
		t.Errorf("%s", job)
	}
}
