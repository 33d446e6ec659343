package engine

import (
	"context"
	"runtime"
	"sync"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
)

// RefreshPolicy says when the writes of a request become searchable.
type RefreshPolicy string

// The refresh policies.
const (
	RefreshNone RefreshPolicy = "false"
	RefreshNow  RefreshPolicy = "true"
	RefreshWait RefreshPolicy = "wait_for"
)

// Write does a list of writes and returns their outcomes in the same order.
// Writes to one index keep their order. The error is of the request as a
// whole: ctx ended while waiting for the refresh, or the journal failed.
func (e *Engine) Write(ctx context.Context, ops []*Op, refresh RefreshPolicy) ([]Outcome, error) {
	outs := make([]Outcome, len(ops))
	groups := map[*Index][]int{}
	var order []*Index
	for n, op := range ops {
		if op.ID == "" && !op.AutoID {
			outs[n] = Outcome{Index: op.Index, ID: op.ID, Err: eserr.IllegalArgument("if _id is specified it must not be empty")}
			continue
		}
		if op.AutoID {
			op.ID = randomID(15)
		}
		idx, err := e.writeIndex(op)
		if err != nil {
			outs[n] = Outcome{Index: op.Index, ID: op.ID, Err: err}
			continue
		}
		if groups[idx] == nil {
			order = append(order, idx)
		}
		groups[idx] = append(groups[idx], n)
	}
	for _, idx := range order {
		if err := e.writeGroup(idx, ops, groups[idx], outs, refresh); err != nil {
			return nil, err
		}
	}
	if refresh == RefreshWait {
		for _, idx := range order {
			if err := e.await(ctx, idx); err != nil {
				return nil, err
			}
		}
	}
	return outs, nil
}

// writeGroup does the writes of one index: it parses outside of the lock, then
// applies them in order and writes the journal once.
func (e *Engine) writeGroup(idx *Index, ops []*Op, group []int, outs []Outcome, refresh RefreshPolicy) error {
	docs := make([]parsed, len(group))
	parallel(len(group), func(i int) {
		if op := ops[group[i]]; op.Action == IndexDoc || op.Action == CreateDoc {
			docs[i] = idx.parse(op.ID, op.Source, false)
		}
	})
	idx.mu.Lock()
	defer idx.mu.Unlock()
	for i, n := range group {
		outs[n] = idx.apply(e, ops[n], docs[i])
	}
	if err := idx.flush(e); err != nil {
		return err
	}
	if refresh == RefreshNow {
		idx.refresh(e.clock())
		for _, n := range group {
			outs[n].Refreshed = outs[n].Err == nil && outs[n].Result != "noop"
		}
	}
	return nil
}

// parallel calls fn for 0..n-1 on all processors if that is worth it.
func parallel(n int, fn func(int)) {
	workers := min(runtime.GOMAXPROCS(0), n/32)
	if workers < 2 {
		for i := range n {
			fn(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				fn(i)
			}
		})
	}
	wg.Wait()
}
