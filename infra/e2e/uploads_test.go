package e2e

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// state shows everything that clients can read of a dataset and its versions.
func (a api) state(dataset string) string {
	a.t.Helper()
	path := datasets + "/" + dataset
	return string(a.call(200, "GET", path, nil).Body) + string(a.call(200, "GET", path+"/versions", nil).Body)
}

// A file of the same name is the next version; what is refused changes neither.
func TestUploadsOfOneName(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	first := bff.upload(200, db, "k1", "shops.csv", "zip,n\n02139,1\n", "description", "shops")
	second := bff.upload(200, db, "k2", "shops.csv", "zip,n\n02139,1\n00501,2\n")
	dataset := first.Text("data", "dataset", "dataset_id")
	for path, want := range map[string]string{
		"data dataset dataset_id": dataset, "data dataset description": "shops", "data dataset row_count": "2",
		"data version version_number": "2", "data version row_count": "2",
	} {
		if got := at(second, path); got != want {
			t.Errorf("second file, %s: %q, want %q", path, got, want)
		}
	}
	if first.Text("data", "version", "schema_hash") != second.Text("data", "version", "schema_hash") {
		t.Error("the same columns have two schema hashes")
	}
	before := bff.state(dataset)
	for name, refused := range map[string]*client.Response{
		"another file":      bff.upload(409, db, "k1", "shops.csv", "zip,n\n02139,3\n", "description", "shops"),
		"another name":      bff.upload(409, db, "k1", "shops.csv", "zip,n\n02139,1\n", "description", "shops", "dataset_name", "x"),
		"another delimiter": bff.upload(409, db, "k1", "shops.csv", "zip,n\n02139,1\n", "description", "shops", "delimiter", ","),
		"no header":         bff.upload(409, db, "k1", "shops.csv", "zip,n\n02139,1\n", "description", "shops", "has_header", "no"),
	} {
		if refused.Text("context", "code") != "IDEMPOTENCY_KEY_REUSED" {
			t.Errorf("%s: %s", name, refused)
		}
	}
	if after := bff.state(dataset); after != before {
		t.Errorf("refusals changed the dataset from\n%s\nto\n%s", before, after)
	}
	// A key holds within its database.
	other := w.database(t)
	if r := bff.upload(200, other, "k1", "shops.csv", "a\n1\n"); r.Header.Get("Idempotency-Replayed") != "" || r.Text("data", "version", "version_number") != "1" {
		t.Errorf("the key in another database: %s", r)
	}
}

// An upload that is repeated is answered the same, also behind a newer version: the
// body is identical, not only the version.
func TestARepeatedUploadIsAnsweredTheSame(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	first := bff.upload(200, db, "k1", "shops.csv", "zip,n\n02139,1\n")
	bff.upload(200, db, "k2", "shops.csv", "zip,n\n02139,1\n00501,2\n")
	again := bff.upload(200, db, "k1", "shops.csv", "zip,n\n02139,1\n")
	if again.Header.Get("Idempotency-Replayed") != "true" || again.Text("data", "version", "version_id") != first.Text("data", "version", "version_id") {
		t.Errorf("replayed %q: %s", again.Header.Get("Idempotency-Replayed"), again)
	}
	if string(again.Body) != string(first.Body) {
		t.Errorf("the dataset is\n%v\nand was\n%v", again.Get("data", "dataset"), first.Get("data", "dataset"))
	}
}

