package lineage

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/sweep"
)

// find reads records by a condition on $3 and following, in log order. The fence
// (offset 0) makes the condition choose the index, never the order.
func (w *walk) find(ctx context.Context, condition string, args ...any) ([]Record, error) {
	limit := w.Edges + 1 // more edges than these cannot be added
	rows, err := w.Pool.Query(ctx, `select * from (`+selectRecords+`where (`+condition+`) and ($1 = '' or database = $1) offset 0) found
		order by chain, segment, byte_offset limit $2`, append([]any{w.Database, limit}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanRecord)
}

// begin adds the root. It reports whether anybody knows it.
func (w *walk) begin(ctx context.Context) (bool, error) {
	n := w.parse(w.root)
	switch {
	case n.event != "":
		found, err := w.find(ctx, `id = $3`, string(n.event))
		if err != nil || len(found) == 0 {
			return false, err
		}
		return w.event(&found[0]), nil
	case n.document.ID != "":
		facts, err := w.find(ctx, `aggregate_type = $3 and aggregate_id = $4 and lifecycle <> ''`, string(n.document.Type), n.document.ID)
		if err != nil || len(facts) == 0 {
			return false, err
		}
		es, graph, ok := documents(n.document, facts[0].Database, facts[0].Branch)
		if !ok || w.root != es && w.root != graph {
			return false, nil
		}
		return w.document(w.root, n.document), nil
	case n.isSegment:
		return w.exists(ctx, `select exists (select 1 from spice_lineage.events where chain = $1 and segment = $2 and ($3 = '' or database = $3))`,
			func() bool { return w.segment(n.chain, n.segment) }, n.chain, int64(n.segment), w.Database)
	case n.version != "":
		return w.exists(ctx, `select exists (select 1 from spice_lineage.lineage_nodes where node_id = $1 and ($3 = '' or db_name = $3)
			and (metadata ->> 'row_count')::bigint >= $2 and $2 > 0)`,
			func() bool { return w.row(n.version, n.row, 0) }, AggregateID(event.Aggregate{Type: versionType, ID: n.version}), n.row, w.Database)
	case n.aggregate.ID != "":
		return w.exists(ctx, `select exists (select 1 from spice_lineage.events where aggregate_type = $1 and aggregate_id = $2 and ($3 = '' or database = $3))`,
			func() bool { return w.aggregate(n.aggregate) }, string(n.aggregate.Type), n.aggregate.ID, w.Database)
	}
	return w.exists(ctx, `select exists (select 1 from spice_lineage.lineage_nodes where node_id = $1 and ($2 = '' or db_name = $2))`,
		func() bool { return w.node(w.root, ArtifactNode, w.root, map[string]any{}) }, w.root, w.Database)
}

func (w *walk) exists(ctx context.Context, sql string, add func() bool, args ...any) (found bool, err error) {
	if err := w.Pool.QueryRow(ctx, sql, args...).Scan(&found); err != nil || !found {
		return false, err
	}
	return add(), nil
}

// expand adds the neighbours of nodes in one direction.
//
// The events of an aggregate, and of a segment, are only listed from that node as
// the root: everything else would meet there.
func (w *walk) expand(ctx context.Context, d direction, ids []string) error {
	var commands, jobs, versions, wanted []string
	var rows []int64
	effects := map[event.ID][]string{} // events whose command is not there yet
	for _, id := range ids {
		n := w.parse(id)
		switch r := w.records[id]; {
		case r != nil && d == down:
			w.effects(r)
			if r.Kind == event.Command {
				commands = append(commands, string(r.ID))
			}
		case r != nil:
			w.causes(r)
			if r.Command != "" {
				effects[r.Command] = append(effects[r.Command], id)
				wanted = append(wanted, string(r.Command))
			}
		case n.version != "" && d == down:
			versions, rows = append(versions, n.version), append(rows, n.row)
		case n.version != "":
			w.versionOf(n.version, n.row)
		case n.aggregate.ID != "" && d == down:
			w.shown(n.aggregate)
			if n.aggregate.Type == jobType {
				jobs = append(jobs, n.aggregate.ID)
			}
		}
	}
	if err := w.stored(ctx, d, ids); err != nil {
		return err
	}
	if ids[0] == w.root {
		if err := w.around(ctx, d); err != nil {
			return err
		}
	}
	if len(jobs) > 0 {
		if err := w.each(ctx, d, func(r *Record) {
			w.link(d, AggregateID(event.Aggregate{Type: jobType, ID: r.Job}), EventID(r.ID), Submitted, stamp(r.Time), w.of(r))
		}, `job = any($3)`, jobs); err != nil {
			return err
		}
	}
	if len(commands) > 0 {
		if err := w.each(ctx, d, func(r *Record) {
			w.link(d, EventID(r.Command), EventID(r.ID), Caused, stamp(r.Time), w.of(r))
		}, `command = any($3)`, commands); err != nil {
			return err
		}
	}
	if len(versions) > 0 {
		if err := w.each(ctx, d, func(r *Record) {
			w.link(d, RowID(r.Version, r.Row), EventID(r.ID), RowBecame, stamp(r.Time), w.of(r))
		}, `(version, row_number) in (select * from unnest($3::text[], $4::bigint[]))`, versions, rows); err != nil {
			return err
		}
	}
	if len(wanted) > 0 {
		return w.each(ctx, d, func(c *Record) {
			for _, id := range effects[c.ID] {
				r := w.records[id]
				w.link(d, EventID(c.ID), id, Caused, stamp(r.Time), w.of(r))
			}
		}, `id = any($3) and kind = 'command'`, wanted)
	}
	return nil
}

// each adds the events that a condition finds. On the way down a fact takes its
// instance and its documents along: were they to wait for the next level, the
// facts of a large import would leave them no room.
func (w *walk) each(ctx context.Context, d direction, link func(*Record), condition string, args ...any) error {
	found, err := w.find(ctx, condition, args...)
	if err != nil {
		return err
	}
	for i := range found {
		if w.full() {
			return nil
		}
		if !w.event(&found[i]) {
			continue // it may be that a later one is there already
		}
		link(&found[i])
		if d == down && w.left > 0 {
			w.effects(&found[i])
		}
	}
	return nil
}

// around adds the events of the root, if it is an aggregate, a document or a segment.
func (w *walk) around(ctx context.Context, d direction) error {
	n := w.parse(w.root)
	switch {
	case n.aggregate.ID != "" && d == down:
		return w.each(ctx, d, func(r *Record) { w.link(d, w.root, EventID(r.ID), AggregateEmitted, stamp(r.Time), w.of(r)) },
			`aggregate_type = $3 and aggregate_id = $4`, string(n.aggregate.Type), n.aggregate.ID)
	case n.aggregate.ID != "":
		return w.each(ctx, d, func(r *Record) { w.link(d, EventID(r.ID), w.root, Changed, stamp(r.Time), w.of(r)) },
			`aggregate_type = $3 and aggregate_id = $4 and lifecycle <> ''`, string(n.aggregate.Type), n.aggregate.ID)
	case n.document.ID != "" && d == up:
		if w.aggregate(n.document) {
			w.link(d, AggregateID(n.document), w.root, Shown, "", map[string]any{})
		}
		return w.each(ctx, d, func(r *Record) {
			es, graph := documentEdges(r)
			if strings.HasPrefix(w.root, "artifact:es:") {
				w.link(d, EventID(r.ID), w.root, es, stamp(r.Time), w.of(r))
			} else {
				w.link(d, EventID(r.ID), w.root, graph, stamp(r.Time), w.of(r))
			}
		}, `aggregate_type = $3 and aggregate_id = $4 and lifecycle <> ''`, string(n.document.Type), n.document.ID)
	case n.isSegment && d == up:
		return w.each(ctx, d, func(r *Record) { w.link(d, EventID(r.ID), w.root, Stored, stamp(r.Time), w.of(r)) },
			`chain = $3 and segment = $4`, n.chain, int64(n.segment))
	}
	return nil
}

// causes adds what an event's record alone tells of where it came from.
func (w *walk) causes(r *Record) {
	id := EventID(r.ID)
	if w.aggregate(r.Aggregate) {
		w.link(up, AggregateID(r.Aggregate), id, AggregateEmitted, stamp(r.Time), w.of(r))
	}
	if r.Version != "" && w.row(r.Version, r.Row, r.Line) {
		w.link(up, RowID(r.Version, r.Row), id, RowBecame, stamp(r.Time), w.of(r))
	}
	if job := (event.Aggregate{Type: jobType, ID: r.Job}); r.Job != "" && w.aggregate(job) {
		w.link(up, AggregateID(job), id, Submitted, stamp(r.Time), w.of(r))
	}
}

// effects adds what an event's record alone tells of what came of it.
func (w *walk) effects(r *Record) {
	id := EventID(r.ID)
	if r.IsFact() && w.aggregate(r.Aggregate) {
		w.link(down, id, AggregateID(r.Aggregate), Changed, stamp(r.Time), w.of(r))
	}
	if es, graph, ok := documents(r.Aggregate, r.Database, r.Branch); ok && r.IsFact() {
		esEdge, graphEdge := documentEdges(r)
		if w.document(es, r.Aggregate) {
			w.link(down, id, es, esEdge, stamp(r.Time), w.of(r))
		}
		if w.document(graph, r.Aggregate) {
			w.link(down, id, graph, graphEdge, stamp(r.Time), w.of(r))
		}
	}
	if w.segment(r.Position.Chain, r.Position.Segment) {
		w.link(down, id, ObjectID(w.Bucket, eventlog.SegmentKey(r.Position.Chain, r.Position.Segment)), Stored, stamp(r.Time), w.of(r))
	}
}

func documentEdges(r *Record) (es, graph string) {
	if r.Lifecycle == event.Deletes {
		return Unmaterialized, Unwrote
	}
	return Materialized, Wrote
}

// shown adds the documents of an instance or class.
func (w *walk) shown(a event.Aggregate) {
	database, branch := "", ""
	if parts := strings.SplitN(a.ID, ":", 3); len(parts) == 3 {
		database, branch = parts[0], parts[1]
	}
	es, graph, ok := documents(a, database, branch)
	if !ok {
		return
	}
	for _, document := range []string{es, graph} {
		if w.document(document, a) {
			w.link(down, AggregateID(a), document, Shown, "", map[string]any{})
		}
	}
}

func (w *walk) document(id string, a event.Aggregate) bool {
	kind, rest, _ := strings.Cut(strings.TrimPrefix(id, "artifact:"), ":")
	place, document, _ := strings.Cut(rest, ":")
	metadata := map[string]any{"aggregate_type": a.Type, "aggregate_id": a.ID}
	if kind == ElasticsearchDocument {
		metadata["index"], metadata["document_id"] = place, document
	} else {
		branch, inner, _ := strings.Cut(document, ":")
		metadata["db_name"], metadata["branch"], metadata["document_id"] = place, branch, inner
		document = inner
	}
	return w.artifact(id, kind, document, metadata)
}

func (w *walk) segment(chain int, number uint64) bool {
	key := eventlog.SegmentKey(chain, number)
	return w.artifact(ObjectID(w.Bucket, key), Object, key, map[string]any{"bucket": w.Bucket, "key": key, "chain": chain, "segment": number})
}

func (w *walk) row(version string, row, line int64) bool {
	metadata := map[string]any{"dataset_version_id": version, "row": row}
	if line > 0 {
		metadata["line"] = line
	}
	return w.artifact(RowID(version, row), Row, fmt.Sprintf("row %d", row), metadata)
}

func (w *walk) versionOf(version string, row int64) {
	a := event.Aggregate{Type: versionType, ID: version}
	if w.aggregate(a) {
		w.link(up, AggregateID(a), RowID(version, row), VersionRow, "", map[string]any{})
	}
}

// stored adds the edges that were stored as such.
func (w *walk) stored(ctx context.Context, d direction, ids []string) error {
	near := "to_node_id"
	if d == down {
		near = "from_node_id"
	}
	rows, err := w.Pool.Query(ctx, `select from_node_id, to_node_id, edge_type, occurred_at, metadata from spice_lineage.lineage_edges
		where `+near+` = any($1) and ($2 = '' or db_name = $2) order by occurred_at, from_node_id, to_node_id, edge_type limit $3`, ids, w.Database, w.Edges+1)
	if err != nil {
		return err
	}
	var e StoredEdge
	var raw []byte
	_, err = pgx.ForEachRow(rows, []any{&e.From, &e.To, &e.Type, &e.Time, &raw}, func() error {
		metadata := map[string]any{}
		if err := json.Unmarshal(raw, &metadata); err != nil {
			return err
		}
		far := e.From
		if d == down {
			far = e.To
		}
		nodeType := ArtifactNode
		if strings.HasPrefix(far, "agg:") {
			nodeType = AggregateNode
		}
		if w.node(far, nodeType, far, map[string]any{}) {
			w.link(d, e.From, e.To, e.Type, stamp(e.Time), metadata)
		}
		return nil
	})
	return err
}

// finish tells of nodes what is stored of them, and when they began.
func (w *walk) finish(ctx context.Context) error {
	var ids []string
	var aggregates []*Node
	var types, names []string
	for _, n := range w.graph.Nodes {
		if n.Type != EventNode {
			ids = append(ids, n.ID)
		}
		if a := w.subject(n); a.ID != "" {
			aggregates, types, names = append(aggregates, n), append(types, string(a.Type)), append(names, a.ID)
		}
	}
	rows, err := w.Pool.Query(ctx, `select n, e.occurred_at from unnest($1::text[], $2::text[]) with ordinality a (type, id, n)
		cross join lateral (select occurred_at from spice_lineage.events where aggregate_type = a.type and aggregate_id = a.id
			order by aggregate_type, aggregate_id, chain, segment, byte_offset limit 1) e`, types, names)
	if err != nil {
		return err
	}
	var n int64
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&n, &at}, func() error { aggregates[n-1].at(at); return nil }); err != nil {
		return err
	}
	if rows, err = w.Pool.Query(ctx, `select node_id, label, created_at, metadata from spice_lineage.lineage_nodes where node_id = any($1)`, ids); err != nil {
		return err
	}
	var id, label string
	var raw []byte
	if _, err = pgx.ForEachRow(rows, []any{&id, &label, &at, &raw}, func() error {
		w.nodes[id].Label = label
		w.nodes[id].at(at)
		return json.Unmarshal(raw, &w.nodes[id].Metadata)
	}); err != nil {
		return err
	}
	w.times()
	return w.projected(ctx)
}

