package objectify

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textMoved     = problem.Define("objectify.moved", "The class or the mapping changed while the job ran; run it again.", "작업 중에 클래스 또는 매핑이 변경되었습니다. 다시 실행하세요.")
	textCancelled = problem.Define("objectify.cancelled", "The command that held the row was cancelled.", "행을 담은 명령이 취소되었습니다.")
	textNoReason  = problem.Define("objectify.batch_failed", "The command that held the row failed: {reason}.", "행을 담은 명령이 실패했습니다: {reason}.")
)

// write submits the rows in bulk commands, a few at a time, and counts what
// became of them.
func (s *step) write(ctx context.Context) error {
	open, err := s.Store.OpenBatches(ctx, s.job)
	if err != nil {
		return err
	}
	// Every step gets somewhere, however short its time: over is asked only after
	// the first turn.
	pause := minPause
	for turn := 0; ; turn++ {
		before := len(open)
		if open, err = s.collect(ctx, open); err != nil {
			return err
		}
		if s.job.ReadAll && len(open) == 0 {
			return s.finish(ctx)
		}
		if turn > 0 && s.over() {
			return nil
		}
		if !s.job.ReadAll && len(open) < window {
			b, err := s.submit(ctx)
			if err == nil {
				if b != nil {
					open = append(open, *b)
				}
				pause = minPause
				continue
			}
			if p, ok := problem.AsProblem(err); !ok || p.Status != http.StatusTooManyRequests {
				return err
			}
		}
		if err := s.renew(ctx); err != nil {
			return err
		}
		if pause = min(2*pause, maxPause); len(open) < before {
			pause = minPause
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

const (
	minPause = 5 * time.Millisecond
	maxPause = 100 * time.Millisecond
)

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// submit reads the next rows and sends them off. Sent twice, after a crash in
// between, they are the same command.
func (s *step) submit(ctx context.Context) (*Batch, error) {
	if s.ready == nil {
		if err := s.openRows(ctx); err != nil {
			return nil, err
		}
		b, err := s.read()
		if err != nil {
			return nil, err
		}
		s.ready = b
	}
	b := s.ready
	var submitted *Batch
	if len(b.good) > 0 {
		submitted = &Batch{Number: s.job.NextBatch, Command: string(s.commandID())}
		if err := s.send(ctx, b, submitted); err != nil {
			return nil, err
		}
	}
	s.ready = nil
	s.job.NextRow, s.job.NextBatch, s.job.ReadAll = b.last, s.job.NextBatch+1, b.end
	s.job.Counts.Read += b.last - b.first + 1
	s.job.Counts.Refused += b.bad
	return submitted, s.checkpoint(ctx, submitted, nil, b.refused)
}

// commandID derives the id of a batch's command.
func (s *step) commandID() event.ID {
	return event.ID(uuid.NewSHA1(s.job.ID, fmt.Appendf(nil, "%d:%d", s.job.Attempt, s.job.NextBatch)).String())
}

func (s *step) send(ctx context.Context, b *batch, submitted *Batch) error {
	origin := &writes.Origin{Source: fmt.Sprintf("/datasets/%s/versions/%s", s.version.Dataset, s.version.ID)}
	rows := make([]any, len(b.good))
	for i, m := range b.good {
		rows[i] = m.Data
		submitted.Rows = append(submitted.Rows, m.RowRef)
		origin.Rows = append(origin.Rows, [2]int64{m.Row, m.Line})
	}
	caller := writes.Caller{Actor: s.job.Actor, Correlation: s.job.ID.String()}
	target := writes.InstanceTarget{Database: s.job.Database, Branch: s.job.Branch, Class: s.spec.Class}
	_, err := s.Writes.BulkUpsert(ctx, caller, event.ID(submitted.Command), target, rows, origin, map[string]any{
		"objectify_job_id": s.job.ID, "attempt": s.job.Attempt, "batch": submitted.Number, "mapping_spec_id": s.spec.ID, "mapping_spec_version": s.spec.Version,
		"dataset_id": s.version.Dataset, "dataset_version_id": s.version.ID,
	})
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusConflict {
		// The id stands for rows that were mapped otherwise.
		return problem.Conflict(textMoved.With()).Because(err)
	}
	return err
}

// collect counts the batches that have ended and gives those that have not.
func (s *step) collect(ctx context.Context, list []Batch) (open []Batch, err error) {
	var ended []int
	var refused []RowError
	for _, b := range list {
		row, known, err := s.Log.Command(ctx, event.ID(b.Command))
		if err != nil {
			return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
		}
		if !known || row.Open() {
			open = append(open, b)
			continue
		}
		errs, err := s.count(ctx, b, row)
		if err != nil {
			return nil, err
		}
		ended, refused = append(ended, b.Number), append(refused, errs...)
	}
	if len(ended) == 0 {
		return open, nil
	}
	return open, s.checkpoint(ctx, nil, ended, refused)
}

// count adds the outcome of a batch's command to the job.
func (s *step) count(ctx context.Context, b Batch, row eventlog.CommandRow) ([]RowError, error) {
	_, data, err := s.Log.EventData(ctx, row.End)
	if err != nil {
		return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	var outcome struct {
		Result  *writes.BulkResult `json:"result"`
		Error   string             `json:"error"`
		Problem *problem.Problem   `json:"problem"`
	}
	if len(data) > 0 {
		if err := json.Unmarshal(data, &outcome); err != nil {
			return nil, problem.Internal(fmt.Errorf("objectify: outcome of %s: %w", b.Command, err))
		}
	}
	counts := &s.job.Counts
	counts.Position = row.End.String()
	result := outcome.Result
	if result == nil {
		counts.Refused += int64(len(b.Rows))
		return s.allRefused(b, row.Outcome, outcome.Error, outcome.Problem), nil
	}
	counts.Created += int64(result.Created)
	counts.Updated += int64(result.Updated)
	counts.Unchanged += int64(result.Unchanged)
	counts.Refused += int64(result.Refused)
	var refused []RowError
	for _, e := range result.Errors {
		if e.Row < 0 || e.Row >= len(b.Rows) {
			return nil, problem.Internal(fmt.Errorf("objectify: outcome of %s: row %d of %d", b.Command, e.Row, len(b.Rows)))
		}
		refused = append(refused, s.mapper.Refused(b.Rows[e.Row], e.Problem)...)
	}
	return refused, nil
}

// allRefused tells why none of a command's rows was taken.
func (s *step) allRefused(b Batch, outcome event.Outcome, reason string, p *problem.Problem) []RowError {
	if p == nil {
		p = problem.BadRequest(textNoReason.With("reason", reason))
	}
	if outcome == event.Cancelled {
		p = problem.Conflict(textCancelled.With())
	}
	refused := make([]RowError, len(b.Rows))
	for i, ref := range b.Rows {
		refused[i] = RowError{RowRef: ref, Reason: p.Message}
	}
	return refused
}
