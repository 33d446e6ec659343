package objectify

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/problem"
)

// RowError is a reason why a row was refused.
type RowError struct {
	RowRef
	Field  string          `json:"field"`        // column or columns of the file
	Target string          `json:"target_field"` // field of the class
	Value  string          `json:"value"`
	Reason problem.Message `json:"-"`
}

// maxValue bounds the value that an error shows, in bytes.
const maxValue = 1000

func insertErrors(ctx context.Context, tx pgx.Tx, j *Job, refused []RowError) error {
	if len(refused) == 0 {
		return nil
	}
	ordinals := map[int64]int{}
	rows := make([][]any, len(refused))
	for i, e := range refused {
		rows[i] = []any{j.ID, j.Attempt, e.Row, ordinals[e.Row], e.Line, e.Field, e.Target, clean(e.Value), e.Reason}
		ordinals[e.Row]++
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"spice_objectify", "row_errors"},
		[]string{"job_id", "attempt", "row_number", "ordinal", "line", "field", "target", "value", "reason"}, pgx.CopyFromRows(rows))
	return err
}

// clean makes a value fit: as PostgreSQL takes it, and not too long.
func clean(s string) string {
	s = datasets.Storable(s)
	if len(s) > maxValue {
		s = strings.ToValidUTF8(s[:maxValue], "")
	}
	return s
}

// Errors pages through the refused rows of a job's present attempt, by row.
func (st *Store) Errors(ctx context.Context, job uuid.UUID, limit, offset int) (list []RowError, total int, err error) {
	err = st.Pool.QueryRow(ctx, `select count(*) from spice_objectify.row_errors e join spice_objectify.jobs j using (job_id, attempt) where job_id = $1`, job).Scan(&total)
	if err != nil {
		return nil, 0, unavailable(err)
	}
	rows, err := st.Pool.Query(ctx, `select e.row_number, e.line, e.field, e.target, e.value, e.reason from spice_objectify.row_errors e
		join spice_objectify.jobs j using (job_id, attempt) where job_id = $1 order by e.row_number, e.ordinal limit $2 offset $3`, job, limit, offset)
	if err != nil {
		return nil, 0, unavailable(err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e RowError, err error) {
		return e, row.Scan(&e.Row, &e.Line, &e.Field, &e.Target, &e.Value, &e.Reason)
	})
	if err != nil {
		return nil, 0, unavailable(err)
	}
	return list, total, nil
}

// maxAnnounced bounds the refused rows that the log keeps of one attempt; a
// rebuilt registry lists no more.
const maxAnnounced = 50_000

// refusals gives the refused rows of an attempt as the log keeps them.
func refusals(ctx context.Context, tx pgx.Tx, j *Job) ([]refusal, error) {
	rows, err := tx.Query(ctx, `select row_number, line, field, target, value, reason from spice_objectify.row_errors
		where job_id = $1 and attempt = $2 order by row_number, ordinal limit $3`, j.ID, j.Attempt, maxAnnounced)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r refusal, err error) {
		return r, row.Scan(&r.Row, &r.Line, &r.Field, &r.Target, &r.Value, &r.Reason)
	})
}
