package lineage

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
)

var recordColumns = []string{
	"chain", "segment", "byte_offset", "byte_length", "id", "kind", "type", "aggregate_type", "aggregate_id", "database", "branch",
	"sequence", "lifecycle", "outcome", "actor", "occurred_at", "command", "job", "version", "row_number", "line", "edges",
}

// Write stores what events say, inside a transaction that sees each of them once.
func Write(ctx context.Context, tx pgx.Tx, records []Record, c Control) error {
	optional := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"spice_lineage", "events"}, recordColumns, pgx.CopyFromSlice(len(records), func(i int) ([]any, error) {
		r := &records[i]
		var row, line any
		if r.Version != "" {
			row, line = r.Row, r.Line
		}
		return []any{
			r.Position.Chain, int64(r.Position.Segment), int32(r.Position.Offset), int32(r.Position.Length), string(r.ID), string(r.Kind), r.Type,
			string(r.Aggregate.Type), r.Aggregate.ID, r.Database, r.Branch, int64(r.Sequence), string(r.Lifecycle), string(r.Outcome), r.Actor, r.Time,
			optional(string(r.Command)), optional(r.Job), optional(r.Version), row, line, r.edges(),
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("lineage: events: %w", err)
	}
	batch := &pgx.Batch{}
	for _, n := range c.Nodes {
		metadata, err := storable(n.Metadata)
		if err != nil {
			return err
		}
		batch.Queue(`insert into spice_lineage.lineage_nodes (node_id, node_type, label, db_name, created_at, metadata) values ($1, $2, $3, $4, $5, $6)
			on conflict (node_id) do update set label = excluded.label, metadata = lineage_nodes.metadata || excluded.metadata`,
			datasets.Storable(n.ID), n.Type, datasets.Storable(n.Label), n.Database, n.Time, metadata)
	}
	for _, e := range c.Edges {
		metadata, err := storable(e.Metadata)
		if err != nil {
			return err
		}
		batch.Queue(`insert into spice_lineage.lineage_edges (from_node_id, to_node_id, edge_type, db_name, occurred_at, metadata) values ($1, $2, $3, $4, $5, $6)
			on conflict do nothing`, datasets.Storable(e.From), datasets.Storable(e.To), e.Type, e.Database, e.Time, metadata)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("lineage: nodes and edges: %w", err)
	}
	return nil
}

// storable is datasets.Storable for the texts of an object.
func storable(metadata map[string]any) ([]byte, error) {
	for name, v := range metadata {
		if text, ok := v.(string); ok {
			metadata[name] = datasets.Storable(text)
		}
	}
	body, err := json.Marshal(metadata)
	if err != nil {
		return nil, fmt.Errorf("lineage: metadata: %w", err)
	}
	return body, nil
}

// Forget drops everything, so that the log can be read again from its beginning.
func Forget(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `truncate spice_lineage.events, spice_lineage.lineage_nodes, spice_lineage.lineage_edges`); err != nil {
		return fmt.Errorf("lineage: forget: %w", err)
	}
	return nil
}

const selectRecords = `select chain, segment, byte_offset, byte_length, id, kind, type, aggregate_type, aggregate_id, database, branch,
	sequence, lifecycle, outcome, actor, occurred_at, coalesce(command, ''), coalesce(job, ''), coalesce(version, ''), coalesce(row_number, 0), coalesce(line, 0)
	from spice_lineage.events `

func scanRecord(row pgx.CollectableRow) (r Record, err error) {
	var segment, sequence int64
	var offset, length int32
	var at time.Time
	err = row.Scan(&r.Position.Chain, &segment, &offset, &length, &r.ID, &r.Kind, &r.Type, &r.Aggregate.Type, &r.Aggregate.ID, &r.Database, &r.Branch,
		&sequence, &r.Lifecycle, &r.Outcome, &r.Actor, &at, &r.Command, &r.Job, &r.Version, &r.Row, &r.Line)
	r.Position.Segment, r.Position.Offset, r.Position.Length = uint64(segment), uint32(offset), uint32(length)
	r.Sequence, r.Time = uint64(sequence), at.UTC()
	return r, err
}
