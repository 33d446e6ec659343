package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// lineageOf asks for the graph around a node until it has all of some nodes.
func (a api) lineageOf(root, direction string, nodes ...string) (r *client.Response) {
	a.t.Helper()
	query := url.Values{"root": {root}, "direction": {direction}, "max_depth": {"20"}}
	eventually(a.t, time.Minute, func() string {
		r = a.call(200, "GET", "/api/v1/lineage/graph?"+query.Encode(), nil, client.Lang("en"))
		for _, node := range nodes {
			if nodeOf(r, node) == nil {
				return "no node " + node + " in " + r.String()
			}
		}
		return ""
	})
	return r
}

// nodeOf finds a node whose id begins with a text.
func nodeOf(r *client.Response, prefix string) object {
	nodes, _ := r.Get("data", "graph", "nodes").(list)
	for _, n := range nodes {
		if strings.HasPrefix(n.(object)["node_id"].(string), prefix) {
			return n.(object)
		}
	}
	return nil
}

// leads checks that edges lead along a path: node, edge type, node and so on. Nodes
// are prefixes of ids.
func leads(t *testing.T, r *client.Response, path ...string) {
	t.Helper()
	edges, _ := r.Get("data", "graph", "edges").(list)
	for i := 0; i+2 < len(path); i += 2 {
		found := false
		for _, e := range edges {
			edge := e.(object)
			found = found || edge["edge_type"] == path[i+1] &&
				strings.HasPrefix(edge["from_node_id"].(string), path[i]) && strings.HasPrefix(edge["to_node_id"].(string), path[i+2])
		}
		if !found {
			t.Errorf("no edge %s --%s--> %s in %s", path[i], path[i+1], path[i+2], r)
		}
	}
}

func TestLineageFromFileToDocumentAndBack(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	upload, job := im.imported("a", "airports", "iata,name,city,latitude\nA,a,X,1\nB,b,Y,2\n", "Airport", airportMappings, object{})
	version := "agg:DatasetVersion:" + upload.Text("data", "version", "version_id")
	jobNode := "agg:ObjectifyJob:" + job.Text("data", "job_id")
	b := "agg:Instance:" + im.db + ":main:Airport:B"
	document := "artifact:es:" + im.db + "_instances:Airport/B"
	graph := "artifact:terminus:" + im.db + ":main:Airport/B"
	row := strings.Replace(version, "agg:DatasetVersion", "artifact:row", 1) + ":2"

	back := im.lineageOf(document, "upstream", "artifact:file:"+im.db+":", jobNode)
	leads(t, back, "artifact:file:"+im.db, "file_became_dataset_version", version, "dataset_version_contains_row", row, "dataset_row_became_event", "event:",
		"event_materialized_es_document", document)
	leads(t, back, version, "dataset_version_objectify_job", jobNode, "objectify_job_submitted_command", "event:", "command_caused_domain_event", "event:")
	leads(t, back, b, "aggregate_shown_in_document", document)
	file := nodeOf(back, "artifact:file:")
	if file["label"] != "airports.csv" || file["node_type"] != "artifact" || file["created_at"] == nil {
		t.Errorf("the file is %v", file)
	}
	if nodeOf(back, strings.TrimSuffix(row, "2")+"1") != nil {
		t.Errorf("another row is no cause: %s", back)
	}

	forth := im.lineageOf(file["node_id"].(string), "downstream", document, graph, "artifact:s3:")
	leads(t, forth, version, "dataset_version_objectify_job", jobNode, "objectify_job_submitted_command", "event:", "command_caused_domain_event", "event:",
		"event_changed_aggregate", b, "aggregate_shown_in_document", document)

	impact := im.call(200, "GET", "/api/v1/lineage/impact?"+url.Values{"root": {version}, "db_name": {im.db}}.Encode(), nil, client.Lang("en"))
	if impact.Text("data", "counts", "es") != "2" || impact.Text("data", "counts", "terminus") != "2" || impact.Text("data", "direction") != "downstream" {
		t.Errorf("impact: %s", impact)
	}
	only := im.call(200, "GET", "/api/v1/lineage/impact?artifact_kind=es&"+url.Values{"root": {version}}.Encode(), nil)
	if only.Text("data", "recommended_actions", 0, "action") != "REBUILD_PROJECTION" || only.Text("data", "recommended_actions", 0, "target") != im.db+"_instances" {
		t.Errorf("impact on documents: %s", only)
	}
}

