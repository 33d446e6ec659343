package ingest

import (
	"context"
	"errors"
	"fmt"

	"spiceharvester/shared/datasets"
)

// errAbandoned is why an ingest that nobody works on any more has failed.
var errAbandoned = errors.New("reconciler_timeout: the upload broke off")

// Reconciled counts what a run has done.
type Reconciled struct {
	Published int `json:"published"` // versions that were committed and not in the registry
	Aborted   int `json:"aborted"`   // uploads that broke off
	Committed int `json:"committed"` // of these and earlier ones, settled in the lake
	Tidied    int `json:"tidied"`    // branches merged or removed
	Skipped   int `json:"skipped"`   // taken over by another since they were listed
	Failed    int `json:"failed"`    // left for the next run
}

// Reconcile ends what broken uploads have left, up to limit of them. Ingests
// that somebody still works on are not touched (datasets.Alive).
func (s *Service) Reconcile(ctx context.Context, limit int) (done Reconciled, err error) {
	list, err := s.Store.Unfinished(ctx, limit)
	if err != nil {
		return done, err
	}
	var errs []error
	for _, q := range list {
		switch err := s.reconcile(ctx, q, &done); {
		case errors.Is(err, datasets.ErrSuperseded):
			done.Skipped++
		case err != nil:
			done.Failed++
			errs = append(errs, fmt.Errorf("ingest %s: %w", q.ID, err))
		}
	}
	return done, errors.Join(errs...)
}

func (s *Service) reconcile(ctx context.Context, q datasets.Request, done *Reconciled) error {
	switch q.Status {
	case datasets.Received:
		if err := s.Store.Fail(ctx, q, errAbandoned); err != nil {
			return err
		}
		q.Status = datasets.Failed
		done.Aborted++
	case datasets.RawCommitted:
		if _, _, err := s.Store.Publish(ctx, q.ID); err != nil {
			return err
		}
		q.Status = datasets.Published
		done.Published++
	}
	if err := s.tidy(ctx, q, q.Status); err != nil {
		return err
	}
	if done.Tidied++; q.Status == datasets.Published {
		done.Committed++
	}
	return nil
}
