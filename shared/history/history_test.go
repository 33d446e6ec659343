package history_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/history"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

var ref = instance.Ref{Database: "shop", Branch: "main", Class: "Product", ID: "p:1"}

// life is an instance with a history: one fact a minute.
type life struct {
	*writestest.World
	*history.Reader
	at []event.Position // by sequence, from 1
}

func newLife(t *testing.T) *life {
	l := &life{World: writestest.New(t)}
	l.Reader = &history.Reader{Log: l.World.Log}
	l.Database("shop")
	l.fact(event.Creates, map[string]any{"n": 1, "name": "a"})
	l.fact(event.Changes, map[string]any{"n": 2})
	l.fact(event.Deletes, nil)
	l.fact(event.Creates, map[string]any{"n": 4})
	return l
}

func (l *life) fact(lifecycle event.Lifecycle, data map[string]any) {
	l.Pass(time.Minute)
	l.at = append(l.at, l.Append("shop", writes.InstanceAggregate(ref), lifecycle, instance.Fact{Ref: ref, Data: data}))
}

func status(err error) int {
	if p, ok := problem.AsProblem(err); ok {
		return p.Status
	}
	return 0
}

func TestPages(t *testing.T) {
	l := newLife(t)
	var told []string
	for from, pages := (event.Position{}), 0; ; pages++ {
		list, next, err := l.Page(t.Context(), ref, from, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			told = append(told, fmt.Sprint(c.Event.Sequence, c.Deleted(), c.Fields))
		}
		if from = next; next.IsZero() {
			if pages != 1 {
				t.Errorf("%d pages", pages+1)
			}
			break
		}
	}
	if len(told) != 4 || told[0] != "4 false [{n <nil> 4}]" || told[1] != "3 true [{n 2 <nil>}]" || told[2] != "2 false [{n 1 2} {name a <nil>}]" || told[3] != "1 false [{n <nil> 1} {name <nil> a}]" {
		t.Errorf("%q", told)
	}
}

func TestAPlaceThatIsNoneIsRefused(t *testing.T) {
	l := newLife(t)
	other := l.Append("shop", event.Aggregate{Type: writes.Instances, ID: "shop:main:Product:p2"}, event.Creates, instance.Fact{Ref: ref})
	crooked, far := l.at[1], l.at[1]
	crooked.Offset++
	far.Segment = 1 << 60
	for _, from := range []event.Position{other, crooked, far, {Chain: 99, Offset: 1, Length: 1}, {Chain: l.at[0].Chain, Segment: 1, Offset: 1, Length: 1 << 30}} {
		if _, _, err := l.Page(t.Context(), ref, from, 3); !errors.Is(err, history.ErrNotHere) {
			t.Errorf("%v: %v", from, err)
		}
	}
}

func TestMoments(t *testing.T) {
	l := newLife(t)
	begin := time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		m    history.Moment
		want uint64 // 0: did not exist
	}{
		{history.Moment{Sequence: 1}, 1}, {history.Moment{Sequence: 2}, 2}, {history.Moment{Sequence: 3}, 0}, {history.Moment{Sequence: 4}, 4}, {history.Moment{Sequence: 5}, 0},
		{history.Moment{Position: l.at[0]}, 1}, {history.Moment{Position: l.at[2]}, 0}, {history.Moment{Position: l.at[3]}, 4},
		{history.Moment{Time: begin}, 0}, {history.Moment{Time: begin.Add(time.Minute)}, 1}, {history.Moment{Time: begin.Add(2*time.Minute - 1)}, 1},
		{history.Moment{Time: begin.Add(3 * time.Minute)}, 0}, {history.Moment{Time: begin.Add(time.Hour)}, 4},
	} {
		v, err := l.At(t.Context(), ref, c.m)
		if c.want == 0 && status(err) != http.StatusNotFound || c.want > 0 && (err != nil || v.Event.Sequence != c.want) {
			t.Errorf("%+v: %d, %v", c.m, v.Event.Sequence, err)
		}
	}
	if _, err := l.Exact(t.Context(), ref, history.Moment{Position: event.Position{Chain: l.at[0].Chain, Segment: l.at[1].Segment, Offset: l.at[1].Offset + 1, Length: 9}}); status(err) != http.StatusNotFound {
		t.Errorf("between two facts: %v", err)
	}
	future := l.at[3]
	future.Segment += 1000
	if _, err := l.At(t.Context(), ref, history.Moment{Position: future}); problem.From(err).Status != http.StatusBadRequest {
		t.Errorf("a position that is not reached: %v", err)
	}
	none := ref
	none.ID = "none"
	if _, err := l.At(t.Context(), none, history.Moment{Sequence: 1}); status(err) != http.StatusNotFound {
		t.Errorf("never there: %v", err)
	}
}

// What a database of the same name held before belongs to nobody.
func TestADatabaseHidesTheOneBefore(t *testing.T) {
	l := newLife(t)
	l.Append("shop", event.DatabaseAggregate("shop"), event.Deletes, writes.DatabaseFact{Database: "shop"})
	if _, _, err := l.Page(t.Context(), ref, event.Position{}, 9); status(err) != http.StatusNotFound {
		t.Errorf("deleted database: %v", err)
	}
	l.Database("shop")
	if _, _, err := l.Page(t.Context(), ref, event.Position{}, 9); status(err) != http.StatusNotFound {
		t.Errorf("new database: %v", err)
	}
	l.fact(event.Creates, map[string]any{"n": 5})
	list, next, err := l.Page(t.Context(), ref, event.Position{}, 9)
	if err != nil || len(list) != 1 || !next.IsZero() {
		t.Errorf("%v %v %v", list, next, err)
	}
	if _, err := l.At(t.Context(), ref, history.Moment{Sequence: 4}); status(err) != http.StatusNotFound {
		t.Errorf("of the life before: %v", err)
	}
	if _, _, err := l.Page(t.Context(), ref, l.at[3], 9); !errors.Is(err, history.ErrNotHere) {
		t.Errorf("a place in the life before: %v", err)
	}
}
