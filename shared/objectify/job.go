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

// Lease is how long a worker may be silent before another takes its job. Too short
// a lease costs double work and nothing else.
const Lease = 15 * time.Second

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
	stamp := func(t *time.Time) *string {
		if t == nil {
			return nil
		}
		text := problem.Timestamp(*t)
		return &text
	}
	return json.Marshal(struct {
		plain
		CreatedAt   *string `json:"created_at"`
		StartedAt   *string `json:"started_at"`
		UpdatedAt   *string `json:"updated_at"`
		CompletedAt *string `json:"completed_at"`
	}{plain(j), stamp(&j.CreatedAt), stamp(j.StartedAt), stamp(&j.UpdatedAt), stamp(j.CompletedAt)})
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

// Progress is how far a job is, from 0 to 1.
type Progress struct {
	Phase string  `json:"phase"` // checking, writing or ended
	Done  int64   `json:"done"`  // rows
	Rows  int64   `json:"rows"`
	Ratio float64 `json:"ratio"`
}

// Progress tells how far the job is, in rows of its present phase.
func (j *Job) Progress() Progress {
	c := j.Counts
	p := Progress{Phase: "writing", Done: c.Created + c.Updated + c.Unchanged + c.Refused, Rows: c.Rows}
	if limit := int64(j.Options.MaxRows); limit > 0 {
		p.Rows = min(p.Rows, limit)
	}
	switch {
	case j.Ended():
		p.Phase, p.Ratio = "ended", 1
		return p
	case !j.Options.AllowPartial && !j.Checked:
		p.Phase, p.Done = "checking", c.Read
	}
	if p.Rows > 0 {
		p.Ratio = float64(p.Done) / float64(p.Rows)
	}
	return p
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
			j, err = one(ctx, tx, `update spice_objectify.jobs set status = 'QUEUED', attempt = attempt + 1, options = $2, actor = $3, start_key = $6, next_row = 0, next_batch = 0,
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
			(job_id, dedupe_key, db_name, branch, dataset_id, dataset_version_id, mapping_spec_id, status, attempt, options, actor, start_key, next_row, next_batch, read_all, counts, created_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, 'QUEUED', 1, $8, $9, $12, 0, 0, false, $10, $11, $11) returning `+jobColumns,
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

// announceJob writes what happened to an attempt of a job.
func (st *Store) announceJob(ctx context.Context, tx pgx.Tx, eventType string, lifecycle event.Lifecycle, j *Job, now time.Time) error {
	data, err := json.Marshal(map[string]any{"job": j, "problem": j.Problem})
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

// Claim takes the lease of a job that is due; ok is false if none is.
func (st *Store) Claim(ctx context.Context, owner string) (j Job, ok bool, err error) {
	now := st.Now().UTC()
	j, err = one(ctx, st.Pool, `update spice_objectify.jobs set status = 'RUNNING', lease_until = $2, lease_owner = $1, started_at = coalesce(started_at, $3), updated_at = $3
		where job_id = (select job_id from spice_objectify.jobs where status in ('QUEUED', 'RUNNING') and (lease_until is null or lease_until < $3) and (next_step is null or next_step <= $3)
			order by updated_at limit 1 for update skip locked) returning `+jobColumns, owner, now.Add(Lease), now)
	if errors.Is(err, pgx.ErrNoRows) {
		return j, false, nil
	}
	if err != nil {
		return j, false, unavailable(err)
	}
	j.owner = owner
	return j, true, nil
}

// ErrLost means that the lease, or the attempt, is another worker's.
var ErrLost = errors.New("objectify: another worker has taken the job over")

// Batch is a bulk command that a job has submitted.
type Batch struct {
	Number  int
	Command string
	Rows    []RowRef // of each instance of the command, in its order
}

// RowRef says where an instance's row stands in the file.
type RowRef struct {
	Row  int64 `json:"row"` // from 1, the header not counted
	Line int64 `json:"line"`
}

// Checkpoint stores progress: what was read, a batch that was submitted (nil for
// none), batches that have ended, and refused rows. It renews the lease.
func (st *Store) Checkpoint(ctx context.Context, j *Job, submitted *Batch, ended []int, refused []RowError) error {
	err := pgx.BeginFunc(ctx, st.Pool, func(tx pgx.Tx) error {
		now := st.Now().UTC()
		tag, err := tx.Exec(ctx, `update spice_objectify.jobs set next_row = $4, next_batch = $5, read_all = $6, counts = $7, lease_until = $8, updated_at = $9, checked = $10, tries = 0
			where job_id = $1 and attempt = $2 and lease_owner = $3 and status = 'RUNNING'`,
			j.ID, j.Attempt, j.owner, j.NextRow, j.NextBatch, j.ReadAll, j.Counts, now.Add(Lease), now, j.Checked)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrLost
		}
		if submitted != nil {
			_, err := tx.Exec(ctx, `insert into spice_objectify.batches (job_id, attempt, batch, command_id, rows) values ($1, $2, $3, $4, $5) on conflict do nothing`,
				j.ID, j.Attempt, submitted.Number, submitted.Command, submitted.Rows)
			if err != nil {
				return err
			}
		}
		if len(ended) > 0 {
			if _, err := tx.Exec(ctx, `update spice_objectify.batches set counted = true where job_id = $1 and attempt = $2 and batch = any($3)`, j.ID, j.Attempt, ended); err != nil {
				return err
			}
		}
		return insertErrors(ctx, tx, j, refused)
	})
	if errors.Is(err, ErrLost) {
		return err
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// OpenBatches lists the batches of the attempt that were not counted yet.
func (st *Store) OpenBatches(ctx context.Context, j *Job) ([]Batch, error) {
	rows, err := st.Pool.Query(ctx, `select batch, command_id, rows from spice_objectify.batches where job_id = $1 and attempt = $2 and not counted order by batch`, j.ID, j.Attempt)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Batch, err error) {
		return b, row.Scan(&b.Number, &b.Command, &b.Rows)
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Finish gives the job its end state; why tells of a failed one what is wrong.
func (st *Store) Finish(ctx context.Context, j *Job, status string, why *problem.Problem) error {
	var reason *string
	if why != nil {
		text := clean(why.Message.EN)
		reason = &text
	}
	err := pgx.BeginFunc(ctx, st.Pool, func(tx pgx.Tx) error {
		now := st.Now().UTC()
		ended, err := one(ctx, tx, `update spice_objectify.jobs set status = $4, error = $5, problem = $6, counts = $7, completed_at = $8, updated_at = $8, lease_until = null
			where job_id = $1 and attempt = $2 and lease_owner = $3 and status = 'RUNNING' returning `+jobColumns, j.ID, j.Attempt, j.owner, status, reason, why, j.Counts, now)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrLost
		}
		if err != nil {
			return err
		}
		*j = ended
		return st.announceJob(ctx, tx, "OBJECTIFY_JOB_"+status, event.Changes, j, now)
	})
	if errors.Is(err, ErrLost) {
		return err
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// Release gives the lease back, for the next step. A step that failed, for a
// reason that may pass, says so and is followed by a pause.
func (st *Store) Release(ctx context.Context, j *Job, failed error) error {
	tries, next, reason := 0, (*time.Time)(nil), (*string)(nil)
	if failed != nil {
		at, text := st.Now().UTC().Add(pause(j.Tries)), clean(failed.Error())
		tries, next, reason = j.Tries+1, &at, &text
	}
	_, err := st.Pool.Exec(ctx, `update spice_objectify.jobs set lease_until = null, tries = $4, next_step = $5, error = $6
		where job_id = $1 and attempt = $2 and lease_owner = $3 and status = 'RUNNING'`, j.ID, j.Attempt, j.owner, tries, next, reason)
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// MaxTries bounds the steps that may fail in a row.
const MaxTries = 20

// pause doubles up to a minute: MaxTries steps outlast an outage of a quarter of an hour.
func pause(tries int) time.Duration {
	return min(time.Second<<min(tries, 6), time.Minute)
}
