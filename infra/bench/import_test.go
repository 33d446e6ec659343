package bench

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/infra/e2e/process"
)

// BenchmarkImport takes zipcodes.csv (42,049 rows) from its upload until every
// instance is found by a search. Reported are rows per second over all, the parts
// of it, transactions of PostgreSQL and segments of the log per row, and the
// memory of the host with its object store, idle and at the peak.
func BenchmarkImport(b *testing.B) {
	host, api := start(b)
	file := zipcodes(b)
	rows := strings.Count(file, "\n") - 1
	idle := memory(b, host, "VmRSS:")
	transactions, segments := 0, 0
	var upload, write, index time.Duration
	spent := cpu(b, host)
	for n := 0; b.Loop(); n++ {
		db := "zip" + strconv.Itoa(n)
		must(b, api, "/api/v1/databases", map[string]any{"name": db}, client.Wait(10))
		must(b, api, "/api/v1/databases/"+db+"/ontology", zipClass, client.Wait(10))
		before, head := commits(b, host), heads(b, host)

		begin := time.Now()
		body, form := client.Form(client.Part{Name: "file", File: "zipcodes.csv", Content: file})
		r := ask(b, api, http.MethodPost, "/api/v1/pipelines/datasets/csv-upload?db_name="+db, body, form, client.Key(db))
		dataset := r.Text("data", "dataset", "dataset_id")
		upload += time.Since(begin)

		began := time.Now()
		ask(b, api, http.MethodPost, "/api/v1/objectify/mapping-specs", map[string]any{"dataset_id": dataset, "target_class_id": "Zip", "mappings": zipMappings})
		job := ask(b, api, http.MethodPost, "/api/v1/objectify/datasets/"+dataset+"/run", map[string]any{"allow_partial": true}).Text("data", "job_id")
		for r = nil; r == nil || r.Text("data", "status") == "QUEUED" || r.Text("data", "status") == "RUNNING"; time.Sleep(20 * time.Millisecond) {
			r = ask(b, api, http.MethodGet, "/api/v1/objectify/jobs/"+job, nil)
		}
		position := r.Text("data", "job", "counts", "position")
		write += time.Since(began)

		began = time.Now()
		found := ask(b, api, http.MethodGet, "/api/v1/databases/"+db+"/class/Zip/instances?limit=1&min_position="+position, nil)
		index += time.Since(began)
		if found.Text("total") != strconv.Itoa(rows) {
			b.Fatalf("%s of %d rows are found", found.Text("total"), rows)
		}
		transactions += commits(b, host) - before
		segments += heads(b, host) - head
	}
	all := float64(b.N * rows)
	b.ReportMetric(perThousand(cpu(b, host)-spent, b.N*rows), "cpu-ms/1000")
	b.ReportMetric(all/(upload+write+index).Seconds(), "rows/s")
	b.ReportMetric(upload.Seconds()/float64(b.N)*1000, "upload-ms")
	b.ReportMetric(write.Seconds()/float64(b.N)*1000, "write-ms")
	b.ReportMetric(index.Seconds()/float64(b.N)*1000, "index-ms")
	b.ReportMetric(float64(transactions)/all, "transactions/row")
	b.ReportMetric(float64(segments)/all, "segments/row")
	b.ReportMetric(idle, "idle-MB")
	b.ReportMetric(memory(b, host, "VmHWM:"), "peak-MB")
}

var zipClass = map[string]any{"id": "Zip", "label": "Zip code", "properties": []map[string]any{
	{"name": "zip_code", "type": "xsd:string", "label": "Code", "primary_key": true},
	{"name": "latitude", "type": "xsd:decimal", "label": "Latitude"}, {"name": "longitude", "type": "xsd:decimal", "label": "Longitude"},
	{"name": "city", "type": "xsd:string", "label": "City"}, {"name": "state", "type": "xsd:string", "label": "State"}, {"name": "county", "type": "xsd:string", "label": "County"},
}}

var zipMappings = func() (list []map[string]any) {
	for _, name := range []string{"zip_code", "latitude", "longitude", "city", "state", "county"} {
		list = append(list, map[string]any{"source_field": name, "target_field": name})
	}
	return list
}()

func zipcodes(b *testing.B) string {
	f, err := os.Open("testdata/zipcodes.csv.gz")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	packed, err := gzip.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	content, err := io.ReadAll(packed)
	if err != nil {
		b.Fatal(err)
	}
	return string(content)
}

func ask(b *testing.B, api *client.Client, method, path string, body any, options ...client.Option) *client.Response {
	b.Helper()
	r, err := api.Do(b.Context(), method, path, body, options...)
	if err != nil {
		b.Fatal(err)
	}
	if r.Status >= 300 {
		b.Fatalf("%s: %s", path, r)
	}
	return r
}

// commits counts the transactions of PostgreSQL so far.
func commits(b *testing.B, host *process.Host) int {
	b.Helper()
	return query(b, host, `select xact_commit from pg_stat_database where datname = current_database()`)
}

// heads counts the segments of all chains.
func heads(b *testing.B, host *process.Host) int {
	b.Helper()
	return query(b, host, `select sum(next)::bigint from spice_event_log.chains`)
}

func query(b *testing.B, host *process.Host, sql string) (n int) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), host.Env["POSTGRES_URL"])
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(b.Context()))
	if err := conn.QueryRow(b.Context(), sql).Scan(&n); err != nil {
		b.Fatal(err)
	}
	return n
}

// memory adds up a line of /proc/<pid>/status over the host and its object store.
func memory(b *testing.B, host *process.Host, line string) (megabytes float64) {
	b.Helper()
	for _, pid := range host.Processes() {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			b.Skip("memory is read from /proc:", err)
		}
		_, rest, _ := strings.Cut(string(status), line)
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			b.Fatal(err)
		}
		megabytes += float64(kilobytes) / 1000
	}
	return megabytes
}
