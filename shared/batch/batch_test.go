package batch_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"spiceharvester/shared/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// double answers each item with its double and tells the batches it got.
func double(batches *[][]int, gate <-chan struct{}) func([]*batch.Call[int, int]) {
	return func(calls []*batch.Call[int, int]) {
		if gate != nil {
			<-gate
		}
		var items []int
		for _, c := range calls {
			items = append(items, c.Item)
			c.Answer(2*c.Item, nil)
		}
		*batches = append(*batches, items)
	}
}

func TestWhatArrivesMeanwhileFormsTheNextBatch(t *testing.T) {
	var batches [][]int
	gate := make(chan struct{})
	g := batch.New(batch.Config[int]{}, double(&batches, gate))
	first := g.Submit([]int{1})
	gate <- struct{}{} // the first batch runs alone
	first.Wait(t.Context())

	running := g.Submit([]int{2})
	// The batch of 2 is taken off the queue before these can join it only if
	// the worker is already at its gate; it says so by taking the token.
	var later []*batch.Pending[int, int]
	for i := 3; i < 6; i++ {
		later = append(later, g.Submit([]int{i, 10 * i}))
	}
	close(gate)
	for i, p := range append([]*batch.Pending[int, int]{running}, later...) {
		for _, a := range p.Wait(t.Context()) {
			if a.Err != nil {
				t.Errorf("caller %d: %v", i, a.Err)
			}
		}
	}
	g.Close()
	if got := slices.Concat(batches...); !slices.Equal(got, []int{1, 2, 3, 30, 4, 40, 5, 50}) {
		t.Errorf("order: %v", got)
	}
	if len(batches) > 3 {
		t.Errorf("%d batches for 8 items: %v", len(batches), batches)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	for name, config := range map[string]batch.Config[int]{
		"by number": {MaxItems: 2},
		"by size":   {MaxSize: 10, Size: func(item int) int { return item }},
	} {
		var batches [][]int
		gate := make(chan struct{})
		g := batch.New(config, double(&batches, gate))
		p := g.Submit([]int{5, 5, 4, 40, 1})
		close(gate)
		for i, a := range p.Wait(t.Context()) {
			if a.Err != nil || a.Value != []int{10, 10, 8, 80, 2}[i] {
				t.Errorf("%s: item %d: %v", name, i, a)
			}
		}
		g.Close()
		if len(batches) < 3 {
			t.Errorf("%s: batches %v", name, batches)
		}
	}
}

func TestAnswersAreEarlyAndFinal(t *testing.T) {
	over := make(chan struct{})
	g := batch.New(batch.Config[int]{}, func(calls []*batch.Call[int, int]) {
		calls[0].Answer(1, nil)
		calls[0].Answer(2, errors.New("second answer"))
		<-over
	})
	p := g.Submit([]int{0, 0})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for { // the first answer comes although the batch is not over
		if a := p.Wait(ctx); a[0].Value == 1 && a[0].Err == nil {
			if !errors.Is(a[1].Err, context.Canceled) {
				t.Errorf("the open item: %v", a[1])
			}
			break
		}
	}
	close(over)
	if a := p.Wait(t.Context()); a[0].Value != 1 || a[0].Err != nil || !errors.Is(a[1].Err, batch.ErrNotAnswered) {
		t.Errorf("answers %v", a)
	}
	g.Close()
}

func TestCloseAnswersEverybody(t *testing.T) {
	var batches [][]int
	g := batch.New(batch.Config[int]{}, double(&batches, nil))
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			if v, err := g.Do(t.Context(), i); err != nil && !errors.Is(err, batch.ErrClosed) || err == nil && v != 2*i {
				t.Errorf("%d: %d, %v", i, v, err)
			}
		})
	}
	g.Close()
	if _, err := g.Do(t.Context(), 1); !errors.Is(err, batch.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	callers.Wait()
}

func TestNothingToDo(t *testing.T) {
	g := batch.New(batch.Config[int]{}, double(new([][]int), nil))
	if a := g.Submit(nil).Wait(t.Context()); len(a) > 0 {
		t.Error(a)
	}
	g.Close()
}
