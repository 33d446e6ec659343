package e2e

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

const (
	airportClass = `{"id":"Airport","label":"Airport","properties":[
		{"name":"iata","type":"xsd:string","label":"Code","primary_key":true},{"name":"name","type":"xsd:string","label":"Name"},
		{"name":"city","type":"xsd:string","label":"City"},{"name":"latitude","type":"xsd:decimal","label":"Latitude"}]}`
	routeClass = `{"id":"Route","label":"Route","properties":[
		{"name":"from","type":"xsd:string","label":"From","primary_key":true},{"name":"to","type":"xsd:string","label":"To","primary_key":true},
		{"name":"flights","type":"xsd:integer","label":"Flights"}],
		"relationships":[{"predicate":"origin","target":"Airport","label":"Origin","cardinality":"n:1"},
		{"predicate":"destination","target":"Airport","label":"Destination","cardinality":"n:1"}]}`
)

// one maps a column to a property, link the columns of a key to a relationship.
func one(source, target string) object { return object{"source_field": source, "target_field": target} }

func link(target string, sources ...string) object {
	return object{"source_fields": sources, "target_field": target}
}

var (
	airportMappings = list{one("iata", "iata"), one("name", "name"), one("city", "city"), one("latitude", "latitude")}
	routeMappings   = list{one("origin", "from"), one("destination", "to"), one("count", "flights"), link("origin", "origin"), link("destination", "destination")}
)

// importer is a database in which a test imports files.
type importer struct {
	api
	db string
}

// airports makes a database with both classes.
func airports(t *testing.T, w *world) *importer {
	t.Helper()
	im := &importer{w.asBFF(t), w.database(t)}
	im.done("POST", ontology(im.db), airportClass)
	im.done("POST", ontology(im.db), routeClass)
	return im
}

// spec makes a mapping spec that starts no job by itself.
func (im *importer) spec(upload *client.Response, class string, mappings list) *client.Response {
	im.t.Helper()
	return im.call(201, "POST", "/api/v1/objectify/mapping-specs", object{
		"dataset_id": upload.Text("data", "dataset", "dataset_id"), "target_class_id": class, "mappings": mappings, "auto_sync": false,
	})
}

// run starts a job over the newest version and waits for its end.
func (im *importer) run(upload *client.Response, options object, more ...client.Option) *client.Response {
	im.t.Helper()
	started := im.call(200, "POST", "/api/v1/objectify/datasets/"+upload.Text("data", "dataset", "dataset_id")+"/run", options, more...)
	return im.ended(started.Text("data", "job_id"))
}

func (im *importer) ended(job string) (r *client.Response) {
	im.t.Helper()
	eventually(im.t, 2*time.Minute, func() string {
		r = im.call(200, "GET", "/api/v1/objectify/jobs/"+job, nil, client.Lang("en"))
		if s := r.Text("data", "status"); s == "QUEUED" || s == "RUNNING" {
			return r.String()
		}
		return ""
	})
	return r
}

// imported uploads a file and imports it.
func (im *importer) imported(key, name, content, class string, mappings list, options object) (upload, job *client.Response) {
	im.t.Helper()
	upload = im.upload(200, im.db, key, name+".csv", content)
	im.spec(upload, class, mappings)
	return upload, im.run(upload, options)
}

func tally(job *client.Response) string {
	n := func(name string) string { return job.Text("data", "job", "counts", name) }
	return fmt.Sprintf("%s: %s created, %s updated, %s unchanged, %s refused", job.Text("data", "status"), n("created"), n("updated"), n("unchanged"), n("refused"))
}

// refusals shows the refused rows of a job: row, column, value.
func (im *importer) refusals(job *client.Response) string {
	im.t.Helper()
	r := im.call(200, "GET", "/api/v1/objectify/jobs/"+job.Text("data", "job_id")+"/errors", nil, client.Lang("en"))
	errs, _ := r.Get("data", "errors").([]any)
	var text []string
	for i := range errs {
		e := func(name string) string { return r.Text("data", "errors", i, name) }
		text = append(text, fmt.Sprintf("%s %s %q", e("row_index"), e("source_field"), e("raw_value")))
	}
	return strings.Join(text, "; ")
}

// total counts the instances of a class, when everything that the job wrote is
// there.
func (im *importer) total(class string, job *client.Response) string {
	im.t.Helper()
	return im.caughtUp(class, job, 1, 0).Text("total")
}

// caughtUp lists instances when all that a job wrote is there.
func (im *importer) caughtUp(class string, job *client.Response, limit, offset int) *client.Response {
	im.t.Helper()
	return im.call(200, "GET", fmt.Sprintf("/api/v1/databases/%s/class/%s/instances?limit=%d&offset=%d&min_position=%s",
		im.db, class, limit, offset, job.Text("data", "job", "counts", "position")), nil)
}

