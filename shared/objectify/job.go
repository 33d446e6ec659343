package objectify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// The states of a job.
const (
	Queued    = "QUEUED"
	Running   = "RUNNING"
	Completed = "COMPLETED" // every row is in
	Partial   = "PARTIAL"   // some rows were refused
	Failed    = "FAILED"
)

// Options of a run.
type Options struct {
	BatchSize    int  `json:"batch_size"`
	MaxRows      int  `json:"max_rows"` // 0: all
	AllowPartial bool `json:"allow_partial"`
}

// Counts of a job's rows. Read are the rows taken from the file; each is created,
// updated, unchanged, refused, or in a batch whose outcome is open.
type Counts struct {
	Rows      int64 `json:"rows"` // of the version
	Read      int64 `json:"read"`
	Created   int64 `json:"created"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	Refused   int64 `json:"refused"`

	// Position is where the last outcome of a batch stands in the log: a read that
	// waits for it sees everything that the job has written.
	Position string `json:"position,omitempty"`
}

// Job is one run of a spec over a version. Its attempt is the fencing token: a
// worker of an older attempt, or without the lease, changes nothing.
type Job struct {
	ID          uuid.UUID  `json:"job_id"`
	DedupeKey   string     `json:"dedupe_key"`
	Database    string     `json:"db_name"`
	Branch      string     `json:"branch"`
	Dataset     uuid.UUID  `json:"dataset_id"`
	Version     uuid.UUID  `json:"dataset_version_id"`
	Spec        uuid.UUID  `json:"mapping_spec_id"`
	Status      string     `json:"status"`
	Attempt     int        `json:"attempt"`
	Options     Options    `json:"options"`
	Actor       string     `json:"actor"`
	StartKey    *string    `json:"-"` // Idempotency-Key of the request that began the attempt
	NextRow     int64      `json:"-"` // rows up to this one are done with
	NextBatch   int        `json:"-"`
	Checked     bool       `json:"-"` // every row was found good before the first was written
	ReadAll     bool       `json:"-"`
	Tries       int        `json:"-"` // steps that failed since the last progress
	Counts      Counts     `json:"counts"`
	Error       *string    `json:"error"`
	CreatedAt   time.Time  `json:"created_at"`
	StartedAt   *time.Time `json:"started_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	CompletedAt *time.Time `json:"completed_at"`

	// Problem is why the job failed.
	Problem *problem.Problem `json:"-"`

	owner string
}

// MarshalJSON writes times as all answers do.
func (j Job) MarshalJSON() ([]byte, error) {
	type plain Job
	return json.Marshal(struct {
		plain
		CreatedAt   *string `json:"created_at"`
		StartedAt   *string `json:"started_at"`
		UpdatedAt   *string `json:"updated_at"`
		CompletedAt *string `json:"completed_at"`
	}{plain(j), problem.OptionalTimestamp(&j.CreatedAt), problem.OptionalTimestamp(j.StartedAt), problem.OptionalTimestamp(&j.UpdatedAt), problem.OptionalTimestamp(j.CompletedAt)})
}

// Ended reports whether the job has its end state.
func (j *Job) Ended() bool { return j.Status != Queued && j.Status != Running }

// DedupeKey names what a job does: the same spec over the same version is one
// job.
func DedupeKey(s Spec, version uuid.UUID) string {
	return fmt.Sprintf("spec:%s|version:%d|dataset:%s|branch:%s|dataset_version:%s", s.ID, s.Version, s.Dataset, s.Branch, version)
}

// NewJob makes the job of a spec over a version.
func NewJob(s Spec, v datasets.Version, o Options, actor string) Job {
	return Job{
		DedupeKey: DedupeKey(s, v.ID), Database: s.Database, Branch: s.Branch, Dataset: v.Dataset, Version: v.ID, Spec: s.ID,
		Options: o, Actor: actor, Counts: Counts{Rows: v.RowCount},
	}
}

const jobColumns = `job_id, dedupe_key, db_name, branch, dataset_id, dataset_version_id, mapping_spec_id, status, attempt, options, actor, start_key,
	next_row, next_batch, checked, read_all, tries, counts, error, problem, created_at, started_at, updated_at, completed_at`

