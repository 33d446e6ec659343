package statustest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
)

// Record makes a state of a command.
func Record(id event.ID, state string, retries int) status.Record {
	text := "store is away"
	r := status.Record{User: "ada", Status: command.Status{CommandID: id, Result: map[string]any{"command_type": "CREATE_INSTANCE"}}}
	r.Move(state, retries, nil)
	if state == command.Retrying || state == string(event.Failed) {
		r.Error = &text
	}
	return r
}

// states in their order.
func states(id event.ID) []status.Record {
	return []status.Record{
		Record(id, command.Pending, 0), Record(id, command.Processing, 0), Record(id, command.Retrying, 1), Record(id, command.Processing, 1),
		Record(id, command.Retrying, 2), Record(id, string(event.Completed), 0),
	}
}

func show(r status.Record) string { return fmt.Sprintf("%s/%d", r.Status.Status, r.RetryCount) }

// Suite checks a board. open gives a new, empty one.
func Suite(t *testing.T, open func(t *testing.T) status.Board) {
	t.Run("ranks", func(t *testing.T) {
		list := states("x")
		for i := range list[1:] {
			if list[i].Order() >= list[i+1].Order() {
				t.Errorf("%s does not come before %s", show(list[i]), show(list[i+1]))
			}
		}
	})
	t.Run("only forward", func(t *testing.T) { onlyForward(t, open(t)) })
	t.Run("terminal stays", func(t *testing.T) { terminalStays(t, open(t)) })
	t.Run("many writers", func(t *testing.T) { manyWriters(t, open(t)) })
	t.Run("announced", func(t *testing.T) { announced(t, open(t)) })
	t.Run("whole", func(t *testing.T) { whole(t, open(t)) })
}

// onlyForward puts all states in every shuffled order, some twice, and compares with
// what a maximum does.
func onlyForward(t *testing.T, b status.Board) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		id := event.ID(fmt.Sprint("c", seed))
		list := append(states(id), states(id)...)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		highest := int64(-1)
		for _, r := range list {
			news, err := b.Put(t.Context(), []status.Record{r})
			if err != nil {
				t.Fatal(err)
			}
			if news[0] != (r.Order() > highest) {
				t.Errorf("seed %d: %s after rank %d: news %t", seed, show(r), highest, news[0])
			}
			highest = max(highest, r.Order())
			got, ok, err := b.Get(t.Context(), id)
			if err != nil || !ok || got.Order() != highest {
				t.Errorf("seed %d: %s is known, %t, %v; want rank %d", seed, show(got), ok, err, highest)
			}
		}
	}
	if _, ok, err := b.Get(t.Context(), "unknown"); ok || err != nil {
		t.Errorf("an unknown command: %t, %v", ok, err)
	}
}

func terminalStays(t *testing.T, b status.Board) {
	outcomes := []event.Outcome{event.Completed, event.Failed, event.Cancelled}
	for _, first := range outcomes {
		id := event.ID(first)
		// One call may hold several states of a command.
		news, err := b.Put(t.Context(), []status.Record{Record(id, command.Pending, 0), Record(id, string(first), 0), Record(id, command.Retrying, 1_000_000), Record(id, command.Pending, 0)})
		if err != nil || !slices.Equal(news, []bool{true, true, false, false}) {
			t.Errorf("%s: %v, %v", first, news, err)
		}
		for _, later := range outcomes {
			if news, err := b.Put(t.Context(), []status.Record{Record(id, string(later), 0)}); err != nil || news[0] {
				t.Errorf("%s after %s: %v, %v", later, first, news, err)
			}
		}
		if r, _, err := b.Get(t.Context(), id); err != nil || r.Status.Status != string(first) {
			t.Errorf("%s became %s, %v", first, show(r), err)
		}
	}
}

func manyWriters(t *testing.T, b status.Board) {
	var writers sync.WaitGroup
	var mu sync.Mutex
	news := map[string]int{}
	for range 6 {
		writers.Go(func() {
			for _, r := range states("c") {
				flags, err := b.Put(t.Context(), []status.Record{r})
				if err != nil {
					t.Error(err)
					return
				}
				if flags[0] {
					mu.Lock()
					news[show(r)]++
					mu.Unlock()
				}
			}
		})
	}
	writers.Wait()
	for state, n := range news {
		if n != 1 {
			t.Errorf("%s was news %d times", state, n)
		}
	}
	if r, ok, err := b.Get(t.Context(), "c"); err != nil || !ok || !r.Ended() {
		t.Errorf("%s, %t, %v", show(r), ok, err)
	}
}

func announced(t *testing.T, b status.Board) {
	ctx, cancel := context.WithCancel(t.Context())
	heard, ready, ended := make(chan status.Record, 100), make(chan struct{}), make(chan error, 1)
	go func() { ended <- b.Listen(ctx, func() { close(ready) }, func(r status.Record) { heard <- r }) }()
	<-ready
	list := states("c")
	for _, i := range []int{1, 0, 1, 5, 2, 5} {
		if _, err := b.Put(ctx, []status.Record{list[i]}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Put(ctx, []status.Record{Record("last", command.Pending, 0)}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for len(got) == 0 || got[len(got)-1] != "last PENDING/0 ada" {
		select {
		case r := <-heard:
			got = append(got, fmt.Sprint(r.CommandID, " ", show(r), " ", r.User))
		case <-time.After(time.Minute):
			t.Fatalf("nothing more after %v", got)
		}
	}
	if want := "c PROCESSING/0 ada, c COMPLETED/0 ada, last PENDING/0 ada"; strings.Join(got, ", ") != want {
		t.Errorf("heard %v, want %s", got, want)
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("the listener ends without a word")
	}
}

// whole checks that nothing of a state is lost.
func whole(t *testing.T, b status.Board) {
	r := Record("c", string(event.Failed), 0)
	at := "2026-05-06T07:00:00+00:00"
	r.CompletedAt, r.Problem = &at, problem.NotFound(problem.KindInstance, "한 <글>")
	r.Result["n"] = json.Number("123456789012345678901234567890.10")
	if _, err := b.Put(t.Context(), []status.Record{r}); err != nil {
		t.Fatal(err)
	}
	got, ok, err := b.Get(t.Context(), "c")
	if err != nil || !ok {
		t.Fatalf("%t, %v", ok, err)
	}
	if *got.CompletedAt != at || *got.Error != "store is away" || got.User != "ada" || got.Problem.Message.KO != r.Problem.Message.KO || got.Problem.Status != 404 ||
		fmt.Sprint(got.Result["n"]) != "123456789012345678901234567890.10" || got.Result["status"] != "FAILED" {
		t.Errorf("got %+v", got)
	}
}