// Versions are listed newest first, a page at a time.
func TestPagesOfVersions(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	dataset := ""
	for n := range 3 {
		dataset = bff.upload(200, db, fmt.Sprint("k", n), "t.csv", fmt.Sprintf("a\n%d\n", n)).Text("data", "dataset", "dataset_id")
	}
	path := datasets + "/" + dataset + "/versions"
	for query, want := range map[string]string{"?limit=2": "3 2", "?limit=2&offset=2": "1", "?offset=3": ""} {
		r := bff.call(200, "GET", path+query, nil)
		versions, _ := r.Get("data", "versions").([]any)
		var numbers []string
		for i := range versions {
			numbers = append(numbers, r.Text("data", "versions", i, "version_number"))
		}
		if got := strings.Join(numbers, " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	bff.call(422, "GET", path+"?limit=0", nil)
	bff.call(422, "GET", path+"?limit=101", nil)
	const nowhere = "11111111-1111-1111-1111-111111111111"
	for _, missing := range []string{datasets + "/" + nowhere, datasets + "/" + nowhere + "/versions", path + "/" + nowhere, path + "/" + nowhere + "/file"} {
		bff.call(404, "GET", missing, nil)
	}
	bff.call(400, "GET", datasets+"/x", nil)
}

// Who uploads is who the instances come from.
func TestTheActorOfAnUpload(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const file = "iata,name,city,latitude\nA,one,X,1\n"
	upload := im.upload(200, im.db, "k1", "small.csv", file)
	im.call(201, "POST", "/api/v1/objectify/mapping-specs", object{
		"dataset_id": upload.Text("data", "dataset", "dataset_id"), "target_class_id": "Airport", "mappings": airportMappings,
	})
	body, multipart := client.Form(client.Part{Name: "file", File: "small.csv", Content: file + "B,two,Y,2\n"})
	r := im.call(200, "POST", uploadPath(im.db), body, multipart, client.Key("k2"), client.Header("X-Actor", "kim"), client.Header("X-Request-ID", "r-7"))
	job := im.ended(r.Text("data", "objectify_job_id"))
	if tally(job) != "COMPLETED: 2 created, 0 updated, 0 unchanged, 0 refused" || job.Text("data", "job", "actor") != "kim" {
		t.Fatalf("%s", job)
	}
	im.total("Airport", job)
	origin := im.call(200, "GET", "/api/v1/databases/"+im.db+"/class/Airport/instance/B/origin", nil)
	if origin.Text("data", "actor") != "kim" || origin.Text("data", "source", "version_number") != "2" || origin.Text("data", "source", "line") != "3" {
		t.Errorf("origin: %s", origin)
	}
}

// The contract has two names for the header of the key.
func TestTheOtherHeaderOfTheKey(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	body, multipart := client.Form(client.Part{Name: "file", File: "t.csv", Content: "a\n1\n"})
	for _, replayed := range []string{"", "true"} {
		r := bff.call(200, "POST", uploadPath(db), body, multipart, client.Header("X-Idempotency-Key", "k"))
		if r.Header.Get("Idempotency-Replayed") != replayed {
			t.Errorf("%q: %s", replayed, r)
		}
	}
}

// Whatever the encoding and the form of a file, its cells become the same
// instances.
func TestFilesOfManyFormsBecomeInstances(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	const plain = "iata,name,city,latitude\n02139,가나,서울,1.5\n00501,a b,,-2\n"
	semicolons := strings.NewReplacer(",", ";", ".", ",").Replace(plain)
	noHeader := plain[strings.Index(plain, "\n")+1:]
	for name, c := range map[string]struct {
		content string
		fields  []string
	}{
		"utf8":       {"\ufeff" + plain, nil},
		"utf16":      {utf16le(plain), nil},
		"cp949":      {strings.NewReplacer("가나", "\xb0\xa1\xb3\xaa", "서울", "\xbc\xad\xbf\xef").Replace(plain), nil},
		"semicolons": {semicolons, nil},
		"crlf":       {strings.ReplaceAll(plain, "\n", "\r\n"), []string{"has_header", "true"}},
		"headless":   {noHeader, []string{"has_header", "false"}},
	} {
		parts := []client.Part{{Name: "file", File: name + ".csv", Content: c.content}}
		for i := 0; i < len(c.fields); i += 2 { // behind the file
			parts = append(parts, client.Part{Name: c.fields[i], Content: c.fields[i+1]})
		}
		upload := im.form(200, im.db, name, parts...)
		mappings := airportMappings
		if name == "headless" {
			mappings = list{one("column_1", "iata"), one("column_2", "name"), one("column_3", "city"), one("column_4", "latitude")}
		}
		im.spec(upload, "Airport", mappings)
		job := im.run(upload, object{})
		// The first file makes them; in every other the very same is found.
		if got := tally(job); !strings.HasPrefix(got, "COMPLETED: 2 created, 0 updated, 0 unchanged") && got != "COMPLETED: 0 created, 0 updated, 2 unchanged, 0 refused" {
			t.Errorf("%s: %s, %s", name, got, im.refusals(job))
		}
		im.total("Airport", job)
	}
	for id, want := range map[string]string{"02139": "1 map[city:서울 iata:02139 latitude:1.5 name:가나]", "00501": "1 map[iata:00501 latitude:-2 name:a b]"} {
		r := im.instance("Airport", id)
		if got := fmt.Sprint(r.Text("data", "version"), " ", r.Get("data", "data")); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}