func scanJob(row pgx.CollectableRow) (j Job, err error) {
	err = row.Scan(&j.ID, &j.DedupeKey, &j.Database, &j.Branch, &j.Dataset, &j.Version, &j.Spec, &j.Status, &j.Attempt, &j.Options, &j.Actor, &j.StartKey,
		&j.NextRow, &j.NextBatch, &j.Checked, &j.ReadAll, &j.Tries, &j.Counts, &j.Error, &j.Problem, &j.CreatedAt, &j.StartedAt, &j.UpdatedAt, &j.CompletedAt)
	return j, err
}

func one(ctx context.Context, q queryer, sql string, args ...any) (Job, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return Job{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanJob)
}

// Start creates a job, or finds the one that does the same. If again is set, a job
// that failed or is partial runs again, as its next attempt, unless the request is
// the one that began the last; one that is complete stays.
func (st *Store) Start(ctx context.Context, j Job, again bool) (Job, bool, error) {
	fresh := false
	err := pgx.BeginFunc(ctx, st.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 7350005))`, j.DedupeKey); err != nil {
			return err
		}
		now := st.Now().UTC()
		found, err := one(ctx, tx, `select `+jobColumns+` from spice_objectify.jobs where dedupe_key = $1`, j.DedupeKey)
		if err == nil && (!again || found.Status != Failed && found.Status != Partial || j.StartKey != nil && found.StartKey != nil && *j.StartKey == *found.StartKey) {
			j = found
			return nil
		}
		fresh = true
		if err == nil {
			j, err = one(ctx, tx, `update spice_objectify.jobs set status = 'QUEUED', attempt = attempt + 1, options = $2, actor = $3, start_key = $6, queued_at = $5, next_row = 0, next_batch = 0,
				checked = false, read_all = false, tries = 0, next_step = null, counts = $4, error = null, problem = null, lease_until = null, started_at = null, completed_at = null, updated_at = $5
				where job_id = $1 returning `+jobColumns, found.ID, j.Options, j.Actor, Counts{Rows: j.Counts.Rows}, now, j.StartKey)
			if err != nil {
				return err
			}
			return st.announceJob(ctx, tx, "OBJECTIFY_JOB_STARTED", event.Changes, &j, now)
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		j, err = one(ctx, tx, `insert into spice_objectify.jobs
			(job_id, dedupe_key, db_name, branch, dataset_id, dataset_version_id, mapping_spec_id, status, attempt, options, actor, start_key, next_row, next_batch, read_all, counts, created_at, updated_at, queued_at)
			values ($1, $2, $3, $4, $5, $6, $7, 'QUEUED', 1, $8, $9, $12, 0, 0, false, $10, $11, $11, $11) returning `+jobColumns,
			uuid.New(), j.DedupeKey, j.Database, j.Branch, j.Dataset, j.Version, j.Spec, j.Options, j.Actor, j.Counts, now, j.StartKey)
		if err != nil {
			return err
		}
		return st.announceJob(ctx, tx, "OBJECTIFY_JOB_STARTED", event.Creates, &j, now)
	})
	if err != nil {
		return j, false, unavailable(err)
	}
	return j, fresh, nil
}

// announceJob writes what happened to an attempt of a job, with all that a rebuild
// of this registry needs.
func (st *Store) announceJob(ctx context.Context, tx pgx.Tx, eventType string, lifecycle event.Lifecycle, j *Job, now time.Time, refused ...refusal) error {
	data, err := json.Marshal(announced{Job: *j, Problem: j.Problem, StartKey: j.StartKey, Refused: refused})
	if err != nil {
		return err
	}
	return announce(ctx, tx, event.Event{
		ID:   event.ID(uuid.NewSHA1(j.ID, fmt.Appendf(nil, "%s:%d", eventType, j.Attempt)).String()),
		Type: eventType, Time: now, Lifecycle: lifecycle, Aggregate: event.Aggregate{Type: "ObjectifyJob", ID: j.ID.String()},
		Database: j.Database, Branch: j.Branch, Actor: j.Actor, Correlation: j.ID.String(), Data: data,
	})
}

// Job reads a job.
func (st *Store) Job(ctx context.Context, id uuid.UUID) (Job, error) {
	j, err := one(ctx, st.Pool, `select `+jobColumns+` from spice_objectify.jobs where job_id = $1`, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, problem.NotFound(KindJob, id.String())
	}
	if err != nil {
		return j, unavailable(err)
	}
	return j, nil
}
