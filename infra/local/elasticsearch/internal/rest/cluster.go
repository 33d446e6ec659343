package rest

import (
	"strconv"
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Version is the version of the real server that is imitated.
const Version = "8.19.21"

func (h *Handler) root(*request) reply {
	return ok(xcontent.Obj{
		{Key: "name", Val: "local-1"}, {Key: "cluster_name", Val: "local"}, {Key: "cluster_uuid", Val: search.Node},
		{Key: "version", Val: xcontent.Obj{
			{Key: "number", Val: Version}, {Key: "build_flavor", Val: "default"}, {Key: "build_type", Val: "tar"},
			{Key: "build_hash", Val: "stand-in"}, {Key: "build_date", Val: "2026-08-26T22:10:47.574903747Z"}, {Key: "build_snapshot", Val: false},
			{Key: "lucene_version", Val: "9.12.2"}, {Key: "minimum_wire_compatibility_version", Val: "7.17.0"}, {Key: "minimum_index_compatibility_version", Val: "7.0.0"},
		}},
		{Key: "tagline", Val: "You Know, for Search"},
	})
}

const healthParams = "timeout master_timeout wait_for_status wait_for_nodes wait_for_active_shards wait_for_no_relocating_shards wait_for_no_initializing_shards wait_for_events level local expand_wildcards"

// ranks orders the colours of health.
var ranks = map[string]int{"red": 0, "yellow": 1, "green": 2}

// health waits, if asked, until the node is as wanted or the time is up; then
// the status is 408.
func (h *Handler) health(q *request) reply {
	timeout := 30 * time.Second
	if text := q.params.Get("timeout"); text != "" {
		d, bad := dates.Duration(text)
		if bad {
			return failed(eserr.IllegalArgument("failed to parse setting [timeout] with value [%s] as a time value: unit is missing or unrecognized", text))
		}
		timeout = d
	}
	want := strings.ToLower(q.params.Get("wait_for_status"))
	if _, known := ranks[want]; want != "" && !known {
		return failed(eserr.IllegalArgument("unknown cluster health status [%s]", q.params.Get("wait_for_status")))
	}
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		body, status, there := h.healthBody(q)
		if there && (want == "" || ranks[status] >= ranks[want]) && nodesWanted(q.params.Get("wait_for_nodes")) {
			return ok(body)
		}
		select {
		case <-deadline.C:
			return reply{status: 408, body: body.Set("timed_out", true)}
		case <-q.ctx.Done():
			return reply{status: 408, body: body.Set("timed_out", true)}
		case <-tick.C:
		}
	}
}

func (h *Handler) healthBody(q *request) (body xcontent.Obj, status string, there bool) {
	x := q.expression()
	x.Closed = true
	targets, err := h.e.Resolve(x)
	status, primaries, unassigned := h.e.Health(targets)
	active := primaries
	if err != nil {
		status = "red"
	}
	if h.faults.Lost() {
		status, active, unassigned = "red", 0, unassigned+primaries
	}
	percent := 100.0
	if total := active + unassigned; total > 0 {
		percent = 100 * float64(active) / float64(total)
	}
	return xcontent.Obj{
		{Key: "cluster_name", Val: "local"}, {Key: "status", Val: status}, {Key: "timed_out", Val: false},
		{Key: "number_of_nodes", Val: 1}, {Key: "number_of_data_nodes", Val: 1}, {Key: "active_primary_shards", Val: active},
		{Key: "active_shards", Val: active}, {Key: "relocating_shards", Val: 0}, {Key: "initializing_shards", Val: 0},
		{Key: "unassigned_shards", Val: unassigned}, {Key: "unassigned_primary_shards", Val: primaries - active}, {Key: "delayed_unassigned_shards", Val: 0},
		{Key: "number_of_pending_tasks", Val: 0}, {Key: "number_of_in_flight_fetch", Val: 0},
		{Key: "task_max_waiting_in_queue_millis", Val: 0}, {Key: "active_shards_percent_as_number", Val: percent},
	}, status, err == nil
}

// nodesWanted reads wait_for_nodes: 1, >=1, <2, ge(1).
func nodesWanted(text string) bool {
	if text == "" {
		return true
	}
	op := strings.TrimRight(strings.TrimLeft(text, " "), "0123456789)")
	n, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(text, op), ")"))
	if err != nil {
		return false
	}
	switch op {
	case ">=", "ge(":
		return 1 >= n
	case "<=", "le(":
		return 1 <= n
	case ">", "gt(":
		return 1 > n
	case "<", "lt(":
		return 1 < n
	}
	return n == 1
}

