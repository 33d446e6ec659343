package objectify

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// Lease is how long a worker may be silent before another takes its job. Too short
// a lease costs double work and nothing else.
const Lease = 15 * time.Second

// Claim takes the lease of a job that is due; ok is false if none is. Jobs over one
// dataset run in the order in which they began, so that the newest version wins.
func (st *Store) Claim(ctx context.Context, owner string) (j Job, ok bool, err error) {
	now := st.Now().UTC()
	j, err = one(ctx, st.Pool, `update spice_objectify.jobs set status = 'RUNNING', lease_until = $2, lease_owner = $1, started_at = coalesce(started_at, $3), updated_at = $3
		where job_id = (select job_id from spice_objectify.jobs j where status in ('QUEUED', 'RUNNING') and (lease_until is null or lease_until < $3) and (next_step is null or next_step <= $3)
			and not exists (select from spice_objectify.jobs b where b.dataset_id = j.dataset_id and b.status in ('QUEUED', 'RUNNING')
				and (b.queued_at, b.job_id) < (j.queued_at, j.job_id))
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
		refused, err := refusals(ctx, tx, j)
		if err != nil {
			return err
		}
		return st.announceJob(ctx, tx, "OBJECTIFY_JOB_"+status, event.Changes, j, now, refused...)
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
