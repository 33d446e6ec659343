package eventlog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// TestConcurrentWriters lets several processes append to the same few
// aggregates at once and checks the history against the specification, refusals
// included. No faults here, but real concurrency and real stores.
func TestConcurrentWriters(t *testing.T) {
	t.Run("memory", func(t *testing.T) { concurrentWriters(t, eventlogtest.NewObjects(), eventlogtest.NewIndex()) })
	t.Run("S3 and PostgreSQL", func(t *testing.T) {
		objects, index := realStores(t)
		concurrentWriters(t, objects, index)
	})
}

func concurrentWriters(t *testing.T, objects eventlog.Objects, index eventlog.Index) {
	start := time.Now()
	var mu sync.Mutex
	var history []porcupine.Operation
	var clients sync.WaitGroup
	for process := range 3 {
		l := newLog(t, objects, index)
		for client := range 4 {
			clients.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(process), uint64(client)))
				for n := range 12 {
					en := randomEntry(rng, fmt.Sprintf("%d-%d-%d", process, client, n))
					called := time.Since(start)
					r, err := l.Append(t.Context(), en)
					returned := time.Since(start)
					out := answer{sequence: r.Sequence, duplicate: r.Duplicate}
					var refusal *eventlog.Refusal
					if errors.As(err, &refusal) {
						out = answer{reason: refusal.Reason}
					} else if err != nil {
						t.Errorf("append: %v", err)
					}
					if r.Ended != nil {
						out.ended = r.Ended.Outcome
					}
					mu.Lock()
					history = append(history, porcupine.Operation{
						ClientId: process*4 + client, Input: en, Output: out, Call: int64(called), Return: int64(returned),
					})
					mu.Unlock()
				}
			})
		}
	}
	clients.Wait()
	if res := porcupine.CheckOperationsTimeout(chainModel, history, time.Minute); res != porcupine.Ok {
		t.Errorf("the history of %d appends is %s", len(history), res)
	}
}

func randomEntry(rng *rand.Rand, id string) eventlog.Entry {
	a := fmt.Sprintf("a%d", rng.IntN(3))
	expect := []event.Expect{event.Any, event.Absent, event.At(1), event.At(uint64(rng.IntN(8)))}[rng.IntN(4)]
	switch rng.IntN(5) {
	case 0:
		en := request(a, expect)
		en.Event.ID = event.ID("command-" + a)
		return en
	case 1:
		return end(a, event.Failed)
	case 2:
		return create(a)
	}
	en := change(a, 1)
	en.Event.ID, en.Expect = event.ID("change-"+id), expect
	if rng.IntN(4) == 0 {
		en.Event.Lifecycle = event.Deletes
	}
	return en
}
