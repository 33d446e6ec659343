package objectify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// Tables are the tables that Replay fills, those that others refer to last.
var Tables = []string{"spice_objectify.row_errors", "spice_objectify.jobs", "spice_objectify.mapping_specs"}

// Forget empties the registry before a replay. Jobs under way begin anew: their
// batches are commands with derived ids, sent twice they are one.
func Forget(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		delete from spice_objectify.row_errors;
		delete from spice_objectify.batches;
		delete from spice_objectify.jobs;
		delete from spice_objectify.mapping_specs`)
	return err
}

// announced is the data of a job's event.
type announced struct {
	Job      Job              `json:"job"`
	Problem  *problem.Problem `json:"problem"`
	StartKey *string          `json:"start_key,omitempty"`
	Refused  []refusal        `json:"refused,omitempty"`
}

// refusal is a row error as the log keeps it, with its reason in both languages.
type refusal struct {
	RowError
	Reason problem.Message `json:"reason"`
}

// Replay writes what an event of the log says about specs and jobs; other events
// are nothing to it. It reports whether the event was one.
func Replay(ctx context.Context, tx pgx.Tx, e *event.Event, data []byte) (bool, error) {
	switch e.Aggregate.Type {
	case "MappingSpec":
		return true, replaySpec(ctx, tx, e, data)
	case "ObjectifyJob":
		return true, replayJob(ctx, tx, e, data)
	}
	return false, nil
}

func replaySpec(ctx context.Context, tx pgx.Tx, e *event.Event, data []byte) error {
	var s Spec
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("objectify: event %s: %w", e.ID, err)
	}
	return insertSpec(ctx, tx, s, data)
}

func replayJob(ctx context.Context, tx pgx.Tx, e *event.Event, data []byte) error {
	var a announced
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("objectify: event %s: %w", e.ID, err)
	}
	j := a.Job
	now := e.Time.UTC().Truncate(time.Microsecond) // as PostgreSQL keeps it
	if !j.Ended() {
		_, err := tx.Exec(ctx, `insert into spice_objectify.jobs
			(job_id, dedupe_key, db_name, branch, dataset_id, dataset_version_id, mapping_spec_id, status, attempt, options, actor, start_key, next_row, next_batch, read_all, counts, created_at, updated_at, queued_at)
			values ($1, $2, $3, $4, $5, $6, $7, 'QUEUED', $8, $9, $10, $11, 0, 0, false, $12, $13, $14, $14)
			on conflict (job_id) do update set status = 'QUEUED', attempt = excluded.attempt, options = excluded.options, actor = excluded.actor, start_key = excluded.start_key,
				counts = excluded.counts, error = null, problem = null, started_at = null, completed_at = null, updated_at = excluded.updated_at, queued_at = excluded.queued_at`,
			j.ID, j.DedupeKey, j.Database, j.Branch, j.Dataset, j.Version, j.Spec, j.Attempt, j.Options, j.Actor, a.StartKey, j.Counts, j.CreatedAt, now)
		return err
	}
	tag, err := tx.Exec(ctx, `update spice_objectify.jobs set status = $3, error = $4, problem = $5, counts = $6, started_at = $7, completed_at = $8, updated_at = $8, checked = true, read_all = true
		where job_id = $1 and attempt = $2`, j.ID, j.Attempt, j.Status, j.Error, a.Problem, j.Counts, j.StartedAt, now)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("objectify: event %s ends attempt %d of job %s, which the log did not begin before", e.ID, j.Attempt, j.ID)
	}
	refused := make([]RowError, len(a.Refused))
	for i, r := range a.Refused {
		refused[i] = r.RowError
		refused[i].Reason = r.Reason
	}
	return insertErrors(ctx, tx, &j, refused)
}
