package tasks

import (
	"context"
	"time"
)

// Metrics counts tasks.
type Metrics struct {
	Total      int64   `json:"total_tasks"`
	Pending    int64   `json:"pending_tasks"`
	Processing int64   `json:"processing_tasks"`
	Completed  int64   `json:"completed_tasks"`
	Failed     int64   `json:"failed_tasks"`
	Cancelled  int64   `json:"cancelled_tasks"`
	Retrying   int64   `json:"retrying_tasks"`
	Average    float64 `json:"average_duration"` // seconds
	Success    float64 `json:"success_rate"`     // percent of those that completed or failed; 100 if none did
}

// Metrics counts the tasks that are kept.
func (s *Store) Metrics(ctx context.Context) (m Metrics, err error) {
	if err := s.bury(ctx); err != nil {
		return m, err
	}
	err = s.Pool.QueryRow(ctx, `select count(*), count(*) filter (where status = 'PENDING'), count(*) filter (where status = 'PROCESSING'),
			count(*) filter (where status = 'COMPLETED'), count(*) filter (where status = 'FAILED'), count(*) filter (where status = 'CANCELLED'),
			count(*) filter (where status = 'RETRYING'), coalesce(avg(extract(epoch from completed_at - started_at)), 0)::float8
		from spice_tasks.tasks`).Scan(&m.Total, &m.Pending, &m.Processing, &m.Completed, &m.Failed, &m.Cancelled, &m.Retrying, &m.Average)
	if err != nil {
		return m, unavailable(err)
	}
	m.Success = 100
	if ended := m.Completed + m.Failed; ended > 0 {
		m.Success = 100 * float64(m.Completed) / float64(ended)
	}
	return m, nil
}

// ByType counts the tasks of each type.
func (s *Store) ByType(ctx context.Context) (map[string]int64, error) {
	rows, err := s.Pool.Query(ctx, `select type, count(*) from spice_tasks.tasks group by type`)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var name string
		var n int64
		if err := rows.Scan(&name, &n); err != nil {
			return nil, unavailable(err)
		}
		counts[name] = n
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable(err)
	}
	return counts, nil
}

// Duration is how long a task took, or takes so far.
func (t *Task) Duration(now time.Time) *float64 {
	if t.StartedAt == nil {
		return nil
	}
	end := now
	if t.CompletedAt != nil {
		end = *t.CompletedAt
	}
	seconds := end.Sub(*t.StartedAt).Seconds()
	return &seconds
}
