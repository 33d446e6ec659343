package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// load is a stream of writes by several clients. Each repeats a request with the
// same Idempotency-Key until it is answered, as the API asks its clients to do.
type load struct {
	database string
	token    string
	http     *http.Client

	mu       sync.Mutex
	base     string            // changes when the host starts again
	accepted map[string]string // command id -> Idempotency-Key
	twice    []string          // keys that got two command ids
	refused  []string          // answers that no client expects
}

func newLoad(w *world, database string) *load {
	return &load{
		database: database, token: w.bff.Token, base: w.bff.Base, accepted: map[string]string{},
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 20 * time.Second},
	}
}

// moved tells that the API has another address now.
func (l *load) moved(base string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base = base
}

func (l *load) address() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.base
}

// count tells how many writes were accepted.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.accepted)
}

// run lets clients work until ctx ends. Client c creates instances of its own
// and changes each of them twice.
func (l *load) run(ctx context.Context, clients int) *sync.WaitGroup {
	var working sync.WaitGroup
	for c := range clients {
		working.Go(func() {
			base := instances(l.database, "Product")
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("c%d-%d", c, i)
				l.send(ctx, "POST", base+"/create", object{"data": object{"product_id": id, "stock": 0}}, id)
				for n := 1; n <= 2; n++ {
					path := fmt.Sprintf("%s/%s/update?expected_seq=%d", base, id, n)
					l.send(ctx, "PUT", path, object{"data": object{"stock": n}}, fmt.Sprintf("%s-%d", id, n))
				}
			}
		})
	}
	return &working
}

// send repeats a write until it has its outcome; it gives up when ctx ends
// between two tries.
func (l *load) send(ctx context.Context, method, path string, body object, key string) {
	for ctx.Err() == nil {
		c := client.Client{Base: l.address(), Token: l.token, HTTP: l.http}
		r, err := c.Do(context.WithoutCancel(ctx), method, path, body, client.Key(key), client.Wait(10))
		switch {
		case err != nil, r.Status == 503, r.Status == 429:
			pause(ctx, 20*time.Millisecond)
		case r.Status == 200 && r.Text("status") == "COMPLETED":
			l.note(r.Command(), key)
			return
		case r.Status == 202 || r.Status == 200 && !ended(r.Text("status")):
			l.note(r.Command(), key)
		default:
			l.mu.Lock()
			l.refused = append(l.refused, key+": "+r.String())
			l.mu.Unlock()
			return
		}
	}
}

func ended(status string) bool {
	return status == "COMPLETED" || status == "FAILED" || status == "CANCELLED"
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (l *load) note(command, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, k := range l.accepted {
		if k == key && id != command {
			l.twice = append(l.twice, key)
		}
	}
	l.accepted[command] = key
}

// check waits until every accepted command has ended well, and looks for gaps
// and doubles.
func (l *load) check(t *testing.T, w *world) {
	t.Helper()
	bff := w.asBFF(t)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refused) > 0 || len(l.twice) > 0 {
		t.Errorf("refused: %s\ntwo ids: %v", strings.Join(l.refused, "\n"), l.twice)
	}
	type instance struct{ facts, last int }
	found := map[string]instance{}
	end := time.Now().Add(settleLimit)
	for command, key := range l.accepted {
		left := max(1, int(time.Until(end).Seconds()))
		r := bff.call(200, "GET", "/api/v1/commands/"+command+"/status", nil, client.Wait(min(left, 60)))
		if r.Text("status") != "COMPLETED" {
			t.Errorf("command %s (%s) within %s: %s", command, key, settleLimit, r)
		}
		var sequence int
		if _, err := fmt.Sscan(r.Text("result", "sequence"), &sequence); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		i := found[r.Text("result", "aggregate_id")]
		i.facts, i.last = i.facts+1, max(i.last, sequence)
		found[r.Text("result", "aggregate_id")] = i
	}
	// The sequences of an aggregate count its facts: with as many commands as the
	// last sequence says none is missing and none had two effects.
	for aggregate, i := range found {
		want := fmt.Sprint("\n: ", i.facts)
		got := findings(t, w, "", `select last_sequence::text from spice_event_registry.aggregate_versions where handler = 'write_side:Instance' and aggregate_id = $1`, aggregate)
		if i.facts != i.last || got != want {
			t.Errorf("%s: %d commands, last sequence %d, aggregate_versions %s", aggregate, i.facts, i.last, got)
		}
	}
	others := findings(t, w, "more facts", `select count(*) || ' aggregates' from spice_event_log.aggregates where database = $1 and type = 'Instance' having count(*) <> $2`, l.database, len(found))
	doubles := findings(t, w, "outcomes", `select id || ' ' || count(*) from spice_event_log.outcomes where database = $1 group by id having count(*) > 1`, l.database)
	if others != "" || doubles != "" {
		t.Errorf("%d aggregates are known;%s%s", len(found), others, doubles)
	}
}
