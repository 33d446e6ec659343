package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// filled is a host with a bit of everything, and what it answers.
func filled(t *testing.T) (w *world, im *importer, everything func() string) {
	t.Helper()
	w = ownWorld(t)
	im = airports(t, w)
	_, job := im.imported("k", "t", rowsOf(50)+"BAD,Bad,City,north\n", "Airport", airportMappings, object{"allow_partial": true})
	if job.Text("data", "status") != "PARTIAL" {
		t.Fatal(job)
	}
	im.total("Airport", job)
	bff := w.asBFF(t)
	product(bff, im.db)
	for i := range 5 {
		bff.done("POST", instances(im.db, "Product")+"/create", object{"data": object{"product_id": fmt.Sprint("p", i)}})
	}
	bff.done("DELETE", instances(im.db, "Product")+"/p4/delete?expected_seq=1", nil)
	assertHealthy(t, w, im.db)
	jobs := "/api/v1/objectify/jobs/" + job.Text("data", "job_id")
	return w, im, func() string { return im.everything(jobs, jobs+"/errors") }
}

// everything asks for all that a rebuild must give again.
func (im *importer) everything(more ...string) string {
	im.t.Helper()
	var all strings.Builder
	for _, path := range append([]string{
		"/api/v1/databases", ontology(im.db) + "/list", "/api/v1/databases/" + im.db + "/class/Airport/instances?limit=100", "/api/v1/databases/" + im.db + "/class/Product/instances",
		"/api/v1/pipelines/datasets?db_name=" + im.db,
	}, more...) {
		all.WriteString(im.call(200, "GET", path, nil).String() + "\n")
	}
	return all.String()
}

func (w *world) rebuild(t *testing.T, sinks ...string) {
	t.Helper()
	bff := w.asBFF(t)
	body := object{}
	if len(sinks) > 0 {
		body["sinks"] = sinks
	}
	task := bff.call(202, "POST", "/api/v1/admin/rebuild", body).Text("task_id")
	var r *client.Response
	eventually(t, settleLimit, func() string {
		if r = bff.call(200, "GET", "/api/v1/tasks/"+task, nil); r.Text("status") == "PROCESSING" {
			return r.String()
		}
		return ""
	})
	if r.Text("status") != "COMPLETED" || r.Get("result", "data", "equal") != true {
		t.Fatalf("%v: %s", sinks, r)
	}
}

// dropDocuments deletes the indices of a database behind the platform's back.
func (w *world) dropDocuments(t *testing.T, db string) {
	t.Helper()
	for _, index := range []string{db + "_instances_v1", db + "_ontologies_v1"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, w.host.Env["ELASTICSEARCH_URL"]+"/"+index, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("delete %s: %s", index, resp.Status)
		}
	}
}

// One by one, what was lost comes back from the log and is equal.
func TestEachSinkIsRebuilt(t *testing.T) {
	t.Parallel()
	w, im, everything := filled(t)
	before := everything()
	same := func(what string) {
		t.Helper()
		eventually(t, settleLimit, func() string {
			if after := everything(); after != before {
				return what + ": differs\n" + before + "\n" + after
			}
			return ""
		})
		assertHealthy(t, w, im.db)
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := w.index.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}

	w.dropDocuments(t, im.db)
	w.rebuild(t, "search")
	same("documents")

	exec(`truncate spice_datasets.datasets, spice_datasets.dataset_versions, spice_datasets.ingest_requests,
		spice_objectify.mapping_specs, spice_objectify.jobs, spice_objectify.batches, spice_objectify.row_errors`)
	w.rebuild(t, "registries")
	same("registries")

	exec(`truncate spice_event_log.aggregates, spice_event_log.events, spice_event_log.outcomes, spice_event_log.open_commands, spice_event_log.chains`)
	w.rebuild(t, "index")
	same("index")

	created := w.asBFF(t).done("POST", instances(im.db, "Product")+"/create", object{"data": object{"product_id": "p9"}}).Command()
	w.rebuild(t, "status")
	if r := w.asBFF(t).call(200, "GET", "/api/v1/commands/"+created+"/status", nil); r.Text("status") != "COMPLETED" {
		t.Error(r)
	}
	w.asBFF(t).done("DELETE", instances(im.db, "Product")+"/p9/delete?expected_seq=1", nil)
	same("statuses")

	exec(`truncate spice_event_registry.watermarks`)
	w.rebuild(t, "search")
	same("watermarks")
}

// loseRealServers gives a stopped host new, empty servers, if it has real ones.
func (w *world) loseRealServers(t *testing.T) {
	t.Helper()
	if err := w.endServers(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(w.config.Data + "-real"); err != nil {
		t.Fatal(err)
	}
	w.config.Env = nil
	var err error
	if w.endServers, err = w.config.UseRealServers(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Everything but the buckets is gone: the next start and one command bring all
// back.
func TestEverythingIsRebuiltFromTheBuckets(t *testing.T) {
	t.Parallel()
	w, im, everything := filled(t)
	before := everything()
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	w.loseRealServers(t)
	for _, name := range []string{"postgres", "elasticsearch", "kafka", "lakefs", "terminusdb", "redis"} {
		if err := os.RemoveAll(filepath.Join(w.config.Data, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	w.rebuild(t)
	im.Client = w.bff
	eventually(t, settleLimit, func() string {
		if after := everything(); after != before {
			return "differs\n" + before + "\n" + after
		}
		return ""
	})
	assertHealthy(t, w, im.db)
	// And it goes on: the same file is the version that is there, another one is the next.
	if r := im.upload(200, im.db, "k2", "t.csv", rowsOf(3)); r.Text("data", "version", "version_number") != "2" {
		t.Error(r)
	}
}
