package reads

import (
	"context"
	"iter"

	"spiceharvester/shared/event"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

// Walk gives all documents of a query as they are at one moment, however many. The
// first page is read at once, so that what is wrong shows before anything is sent;
// later errors end the sequence. The sequence must be walked, once.
func (r *Reads) Walk(ctx context.Context, database string, h sweep.Handler, q search.Query, minPosition event.Position) (iter.Seq2[Document, error], error) {
	if err := r.CatchUp(ctx, database, h, q.Alias, minPosition); err != nil {
		return nil, err
	}
	walk, err := r.Search.Begin(ctx, q)
	if err != nil {
		return nil, unavailable(err)
	}
	page, err := walk.Next(ctx)
	if err != nil {
		r.close(ctx, walk)
		return nil, unavailable(err)
	}
	return func(yield func(Document, error) bool) {
		defer r.close(ctx, walk)
		for len(page) > 0 {
			for _, source := range page {
				d, err := public(source)
				if !yield(d, err) || err != nil {
					return
				}
			}
			if page, err = walk.Next(ctx); err != nil {
				yield(nil, err)
				return
			}
		}
	}, nil
}

func (r *Reads) close(ctx context.Context, walk *search.Walk) {
	if err := walk.Close(ctx); err != nil {
		r.Logger.WarnContext(ctx, "a view of the read model is left to expire", "error", err)
	}
}