func TestLineageOfACommand(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	done := bff.done("POST", "/api/v1/databases/"+db+"/instances/Product/create", object{"data": object{"product_id": "p1"}})
	id := done.Command()
	for _, root := range []string{id, "event:" + id} {
		r := bff.lineageOf(root, "both", "artifact:es:"+db+"_instances:Product/p1", "artifact:s3:")
		if r.Text("data", "graph", "root") != "event:"+id {
			t.Errorf("root: %s", r)
		}
		leads(t, r, "agg:Instance:"+db+":main:Product:p1", "aggregate_emitted_event", "event:"+id, "command_caused_domain_event", "event:", "event_materialized_es_document", "artifact:es:")
		leads(t, r, "event:"+id, "event_stored_in_object_store", "artifact:s3:")
	}
	for _, direction := range []string{"upstream", "downstream"} {
		bff.lineageOf(id, direction, "event:"+id)
	}
	r := bff.call(200, "GET", "/api/v1/lineage/graph?max_nodes=1&root="+id, nil)
	if r.Text("data", "graph", "warnings", 0) != "node_limit_reached(max_nodes=1)" {
		t.Errorf("one node: %s", r)
	}
	if r := bff.call(200, "GET", "/api/v1/lineage/graph?max_depth=0&root="+id, nil); nodeOf(r, "event:") == nil || r.Get("data", "graph", "edges", 0) != nil {
		t.Errorf("depth 0: %s", r)
	}
	if r := bff.call(200, "GET", "/api/v1/lineage/graph?root=event:nobody&db_name="+db, nil); fmt.Sprint(r.Get("data", "graph", "nodes"), r.Get("data", "graph", "edges")) != "[] []" {
		t.Errorf("unknown root: %s", r)
	}
	eventually(t, time.Minute, func() string {
		m := bff.call(200, "GET", "/api/v1/lineage/metrics?db_name="+db, nil)
		if m.Text("data", "missing_lineage_estimate") != "0" || m.Text("data", "backfill_queue", "pending_count") != "0" || m.Text("data", "events_appended") == "0" ||
			m.Text("data", "lineage_edges_recorded") == "0" || m.Text("data", "window_minutes") != "60" {
			return m.String()
		}
		return ""
	})
}

func TestLineageRefusesBadQuestions(t *testing.T) {
	w := sharedWorld(t)
	bff := w.asBFF(t)
	for query, status := range map[string]int{
		"graph": 422, "graph?root=": 400, "graph?root=%20": 400, "impact": 422, "impact?root=%09": 400,
		"graph?root=x&db_name=Not-A-Database!": 400, "impact?root=x&db_name=%00": 400, "metrics?db_name=X": 400,
		"graph?root=x&direction=sideways": 422, "graph?root=x&max_depth=51": 422, "graph?root=x&max_depth=-1": 422, "graph?root=x&max_nodes=0": 422,
		"graph?root=x&max_nodes=20001": 422, "graph?root=x&max_edges=50001": 422, "graph?root=x&max_edges=many": 422, "impact?root=x&max_depth=51": 422,
		"metrics?window_minutes=0": 422, "metrics?window_minutes=1441": 422, "graph?root=%00": 200, "graph?root=%ff": 200, "graph?root=event:%00": 200, "graph?root=agg:%00:%ff": 200,
		"metrics": 200, "graph?root=artifact:es:%00:x/y": 200, "impact?root=artifact:row:%ff:1&artifact_kind=%00": 200,
	} {
		bff.call(status, "GET", "/api/v1/lineage/"+query, nil)
	}
}

