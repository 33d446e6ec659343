// Package trail is the follower's sink for lineage, audit and roles in databases: what the events of a
// chain say is written together with the place up to which they were read, in one
// transaction. Each event counts once, however many followers there are.
package trail

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/access"
	"spiceharvester/shared/audit"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/follow"
	"spiceharvester/shared/lineage"
	"spiceharvester/shared/platform"
)

// Sink implements follow.Sink.
type Sink struct {
	Pool   *pgxpool.Pool
	Log    *eventlog.Log
	Logger *slog.Logger
}

// batch is how many events are best written at once.
const batch = 2000

// Open makes the sink of an installation and a follower for it.
func Open(p *platform.Platform) (*Sink, *follow.Follower) {
	s := &Sink{Pool: p.Pool, Log: p.Log, Logger: p.Logger}
	return s, follow.New(follow.Config{Name: "trail", Log: p.Log, Sink: s, Events: batch, Now: p.Now, Logger: p.Logger})
}

// Place implements follow.Sink.
func (s *Sink) Place(ctx context.Context, chain int) (at eventlog.Head, err error) {
	rows, err := s.Pool.Query(ctx, `select next, digest from spice_lineage.places where chain = $1`, chain)
	if err != nil {
		return at, fmt.Errorf("trail: place: %w", err)
	}
	var next int64
	var digest []byte
	if _, err = pgx.ForEachRow(rows, []any{&next, &digest}, func() error {
		at.Next = uint64(next)
		copy(at.Digest[:], digest)
		return nil
	}); err != nil {
		return at, fmt.Errorf("trail: place: %w", err)
	}
	return at, nil
}

// Apply implements follow.Sink.
func (s *Sink) Apply(ctx context.Context, chain int, from, to eventlog.Head, events []event.Event) error {
	said, err := s.read(ctx, events)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		// The place first: another follower of this chain waits for its row.
		sql := `update spice_lineage.places set next = $2, digest = $3 where chain = $1 and next = $4 and digest = $5`
		args := []any{chain, int64(to.Next), to.Digest[:], int64(from.Next), from.Digest[:]}
		if from == (eventlog.Head{}) {
			sql, args = `insert into spice_lineage.places (chain, next, digest) values ($1, $2, $3) on conflict do nothing`, args[:3]
		}
		moved, err := tx.Exec(ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("trail: place: %w", err)
		}
		if moved.RowsAffected() == 0 {
			return follow.ErrMoved
		}
		if err := lineage.Write(ctx, tx, said.records, said.control); err != nil {
			return err
		}
		if err := access.Write(ctx, tx, said.access); err != nil {
			return err
		}
		return audit.Write(ctx, tx, said.entries)
	})
}

// said is what a batch of events says.
type said struct {
	records []lineage.Record
	control lineage.Control
	entries []audit.Entry
	access  []access.Change
}

func (s *Sink) read(ctx context.Context, events []event.Event) (said, error) {
	all := said{records: make([]lineage.Record, 0, len(events))}
	for i := range events {
		e := &events[i]
		data := []byte(e.Data)
		if lineage.NeedsData(e) || audit.NeedsData(e) || access.Wanted(e) {
			var err error
			if data, err = s.Log.Data(ctx, e); err != nil {
				return all, fmt.Errorf("trail: event %s: %w", e.ID, err)
			}
		}
		all.records = append(all.records, lineage.RecordOf(e))
		if lineage.NeedsData(e) {
			c, err := lineage.ControlOf(e, data)
			if err != nil { // the same at every try: what reads stands, the log goes on
				s.Logger.WarnContext(ctx, "an event tells no lineage", "event", e.ID, "position", e.Position.String(), "error", err)
			}
			all.control.Nodes, all.control.Edges = append(all.control.Nodes, c.Nodes...), append(all.control.Edges, c.Edges...)
		}
		if access.Wanted(e) {
			change, err := access.ChangeOf(e, data)
			if err != nil { // as above
				s.Logger.WarnContext(ctx, "an event tells no owner", "event", e.ID, "position", e.Position.String(), "error", err)
			} else {
				all.access = append(all.access, change)
			}
		}
		if audit.Wanted(e) {
			entry, err := audit.Of(e, data)
			if err != nil {
				return all, err
			}
			all.entries = append(all.entries, entry)
		}
	}
	return all, nil
}

// Reset drops everything, so that the log is read again from its beginning.
func (s *Sink) Reset(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `truncate spice_lineage.places`); err != nil {
			return fmt.Errorf("trail: reset: %w", err)
		}
		if err := lineage.Forget(ctx, tx); err != nil {
			return err
		}
		if err := access.Forget(ctx, tx); err != nil {
			return err
		}
		return audit.Forget(ctx, tx)
	})
}

// Rebuild drops everything and reads the whole log again. It gives the number of
// events. Followers of the same installation may go on meanwhile: they help.
func (s *Sink) Rebuild(ctx context.Context, f *follow.Follower) (events int, err error) {
	if err := s.Reset(ctx); err != nil {
		return 0, err
	}
	meta, err := s.Log.Meta(ctx)
	if err != nil {
		return 0, err
	}
	for chain := range meta.Chains {
		n, err := f.Follow(ctx, chain)
		events += n
		if err != nil {
			return events, err
		}
	}
	return events, nil
}