// projected tells of documents in the read model how far the projection got with
// them, and of the edges to them whether it got there: the watermark says so.
func (w *walk) projected(ctx context.Context) error {
	documents := map[string]*Node{}
	var ids, types, names []string
	for _, n := range w.graph.Nodes {
		if a := w.parse(n.ID).document; n.Kind() == ElasticsearchDocument && a.ID != "" {
			documents[n.ID] = n
			ids, types, names = append(ids, n.ID), append(types, string(a.Type)), append(names, a.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := w.Pool.Query(ctx, `select a.node, m.last_sequence from unnest($1::text[], $2::text[], $3::text[]) a (node, type, id)
		cross join lateral (select last_sequence from spice_event_registry.watermarks
			where handler = any($4) and aggregate_type = a.type and aggregate_id = a.id) m`, ids, types, names, []string{sweep.Instances.Name, sweep.Ontology.Name})
	if err != nil {
		return err
	}
	reached := map[string]int64{}
	var id string
	var sequence int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &sequence}, func() error { reached[id] = sequence; return nil }); err != nil {
		return err
	}
	for id, n := range documents {
		n.Metadata["projected_sequence"] = reached[id]
	}
	for _, e := range w.graph.Edges {
		if r := w.records[e.From]; r != nil && documents[e.To] != nil {
			e.Metadata["projected"] = int64(r.Sequence) <= reached[e.To]
		}
	}
	return nil
}

// subject is the aggregate that tells when a node began.
func (w *walk) subject(n *Node) event.Aggregate {
	name := w.parse(n.ID)
	switch {
	case name.document.ID != "":
		return name.document
	case name.version != "":
		return event.Aggregate{Type: versionType, ID: name.version}
	}
	return name.aggregate
}

// times completes edges that no single event tells: they are as old as the nodes.
// A segment is as old as its oldest event in the graph.
func (w *walk) times() {
	for _, e := range w.graph.Edges {
		if to := w.nodes[e.To]; to != nil && to.CreatedAt == nil && e.OccurredAt != "" {
			at := e.OccurredAt
			to.CreatedAt, to.RecordedAt = &at, &at
		}
	}
	for _, e := range w.graph.Edges {
		if to := w.nodes[e.To]; e.OccurredAt == "" && to != nil && to.CreatedAt != nil {
			e.OccurredAt, e.RecordedAt = *to.CreatedAt, *to.CreatedAt
		}
	}
}

// of is the metadata of an edge that an event tells.
func (w *walk) of(r *Record) map[string]any {
	return map[string]any{"event_id": r.ID, "position": r.Position.String()}
}

func stamp(t time.Time) string { return problem.Timestamp(t) }