func (im *importer) instance(class, id string) *client.Response {
	im.t.Helper()
	return im.call(200, "GET", "/api/v1/databases/"+im.db+"/class/"+class+"/instance/"+url.PathEscape(id), nil)
}

// head is where the log of the database ends, when nothing is under way any more:
// the outbox may publish a moment after a job's end.
func (im *importer) head(w *world) string {
	im.t.Helper()
	eventually(im.t, time.Minute, func() string {
		return findings(im.t, w, "not yet in the log", `select event_id from spice_outbox.outbox where published_at is null`)
	})
	return findings(im.t, w, "head", `select max(segment)::text from (select segment from spice_event_log.aggregates where database = $1
		union all select end_segment from spice_event_log.outcomes where database = $1 union all select segment from spice_event_log.open_commands where database = $1) all_events`, im.db)
}

// edit changes cells of a CSV file: rows count from 1, the header is row 0.
func edit(t *testing.T, content string, cells map[[2]int]string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for at, cell := range cells {
		rows[at[0]][at[1]] = cell
	}
	var out strings.Builder
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRowsBecomeLinkedInstances(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	_, job := im.imported("a", "airports", realFile(t, "airports.csv"), "Airport", airportMappings, object{})
	if got := tally(job); got != "COMPLETED: 3376 created, 0 updated, 0 unchanged, 0 refused" || im.total("Airport", job) != "3376" {
		t.Fatalf("%s, %s found", got, im.total("Airport", job))
	}
	flights := realFile(t, "flights-airport.csv")
	upload, job := im.imported("f", "flights", flights, "Route", routeMappings, object{"batch_size": 700})
	if got := tally(job); got != "COMPLETED: 5366 created, 0 updated, 0 unchanged, 0 refused" || im.total("Route", job) != "5366" {
		t.Fatalf("%s, %s found", got, im.total("Route", job))
	}
	if job.Text("data", "progress", "ratio") != "1" || job.Text("data", "progress", "phase") != "ended" {
		t.Errorf("progress: %v", job.Get("data", "progress"))
	}

	route := im.instance("Route", "ABE:ATL")
	if route.Text("data", "data", "flights") != "853" || route.Text("data", "data", "origin") != "Airport/ABE" {
		t.Errorf("%s", route)
	}
	if atl := im.instance("Airport", "ATL"); atl.Text("data", "links", "incoming_total") == "0" {
		t.Errorf("no route leads to ATL: %s", atl)
	}
	origin := im.call(200, "GET", "/api/v1/databases/"+im.db+"/class/Route/instance/ABE:ATL/origin", nil)
	for path, want := range map[string]string{
		"data source filename": "flights.csv", "data source row": "1", "data source line": "2", "data source version_number": "1",
		"data source dataset_name": "flights", "data source objectify_job_id": job.Text("data", "job_id"), "data sequence": "1",
	} {
		if got := at(origin, path); got != want {
			t.Errorf("origin, %s: %q, want %q", path, got, want)
		}
	}
	if file := im.call(200, "GET", origin.Text("data", "source", "download"), nil); string(file.Body) != flights {
		t.Error("the origin leads to another file")
	}

	before := im.head(w)
	again := im.call(200, "POST", "/api/v1/objectify/datasets/"+upload.Text("data", "dataset", "dataset_id")+"/run", object{}, client.Wait(60))
	if again.Text("data", "status") != "COMPLETED" {
		t.Errorf("with Prefer: wait: %s", again)
	}
	im.spec(upload, "Route", routeMappings)
	im.upload(200, im.db, "f", "flights.csv", flights)
	if again.Text("data", "job", "attempt") != "1" || im.head(w) != before {
		t.Errorf("the same again changes the log: %s", again)
	}
}

func TestThreeBadRows(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.imported("a", "airports", realFile(t, "airports.csv"), "Airport", airportMappings, object{})
	spoiled := edit(t, realFile(t, "flights-airport.csv"), map[[2]int]string{{10, 0}: "XXXX", {20, 1}: "", {5366, 2}: "many"})
	const three = `10 origin "XXXX"; 20 destination ""; 5366 count "many"`

	upload, job := im.imported("f", "flights", spoiled, "Route", routeMappings, object{})
	if tally(job) != "FAILED: 0 created, 0 updated, 0 unchanged, 3 refused" || job.Text("data", "report", "error") != "validation_failed" || im.refusals(job) != three {
		t.Fatalf("must not be partial: %s, %s", job, im.refusals(job))
	}
	if got := im.total("Route", job); got != "0" {
		t.Errorf("%s routes were written", got)
	}
	job = im.run(upload, object{"allow_partial": true}, client.Key("go on"))
	if tally(job) != "PARTIAL: 5363 created, 0 updated, 0 unchanged, 3 refused" || job.Text("data", "job", "attempt") != "2" || im.refusals(job) != three {
		t.Fatalf("may be partial: %s, %s", job, im.refusals(job))
	}
	if got := im.total("Route", job); got != "5363" {
		t.Errorf("%s routes were written", got)
	}
	file := im.call(200, "GET", "/api/v1/objectify/jobs/"+job.Text("data", "job_id")+"/errors?format=csv", nil, client.Lang("ko"))
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(file.Body), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 4 || rows[3][0] != "5366" || rows[3][1] != "5367" || rows[3][4] != "many" || !hangul(rows[3][5]) {
		t.Errorf("as CSV: %v, %v", rows, err)
	}
	// The same request is the same attempt; another one tries again.
	if same := im.run(upload, object{"allow_partial": true}, client.Key("go on")); same.Text("data", "job", "attempt") != "2" {
		t.Errorf("%s", same)
	}
	if other := im.run(upload, object{"allow_partial": true}); tally(other) != "PARTIAL: 0 created, 0 updated, 5363 unchanged, 3 refused" || other.Text("data", "job", "attempt") != "3" {
		t.Errorf("%s", other)
	}
}

func TestANewVersionUpdates(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const file = "iata,name,city,latitude\nA,one,X,1.5\nB,two,Y,2.5\nC,three,Z,3.5\n"
	im.imported("1", "small", file, "Airport", airportMappings, object{})
	im.call(201, "POST", "/api/v1/objectify/mapping-specs", object{
		"dataset_id":      im.call(200, "GET", datasets+"?db_name="+im.db, nil).Text("data", "datasets", 0, "dataset_id"),
		"target_class_id": "Airport", "mappings": airportMappings, "auto_sync": true, "options": object{"allow_partial": true},
	})
	upload := im.upload(200, im.db, "2", "small.csv", "iata,name,city,latitude\nA,one,X,1.5\nB,,Y,2.5\nC,drei,Z,-3.50\nD,four,,0\nA,five,V,9\n")
	job := im.ended(upload.Text("data", "objectify_job_id"))
	if got := tally(job); got != "PARTIAL: 1 created, 2 updated, 1 unchanged, 1 refused" || im.refusals(job) != `5 iata "A"` {
		t.Fatalf("%s, %s", job, im.refusals(job))
	}
	im.total("Airport", job)
	for id, want := range map[string]string{
		"A": "1 map[city:X iata:A latitude:1.5 name:one]", "B": "2 map[city:Y iata:B latitude:2.5]",
		"C": "2 map[city:Z iata:C latitude:-3.50 name:drei]", "D": "1 map[iata:D latitude:0 name:four]",
	} {
		r := im.instance("Airport", id)
		if got := fmt.Sprint(r.Text("data", "version"), " ", r.Get("data", "data")); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// What stands in a cell arrives as it is, whatever it is.
func TestStrangeCells(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	long := strings.Repeat("가", 100_000) // larger than an event
	cells := map[string]string{
		"# a 'key'/with?": "Robert'); DROP TABLE x;--", "한글 키": "line\nbreak", "02139": "NA", "nul": "a\x00b", "quotes": `"quoted"`, "long": long, "tail": " x ",
	}
	var file strings.Builder
	rows := csv.NewWriter(&file)
	lines := [][]string{{"iata", "name", "city", "latitude"}}
	for key, name := range cells {
		lines = append(lines, []string{key, name, "x", "1234567890123456789012345678901234567890.5"})
	}
	if err := rows.WriteAll(lines); err != nil {
		t.Fatal(err)
	}
	_, job := im.imported("k", "strange", file.String(), "Airport", airportMappings, object{})
	if tally(job) != "COMPLETED: 7 created, 0 updated, 0 unchanged, 0 refused" {
		t.Fatalf("%s: %s", job, im.refusals(job))
	}
	im.total("Airport", job)
	for key, name := range cells {
		r := im.instance("Airport", key)
		if r.Text("data", "data", "name") != name || r.Text("data", "data", "latitude") != "1234567890123456789012345678901234567890.5" {
			t.Errorf("%q: %.300s", key, r)
		}
	}
	// Rows with too few or too many cells, and a NaN where a number belongs.
	_, job = im.imported("r", "ragged", "iata,name,city,latitude\nR1,a\nR2,a,b,1,2\nR3,a,b,NaN\nR4,a,b,1\n", "Airport", airportMappings, object{"allow_partial": true})
	if tally(job) != "PARTIAL: 2 created, 0 updated, 0 unchanged, 2 refused" || im.refusals(job) != `1  ""; 2  ""` {
		t.Errorf("%s: %s", job, im.refusals(job))
	}
}

func TestMappingsThatCannotWork(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.done("POST", ontology(im.db), `{"id":"Strict","label":"S","properties":[{"name":"id","type":"string","label":"x","primary_key":true},{"name":"must","type":"string","label":"x","required":true}]}`)
	upload := im.upload(200, im.db, "k", "t.csv", "id,day,n\nx,2024-01-02,5\n")
	dataset := upload.Text("data", "dataset", "dataset_id")
	for name, c := range map[string]struct {
		change object
		status int
		field  string
	}{
		"unknown column":      {object{"mappings": list{one("nope", "iata")}}, 422, "body.mappings[0].source_field"},
		"unknown field":       {object{"mappings": list{one("id", "iata"), one("n", "nope")}}, 422, "body.mappings[1].target_field"},
		"two columns":         {object{"mappings": list{link("iata", "id", "n")}}, 422, "body.mappings[0].source_field"},
		"mapped twice":        {object{"mappings": list{one("id", "iata"), one("n", "iata")}}, 422, "body.mappings[1].target_field"},
		"key of a link":       {object{"target_class_id": "Route", "mappings": list{one("id", "from"), one("id", "to"), link("origin", "id", "n")}}, 422, "body.mappings[2].source_fields"},
		"key not covered":     {object{"mappings": list{one("id", "name")}}, 422, "body.mappings"},
		"required":            {object{"target_class_id": "Strict", "mappings": list{one("id", "id")}}, 422, "body.mappings"},
		"cannot be converted": {object{"mappings": list{one("id", "iata"), one("day", "latitude")}}, 422, "body.mappings[1].source_field"},
		"nothing":             {object{"mappings": list{}}, 422, "body.mappings"},
		"no mappings":         {object{"mappings": nil}, 422, "body.mappings"},
		"no target":           {object{"mappings": list{object{"source_field": "id"}}}, 422, "body.mappings[0].target_field"},
		"unknown member":      {object{"mappings": list{object{"source_field": "id", "target_field": "iata", "x": 1}}}, 422, "body.mappings[0].x"},
		"no object":           {object{"mappings": list{"id"}}, 422, "body.mappings[0]"},
		"no class":            {object{"target_class_id": nil}, 422, "body.target_class_id"},
		"unknown class":       {object{"target_class_id": "Nowhere"}, 404, ""},
		"no uuid":             {object{"dataset_id": "x"}, 422, "body.dataset_id"},
		"unknown dataset":     {object{"dataset_id": "11111111-1111-1111-1111-111111111111"}, 404, ""},
		"another schema":      {object{"schema_hash": "abc"}, 409, ""},
		"status":              {object{"status": "ON"}, 422, "body.status"},
		"batch size":          {object{"options": object{"batch_size": 0}}, 422, "body.options.batch_size"},
		"unknown field of it": {object{"colour": "red"}, 422, "body.colour"},
	} {
		body := object{"dataset_id": dataset, "target_class_id": "Airport", "mappings": list{one("id", "iata")}}
		for k, v := range c.change {
			body[k] = v
		}
		r := im.call(c.status, "POST", "/api/v1/objectify/mapping-specs", body, client.Lang("en"))
		if got := place(r); got != c.field {
			t.Errorf("%s: %s, %s", name, got, r)
		}
	}
	run := "/api/v1/objectify/datasets/" + dataset + "/run"
	im.call(409, "POST", run, object{}) // no spec yet
	im.call(404, "POST", run, object{"mapping_spec_id": "11111111-1111-1111-1111-111111111111"})
	im.call(404, "POST", run, object{"dataset_version_id": "11111111-1111-1111-1111-111111111111"})
	im.call(422, "POST", run, object{"dataset_version_id": "x"})
	im.call(422, "POST", run, object{"batch_size": 1.5})
	im.call(404, "GET", "/api/v1/objectify/jobs/11111111-1111-1111-1111-111111111111", nil)
	im.call(404, "GET", "/api/v1/objectify/jobs/11111111-1111-1111-1111-111111111111/errors", nil)
	im.call(400, "GET", "/api/v1/objectify/jobs/x", nil)
	if r := im.call(200, "GET", "/api/v1/objectify/mapping-specs?dataset_id="+dataset, nil); r.Text("data", "count") != "0" {
		t.Errorf("%s", r)
	}
	im.spec(upload, "Airport", list{one("id", "iata")})
	if job := im.run(upload, object{"max_rows": 0}); tally(job) != "COMPLETED: 1 created, 0 updated, 0 unchanged, 0 refused" {
		t.Errorf("%s", job)
	}
}

// place writes the place of the first mistake as the error body's detail does.
func place(r *client.Response) string {
	steps, _ := r.Get("errors", 0, "loc").([]any)
	text := ""
	for i := range steps {
		step := r.Text("errors", 0, "loc", i)
		switch {
		case strings.Trim(step, "0123456789") == "":
			text += "[" + step + "]"
		case text == "":
			text = step
		default:
			text += "." + step
		}
	}
	return text
}
