package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// rowsOf makes a file of airports.
func rowsOf(n int) string {
	var file strings.Builder
	file.WriteString("iata,name,city,latitude\n")
	for i := range n {
		fmt.Fprintf(&file, "A%05d,Airport %d,City,%d.5\n", i, i, i%90)
	}
	return file.String()
}

// exactlyOnce checks that a job over n new rows wrote each of them once. Rows of
// a batch that was cut off count as unchanged when its command runs again.
func (im *importer) exactlyOnce(n int, r *client.Response) {
	im.t.Helper()
	counts := func(name string) string { return r.Text("data", "job", "counts", name) }
	sum := 0
	for _, name := range []string{"created", "unchanged"} {
		k, err := strconv.Atoi(counts(name))
		if err != nil {
			im.t.Fatal(err)
		}
		sum += k
	}
	if r.Text("data", "status") != "COMPLETED" || sum != n || counts("updated") != "0" || counts("refused") != "0" {
		im.t.Errorf("%s of %d", tally(r), n)
	}
}

// Killed again and again in the middle of an import, the host brings it to its
// end, with every row in once.
func TestKilledDuringAnImport(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	im := airports(t, w)
	const rows = 6000
	upload := im.upload(200, im.db, "k", "airports.csv", rowsOf(rows))
	im.spec(upload, "Airport", airportMappings)
	job := im.call(200, "POST", "/api/v1/objectify/datasets/"+upload.Text("data", "dataset", "dataset_id")+"/run", object{"batch_size": 250, "allow_partial": true}).Text("data", "job_id")
	path := "/api/v1/objectify/jobs/" + job
	for _, after := range []int{0, 1500, 4000} {
		eventually(t, 3*time.Minute, func() string { // a lease may have to end first
			r := im.call(200, "GET", path, nil)
			done, err := strconv.Atoi(r.Text("data", "progress", "done"))
			if err != nil {
				t.Fatal(err)
			}
			if r.Text("data", "status") != "QUEUED" && done >= after {
				return ""
			}
			return r.String()
		})
		w.host.KillGroup()
		w.leave()
		if err := w.start(); err != nil {
			t.Fatal(err)
		}
		im.api = w.asBFF(t)
	}
	r := im.ended(job)
	im.exactlyOnce(rows, r)
	if got := im.total("Airport", r); got != fmt.Sprint(rows) {
		t.Errorf("%s airports", got)
	}
	if v := im.instance("Airport", "A03000").Text("data", "version"); v != "1" {
		t.Errorf("an airport has version %s", v)
	}
}

// Deliveries that are lost, doubled, late and out of order change nothing.
func TestAnImportUnderChaos(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "CHAOS", "seed=5,duplicate=0.2,drop=0.1,delay=0.2,reorder=0.3")
	im := airports(t, w)
	const rows = 3000
	_, r := im.imported("k", "airports", rowsOf(rows), "Airport", airportMappings, object{"batch_size": 500})
	im.exactlyOnce(rows, r)
	eventually(t, 2*time.Minute, func() string {
		list := im.call(200, "GET", "/api/v1/databases/"+im.db+"/class/Airport/instances?limit=1", nil)
		if list.Text("total") != fmt.Sprint(rows) {
			return list.String()
		}
		return ""
	})
}
