package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// head is the end of a partition's chain.
type head struct {
	id, hash string
	length   int64
	at       time.Time
}

// Write appends entries to the chains of their partitions, in order, inside a
// transaction that sees each entry once.
func Write(ctx context.Context, tx pgx.Tx, entries []Entry) error {
	heads, err := lockHeads(ctx, tx, entries)
	if err != nil {
		return err
	}
	for i := range entries {
		e := &entries[i]
		h := heads[e.Partition]
		if err := e.chain(h.hash, h.length+1); err != nil {
			return err
		}
		heads[e.Partition] = head{e.ID, e.Hash, e.Ordinal, e.Time}
	}
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"spice_audit", "audit_logs"}, columns, pgx.CopyFromSlice(len(entries), func(i int) ([]any, error) {
		e := &entries[i]
		return []any{
			e.ID, e.Partition, e.Ordinal, e.Time, e.Actor, e.Action, e.Status, e.ResourceType, e.ResourceID, e.EventID,
			e.CommandID, e.TraceID, e.Correlation, e.Metadata, e.Error, e.Previous, e.Hash,
		}, nil
	}))
	if err != nil {
		return fmt.Errorf("audit: entries: %w", err)
	}
	batch := &pgx.Batch{}
	for partition, h := range heads {
		batch.Queue(`insert into spice_audit.audit_chain_heads (partition_key, head_audit_id, head_hash, length, updated_at) values ($1, $2, $3, $4, $5)
			on conflict (partition_key) do update set head_audit_id = $2, head_hash = $3, length = $4, updated_at = $5`, partition, h.id, h.hash, h.length, h.at)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("audit: heads: %w", err)
	}
	return nil
}

// lockHeads reads the ends of the chains that the entries belong to.
func lockHeads(ctx context.Context, tx pgx.Tx, entries []Entry) (map[string]head, error) {
	var partitions []string
	for _, e := range entries {
		partitions = append(partitions, e.Partition)
	}
	slices.Sort(partitions)
	partitions = slices.Compact(partitions)
	heads := map[string]head{}
	for _, partition := range partitions {
		var h head
		err := tx.QueryRow(ctx, `select head_audit_id, head_hash, length, updated_at from spice_audit.audit_chain_heads where partition_key = $1 for update`, partition).
			Scan(&h.id, &h.hash, &h.length, &h.at)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return nil, fmt.Errorf("audit: head of %s: %w", partition, err)
		}
		heads[partition] = h
	}
	return heads, nil
}

// Forget drops everything, so that the log can be read again from its beginning.
func Forget(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `truncate spice_audit.audit_logs, spice_audit.audit_chain_heads`); err != nil {
		return fmt.Errorf("audit: forget: %w", err)
	}
	return nil
}
