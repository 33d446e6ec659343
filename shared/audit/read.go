package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/problem"
)

var columns = []string{
	"audit_id", "partition_key", "ordinal", "occurred_at", "actor", "action", "status", "resource_type", "resource_id", "event_id",
	"command_id", "trace_id", "correlation_id", "metadata", "error", "prev_hash", "entry_hash",
}

// Filter chooses entries; empty fields choose all.
type Filter struct {
	Partition, Action, Status, ResourceType, ResourceID, EventID, CommandID, Actor string

	Since, Until  time.Time // inclusive
	Limit, Offset int64
}

// List gives entries, the newest first.
func (s *Store) List(ctx context.Context, f Filter) ([]Entry, error) {
	var conditions []string
	args := []any{f.Limit, f.Offset}
	where := func(condition string, value any) {
		args = append(args, value)
		conditions = append(conditions, fmt.Sprintf(condition, len(args)))
	}
	for _, c := range []struct{ column, value string }{
		{"partition_key", f.Partition}, {"action", f.Action}, {"status", f.Status}, {"resource_type", f.ResourceType},
		{"resource_id", f.ResourceID}, {"event_id", f.EventID}, {"command_id", f.CommandID}, {"actor", f.Actor},
	} {
		if c.value != "" {
			where(c.column+" = $%d", datasets.Storable(c.value))
		}
	}
	if !f.Since.IsZero() {
		where("occurred_at >= $%d", f.Since)
	}
	if !f.Until.IsZero() {
		where("occurred_at <= $%d", f.Until)
	}
	sql := `select ` + strings.Join(columns, ", ") + ` from spice_audit.audit_logs`
	if len(conditions) > 0 {
		sql += ` where ` + strings.Join(conditions, ` and `)
	}
	if f.ResourceID != "" || f.EventID != "" || f.CommandID != "" {
		sql = `select * from (` + sql + ` offset 0) found` // few rows: found by their key, not in the order of time
	}
	rows, err := s.Pool.Query(ctx, sql+` order by occurred_at desc, partition_key desc, ordinal desc limit $1 offset $2`, args...)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

func scan(row pgx.CollectableRow) (e Entry, err error) {
	var metadata []byte
	err = row.Scan(&e.ID, &e.Partition, &e.Ordinal, &e.Time, &e.Actor, &e.Action, &e.Status, &e.ResourceType, &e.ResourceID, &e.EventID,
		&e.CommandID, &e.TraceID, &e.Correlation, &metadata, &e.Error, &e.Previous, &e.Hash)
	if err != nil {
		return e, err
	}
	e.Time = e.Time.UTC()
	e.Metadata, err = recanonical(metadata)
	return e, err
}

// ChainHead is the end of a partition's chain; all but its name is nil while it is empty.
type ChainHead struct {
	Partition string  `json:"partition_key"`
	ID        *string `json:"head_audit_id"`
	Hash      *string `json:"head_hash"`
	UpdatedAt *string `json:"updated_at"`
	Length    int64   `json:"length"`
}

// Head reads the end of a chain.
func (s *Store) Head(ctx context.Context, partition string) (ChainHead, error) {
	partition = datasets.Storable(partition)
	h := ChainHead{Partition: partition}
	var id, hash string
	var at time.Time
	err := s.Pool.QueryRow(ctx, `select head_audit_id::text, head_hash, length, updated_at from spice_audit.audit_chain_heads where partition_key = $1`, partition).
		Scan(&id, &hash, &h.Length, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, nil
	}
	if err != nil {
		return h, unavailable(err)
	}
	stamp := problem.Timestamp(at)
	h.ID, h.Hash, h.UpdatedAt = &id, &hash, &stamp
	return h, nil
}

func unavailable(err error) error {
	return problem.Unavailable(problem.DBUnavailable, "audit store", err)
}
