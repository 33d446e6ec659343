package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// TestMetricsCountWhatWasDone creates an instance and finds it in the metrics,
// under the route's template, which hold no path and want the token.
func TestMetricsCountWhatWasDone(t *testing.T) {
	w := sharedWorld(t)
	a, db := w.asBFF(t), w.database(t)
	a.done("POST", "/api/v1/databases/"+db+"/ontology", object{"id": "Thing", "label": "Thing", "properties": list{object{"name": "thing_id", "type": "string", "label": "Id", "primary_key": true}}})
	a.done("POST", "/api/v1/databases/"+db+"/instances/Thing/create", object{"data": object{"thing_id": "t1"}})
	a.call(http.StatusNotFound, "GET", "/api/v1/no/such/"+db, nil)
	w.asOMS(t).call(http.StatusNotFound, "POST", "/api/v1/database/nowhere/ontology", object{"id": "Thing", "label": "Thing"})
	want := []string{
		`spice_http_requests_total{endpoint="/api/v1/databases/{db_name}/instances/{class_label}/create",method="POST",service="bff",status_code="200"}`,
		`spice_http_requests_total{endpoint="unmatched",method="other",service="bff",status_code="404"}`,
		`spice_http_request_duration_seconds_bucket{endpoint="/api/v1/databases/{db_name}/ontology"`,
		`spice_events_total{action="appended",event_type="INSTANCE_CREATED",service="instance-worker"}`,
		`spice_events_total{action="published",event_type="INSTANCE_CREATED",service="message-relay"}`,
		`spice_events_total{action="processed",event_type="INSTANCE_CREATED",service="projection-worker"}`,
		`spice_log_append_duration_seconds_count{service="bff"}`, `spice_log_segments_total{chain=`, `spice_db_queries_total{`,
		`spice_consume_batch_events_count{handler="instance_worker"}`, `spice_cold_start_seconds{service="projection-worker"}`,
		`spice_reader_lag_segments{chain="0",reader="message-relay"}`, "spice_open_commands ", `spice_business_total{`, "go_goroutines ",
		`spice_cache_access_total{cache="classes",result="hit"`, `spice_rate_limit_total{endpoint="/api/v1/database/{db_name}/ontology",result="allowed",service="oms",strategy="ip"}`,
		"ingest_reconciler_published_total ", "ingest_reconciler_duration_seconds_count ",
	}
	eventually(t, time.Minute, func() string {
		text := string(a.call(http.StatusOK, "GET", "/metrics", nil).Body)
		var missing []string
		for _, line := range want {
			if !strings.Contains(text, line) {
				missing = append(missing, line)
			}
		}
		if strings.Contains(text, db) {
			t.Fatal("the name of a database is a label")
		}
		return strings.Join(missing, "\n")
	})
	w.asOMS(t).call(http.StatusOK, "GET", "/metrics", nil)
	a.call(http.StatusUnauthorized, "GET", "/metrics", nil, client.Anonymous)
}
