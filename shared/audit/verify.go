package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/problem/strictjson"
)

// Verification is what a check of a chain found.
type Verification struct {
	Partition string `json:"partition_key"`
	Entries   int64  `json:"entries"`       // that are as they were written
	Valid     bool   `json:"valid"`         //
	BrokenAt  *int64 `json:"broken_at"`     // ordinal of the first that is not
	BrokenID  string `json:"broken_id"`     //
	Reason    string `json:"reason"`        // "" if valid
	Head      string `json:"computed_hash"` // of the last good entry
}

// verifyPage is how many entries are read at once.
const verifyPage = 2000

// Verify computes a chain again, entry by entry, and compares it with what is
// stored: a changed, removed, added or moved row breaks it.
func (s *Store) Verify(ctx context.Context, partition string) (Verification, error) {
	partition = datasets.Storable(partition)
	r := Verification{Partition: partition, Valid: true}
	broken := func(ordinal int64, id, reason string) (Verification, error) {
		r.Valid, r.BrokenAt, r.BrokenID, r.Reason = false, &ordinal, id, reason
		return r, nil
	}
	// One moment for rows and head: a follower may be at work.
	tx, err := s.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return r, unavailable(err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	for {
		rows, err := tx.Query(ctx, `select audit_id, partition_key, ordinal, occurred_at, actor, action, status, resource_type, resource_id, event_id,
			command_id, trace_id, correlation_id, metadata, error, prev_hash, entry_hash
			from spice_audit.audit_logs where partition_key = $1 and ordinal > $2 order by ordinal limit $3`, partition, r.Entries, verifyPage)
		if err != nil {
			return r, unavailable(err)
		}
		page, err := pgx.CollectRows(rows, scan)
		if err != nil {
			return r, unavailable(err)
		}
		for _, e := range page {
			hash, err := e.hash(e.Previous)
			switch {
			case err != nil:
				return r, err
			case e.Ordinal != r.Entries+1:
				return broken(r.Entries+1, "", "the entry is missing")
			case e.Previous != r.Head:
				return broken(e.Ordinal, e.ID, "it does not name the entry before it")
			case e.Hash != hash:
				return broken(e.Ordinal, e.ID, "its content is not what its hash says")
			}
			r.Entries, r.Head = e.Ordinal, e.Hash
		}
		if len(page) < verifyPage {
			break
		}
	}
	var stored string
	var length int64
	err = tx.QueryRow(ctx, `select coalesce(max(head_hash), ''), coalesce(max(length), 0) from spice_audit.audit_chain_heads where partition_key = $1`, partition).Scan(&stored, &length)
	if err != nil {
		return r, unavailable(err)
	}
	if stored != r.Head || length != r.Entries {
		return broken(r.Entries+1, "", fmt.Sprintf("the chain has %d entries, its head names %d", r.Entries, length))
	}
	return r, nil
}

// recanonical brings an object back into its one form: jsonb has another order.
func recanonical(body []byte) (json.RawMessage, error) {
	v, err := strictjson.Decode(body)
	if err != nil {
		return nil, fmt.Errorf("audit: metadata: %w", err)
	}
	return strictjson.Canonical(v), nil
}
