package rebuild

import (
	"context"
	"errors"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes"
)

// Recomputation asks for the documents of facts of some time (bff-api 2.11).
type Recomputation struct {
	Database   string
	Projection string // instances or ontologies
	Branch     string
	From, To   time.Time
	Promote    bool // let the new index take the place of the one in use
	MaxEvents  int  // 0: all
}

// Recomputed tells what became of it.
type Recomputed struct {
	Database     string   `json:"db_name"`
	Branch       string   `json:"branch"`
	Projection   string   `json:"projection"`
	BaseIndex    string   `json:"base_index"`
	NewIndex     string   `json:"new_index"`
	From         string   `json:"from_ts"`
	To           string   `json:"to_ts"`
	Processed    int      `json:"processed_events"`
	Indexed      int      `json:"indexed_docs"`
	Deleted      int      `json:"deleted_docs"`
	Skipped      int      `json:"skipped_events"`
	Promoted     bool     `json:"promoted"`
	PromoteError *string  `json:"promote_error"`
	NextSteps    []string `json:"next_steps"`
}

var (
	textPartial = problem.Define("recompute.partial",
		"Not promoted: {count} facts lie outside of the chosen time; documents would be lost. Choose all the time, or rebuild.",
		"승격하지 않았습니다. 선택한 기간 밖에 {count}건의 사실이 있어 문서가 손실됩니다. 전체 기간을 선택하거나 재구축하세요.")
	textTooMany = problem.Define("recompute.max_events", "More than {limit} facts lie in the chosen time.", "선택한 기간에 {limit}건을 초과하는 사실이 있습니다.")
)

// Recompute fills a new index with the documents of a time. It takes the place of
// the one in use only if it is complete; otherwise it stays beside it, for whoever
// wants to look.
func (s *Search) Recompute(ctx context.Context, q Recomputation) (Recomputed, error) {
	r := Recomputed{Database: q.Database, Branch: q.Branch, Projection: q.Projection, From: problem.Timestamp(q.From), To: problem.Timestamp(q.To)}
	kind := writes.Instances
	r.BaseIndex = search.InstancesAlias(q.Database)
	if q.Projection == "ontologies" {
		kind, r.BaseIndex = classes.Type, search.ClassesAlias(q.Database)
	}
	b := &build{Search: s, database: q.Database, staged: map[string]string{}, chosen: func(e *event.Event) bool {
		switch {
		case e.Aggregate.Type != kind || e.Branch != q.Branch:
			return false
		case e.Time.Before(q.From) || e.Time.After(q.To):
			r.Skipped++
			return false
		}
		r.Processed++
		if e.Lifecycle == event.Deletes {
			r.Deleted++
		}
		return true
	}}
	if err := b.stage(ctx, r.BaseIndex); err != nil {
		return r, errors.Join(err, b.discard(ctx))
	}
	r.NewIndex = b.staged[r.BaseIndex]
	err := b.read(ctx)
	if err == nil && q.MaxEvents > 0 && r.Processed > q.MaxEvents {
		err = problem.BadRequest(textTooMany.With("limit", q.MaxEvents))
	}
	if err != nil {
		return r, errors.Join(err, b.discard(ctx))
	}
	r.Indexed = len(b.seen)
	switch {
	case !q.Promote:
		r.NextSteps = []string{"look at " + r.NewIndex, "run again with promote=true, or delete it"}
		return r, nil
	case r.Skipped > 0:
		text := textPartial.With("count", r.Skipped).EN
		r.PromoteError = &text
		return r, nil
	}
	if err := s.Client.Promote(ctx, r.BaseIndex, r.NewIndex); err != nil {
		return r, errors.Join(err, b.discard(ctx))
	}
	r.Promoted = true
	b.staged, b.chosen = nil, nil // what came meanwhile goes where the alias leads
	return r, b.read(ctx)
}