func (h *Handler) getClusterSettings(q *request) reply {
	return ok(xcontent.Obj{{Key: "persistent", Val: h.e.ClusterSettings(q.flag("flat_settings"))}, {Key: "transient", Val: xcontent.Obj{}}})
}

func (h *Handler) putClusterSettings(q *request) reply {
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	set, err := h.e.PutClusterSettings(body)
	if err != nil {
		return failed(err)
	}
	return ok(xcontent.Obj{{Key: "acknowledged", Val: true}, {Key: "persistent", Val: set}, {Key: "transient", Val: xcontent.Obj{}}})
}

func (h *Handler) nodes(q *request) reply {
	return ok(xcontent.Obj{
		{Key: "_nodes", Val: xcontent.Obj{{Key: "total", Val: 1}, {Key: "successful", Val: 1}, {Key: "failed", Val: 0}}},
		{Key: "cluster_name", Val: "local"},
		{Key: "nodes", Val: xcontent.Obj{{Key: search.Node, Val: xcontent.Obj{
			{Key: "name", Val: "local-1"}, {Key: "version", Val: Version},
			{Key: "roles", Val: strings.Fields("data data_cold data_content data_frozen data_hot data_warm ingest master ml remote_cluster_client transform")},
			{Key: "http", Val: xcontent.Obj{{Key: "publish_address", Val: q.Host}}},
		}}}},
	})
}

func (h *Handler) tasks(*request) reply { return ok(xcontent.Obj{{Key: "nodes", Val: xcontent.Obj{}}}) }

// bytesOf reads a size: 10b, 5kb, 3mb, 1gb.
func bytesOf(text string) (int64, bool) {
	for _, u := range []struct {
		name string
		size int64
	}{{"kb", 1 << 10}, {"mb", 1 << 20}, {"gb", 1 << 30}, {"b", 1}} {
		if n, ok := strings.CutSuffix(strings.ToLower(text), u.name); ok {
			v, err := strconv.ParseInt(n, 10, 64)
			return v * u.size, err == nil
		}
	}
	return 0, false
}

func (h *Handler) refresh(q *request) reply {
	targets, err := h.e.Resolve(q.expression())
	if err != nil {
		return failed(err)
	}
	shards := 0
	for _, t := range targets {
		if strings.HasSuffix(q.URL.Path, "_refresh") {
			h.e.Refresh(t.Index)
		}
		s := h.e.Stats(t.Index)
		shards += s.Shards * (1 + s.Replicas)
	}
	return ok(xcontent.Obj{{Key: "_shards", Val: plainShards(shards)}})
}

func (h *Handler) stats(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	numbers := func(s engine.Stats) xcontent.Obj {
		return xcontent.Obj{
			{Key: "docs", Val: xcontent.Obj{{Key: "count", Val: s.Docs}, {Key: "deleted", Val: s.Deleted}, {Key: "total_size_in_bytes", Val: s.Bytes}}},
			{Key: "store", Val: xcontent.Obj{{Key: "size_in_bytes", Val: s.Bytes}, {Key: "total_data_set_size_in_bytes", Val: s.Bytes}, {Key: "reserved_in_bytes", Val: 0}}},
		}
	}
	var all engine.Stats
	byIndex := xcontent.Obj{}
	shards := 0
	for _, t := range targets {
		s := h.e.Stats(t.Index)
		shards += s.Shards
		all.Docs, all.Deleted, all.Bytes = all.Docs+s.Docs, all.Deleted+s.Deleted, all.Bytes+s.Bytes
		byIndex = byIndex.Add(t.Name, xcontent.Obj{
			{Key: "uuid", Val: t.UUID}, {Key: "health", Val: colour(s)}, {Key: "status", Val: openOrClosed(s)},
			{Key: "primaries", Val: numbers(s)}, {Key: "total", Val: numbers(s)},
		})
	}
	return ok(xcontent.Obj{
		{Key: "_shards", Val: plainShards(shards)},
		{Key: "_all", Val: xcontent.Obj{{Key: "primaries", Val: numbers(all)}, {Key: "total", Val: numbers(all)}}},
		{Key: "indices", Val: byIndex},
	})
}

func colour(s engine.Stats) string {
	if s.Replicas > 0 {
		return "yellow"
	}
	return "green"
}

func openOrClosed(s engine.Stats) string {
	if s.Closed {
		return "close"
	}
	return "open"
}
