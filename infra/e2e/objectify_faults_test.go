package e2e

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/infra/e2e/process"
)

// routesOf makes a file with the n*(n-1) routes from each of the first n airports
// of rowsOf to every other.
func routesOf(n int) string {
	var file strings.Builder
	file.WriteString("origin,destination,count\n")
	for from := range n {
		for step := 1; step < n; step++ {
			fmt.Fprintf(&file, "A%05d,A%05d,%d\n", from, (from+step)%n, step)
		}
	}
	return file.String()
}

// versionsOf reads every instance of a class after a job: its id and how often it
// was written.
func (im *importer) versionsOf(class string, job *client.Response) map[string]string {
	im.t.Helper()
	const page = 1000
	found := map[string]string{}
	for offset := 0; ; offset += page {
		documents, _ := im.caughtUp(class, job, page, offset).Get("instances").([]any)
		for _, d := range documents {
			document, _ := d.(object)
			id := fmt.Sprint(document["instance_id"])
			if _, again := found[id]; again {
				im.t.Errorf("%s is listed twice", id)
			}
			found[id] = fmt.Sprint(document["version"])
		}
		if len(documents) < page {
			return found
		}
	}
}

// reaches waits until a job is in a phase, with some of its rows done, or past it:
// a loaded machine may miss the moment.
func (im *importer) reaches(job, phase string, done int) {
	im.t.Helper()
	order := map[string]int{"checking": 1, "writing": 2, "ended": 3}
	eventually(im.t, 3*time.Minute, func() string { // a lease may have to end first
		r := im.call(200, "GET", "/api/v1/objectify/jobs/"+job, nil)
		now := order[r.Text("data", "progress", "phase")]
		n, err := strconv.Atoi(r.Text("data", "progress", "done"))
		if err != nil {
			im.t.Fatalf("%s: %v", r, err)
		}
		if now > order[phase] || now == order[phase] && n >= done {
			return ""
		}
		return r.String()
	})
}

// Killed while it checks the rows and while it writes them, a job that must not be
// partial brings every row in, once, with its links. What was uploaded before is
// answered as before.
func TestKilledWhileRowsAreCheckedAndWritten(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	im := airports(t, w)
	const ends, rows = 60, 60 * 59
	im.imported("a", "airports", rowsOf(ends), "Airport", airportMappings, object{})
	upload := im.upload(200, im.db, "f", "flights.csv", routesOf(ends))
	im.spec(upload, "Route", routeMappings)
	// Small batches make the phases long enough to be met.
	job := im.call(200, "POST", "/api/v1/objectify/datasets/"+upload.Text("data", "dataset", "dataset_id")+"/run", object{"batch_size": 100}).Text("data", "job_id")
	for _, moment := range []struct {
		phase string
		done  int
		kill  func(*process.Host)
	}{{"checking", 400, (*process.Host).Kill}, {"writing", 1500, (*process.Host).KillGroup}} {
		im.reaches(job, moment.phase, moment.done)
		moment.kill(w.host)
		if err := w.host.Races(); err != nil {
			t.Error(err)
		}
		w.leave()
		if err := w.start(); err != nil {
			t.Fatal(err)
		}
		im.api = w.asBFF(t)
	}
	again := im.upload(200, im.db, "f", "flights.csv", routesOf(ends))
	if again.Header.Get("Idempotency-Replayed") != "true" || string(again.Body) != string(upload.Body) {
		t.Errorf("the upload, repeated after the kills: %.500s\nwas %.500s", again, upload)
	}
	r := im.ended(job)
	im.exactlyOnce(rows, r)
	routes := im.versionsOf("Route", r)
	if len(routes) != rows {
		t.Errorf("%d of %d routes", len(routes), rows)
	}
	for id, version := range routes {
		if version != "1" {
			t.Errorf("route %s was written %s times", id, version)
		}
	}
	if n := im.instance("Airport", "A00000").Text("data", "links", "incoming_total"); n != fmt.Sprint(2*(ends-1)) {
		t.Errorf("%s links lead to an airport, want %d", n, 2*(ends-1))
	}
}

// Deliveries that are lost, doubled and late refuse no row twice and no other row.
func TestAPartialImportUnderChaos(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "CHAOS", "seed=7,duplicate=0.4,drop=0.1,delay=0.3,reorder=0.3")
	im := airports(t, w)
	const ends = 20
	im.imported("a", "airports", rowsOf(ends), "Airport", airportMappings, object{})
	spoiled := edit(t, routesOf(ends), map[[2]int]string{{10, 0}: "XXXX", {200, 1}: "", {380, 2}: "many"})
	_, job := im.imported("f", "flights", spoiled, "Route", routeMappings, object{"allow_partial": true, "batch_size": 100})
	if got := im.refusals(job); job.Text("data", "status") != "PARTIAL" || got != `10 origin "XXXX"; 200 destination ""; 380 count "many"` {
		t.Errorf("%s, %s", tally(job), got)
	}
	if counts := job.Text("data", "job", "counts", "read") + " " + job.Text("data", "job", "counts", "refused"); counts != "380 3" {
		t.Errorf("read and refused: %s", counts)
	}
	routes := im.versionsOf("Route", job)
	if len(routes) != 377 {
		t.Errorf("%d routes", len(routes))
	}
	for id, version := range routes {
		if version != "1" {
			t.Errorf("route %s was written %s times", id, version)
		}
	}
}