// unrecorded tells what is still on its way into the log, or from there into
// lineage and audit.
func (im *importer) unrecorded() string {
	im.t.Helper()
	ops := im.call(200, "GET", "/api/v1/ops/status", nil)
	for _, outbox := range [][]any{{"ingest_outbox"}, {"objectify", "outbox"}} {
		for _, state := range []any{"pending", "failed"} {
			if ops.Text(append(append([]any{"data"}, outbox...), "counts", state)...) != "0" {
				return ops.String()
			}
		}
	}
	if m := im.call(200, "GET", "/api/v1/lineage/metrics", nil); m.Text("data", "missing_lineage_estimate") != "0" {
		return m.String()
	}
	return ""
}

// Killed in the middle of an import, lineage and audit have every event once, and
// the chain of hashes holds.
func TestLineageAndAuditSurviveKills(t *testing.T) {
	t.Parallel()
	w := ownWorld(t)
	im := airports(t, w)
	upload := im.upload(200, im.db, "k", "t.csv", rowsOf(1500))
	im.spec(upload, "Airport", airportMappings)
	job := im.call(200, "POST", runPath(upload), object{"options": object{"batch_size": 100}}).Text("data", "job_id")
	eventually(t, time.Minute, func() string {
		return findings(t, w, "nothing recorded", `select 'rows' where not exists (select 1 from spice_lineage.events where job is not null)`)
	})
	w.host.Kill()
	w.leave()
	if err := w.start(); err != nil {
		t.Fatal(err)
	}
	im = &importer{w.asBFF(t), im.db}
	if r := im.ended(job); r.Text("data", "status") != "COMPLETED" {
		t.Fatalf("%s", r)
	}
	for _, check := range []struct{ what, query string }{
		{"an event has no record", `select e.id from spice_event_log.events e left join spice_lineage.events l
			on l.chain = e.chain and l.segment = e.segment and l.byte_offset = e.byte_offset where l.id is null limit 3`},
		{"rows of the file have not one fact each", `select 'rows' where 1500 <> (select count(distinct row_number) from spice_lineage.events where database = $1 and version is not null)`},
	} {
		arguments := []any{}
		if strings.Contains(check.query, "$1") {
			arguments = append(arguments, im.db)
		}
		eventually(t, time.Minute, func() string { return findings(t, w, check.what, check.query, arguments...) })
	}
	if extra := findings(t, w, "recorded twice", `select id from spice_lineage.events group by chain, id having count(*) > 1 limit 3`); extra != "" {
		t.Error(extra)
	}
	if r := im.call(200, "GET", "/api/v1/audit/verify?partition_key=db:"+im.db, nil); r.Get("data", "valid") != true {
		t.Errorf("the chain of hashes: %s", r)
	}

	// Read again from the log, all of it is the same.
	const head = "/api/v1/audit/chain-head?partition_key=db:"
	eventually(t, time.Minute, func() string { return im.unrecorded() })
	before := im.call(200, "GET", head+im.db, nil)
	started := im.call(202, "POST", "/api/v1/admin/rebuild", object{"sinks": list{"trail"}})
	var result *client.Response
	eventually(t, time.Minute, func() string {
		result = im.call(200, "GET", "/api/v1/tasks/"+started.Text("task_id"), nil)
		if result.Text("status") == "COMPLETED" {
			return ""
		}
		return result.String()
	})
	if report := im.call(200, "GET", "/api/v1/tasks/"+started.Text("task_id")+"/result", nil); !strings.Contains(report.String(), `"equal":true`) {
		t.Errorf("rebuilt: %s", report)
	}
	if after := im.call(200, "GET", head+im.db, nil); string(after.Body) != string(before.Body) {
		t.Errorf("the head was %s and is %s", before, after)
	}
}
