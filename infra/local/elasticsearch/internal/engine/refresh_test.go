package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/search"
)

func TestSearchIsDelayedGetIsNot(t *testing.T) {
	e, clock := newTestEngine(t, "")
	i := mustCreate(t, e, "i", `{"settings":{"refresh_interval":"1s"}}`)
	write(t, e, Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{"v":1}`})
	if got, err := e.Get("i", "a", "", true); err != nil || got.Record == nil {
		t.Errorf("realtime get: %+v %v", got, err)
	}
	if got, err := e.Get("i", "a", "", false); err != nil || got.Record != nil {
		t.Errorf("get of what searches see: %+v %v", got, err)
	}
	if n := hits(t, e, "i"); n != 0 {
		t.Errorf("%d hits at once", n)
	}
	clock.Advance(999 * time.Millisecond)
	if n := hits(t, e, "i"); n != 0 {
		t.Errorf("%d hits before the interval", n)
	}
	clock.Advance(time.Millisecond)
	if n := hits(t, e, "i"); n != 1 {
		t.Errorf("%d hits after the interval", n)
	}
	write(t, e, Op{Action: DeleteDoc, Index: "i", ID: "a"})
	if n := hits(t, e, "i"); n != 1 {
		t.Errorf("%d hits right after the delete", n)
	}
	e.Refresh(i)
	if n := hits(t, e, "i"); n != 0 {
		t.Errorf("%d hits after the refresh", n)
	}
}

func TestNoRefreshInterval(t *testing.T) {
	e, clock := newTestEngine(t, "")
	i := mustCreate(t, e, "i", `{"settings":{"refresh_interval":"-1"}}`)
	write(t, e, Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`})
	clock.Advance(time.Hour)
	if n := hits(t, e, "i"); n != 0 {
		t.Errorf("%d hits without refresh", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	op := Op{Action: IndexDoc, Index: "i", ID: "b", Source: `{}`, VersionType: Internal}
	if _, err := e.Write(ctx, []*Op{&op}, RefreshWait); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait_for returned %v", err)
	}
	e.Refresh(i)
	if n := hits(t, e, "i"); n != 2 {
		t.Errorf("%d hits after the refresh", n)
	}
}

func TestWaitForEndsWithTheRefresh(t *testing.T) {
	e, _ := newTestEngine(t, "")
	i := mustCreate(t, e, "i", `{"settings":{"refresh_interval":"-1"}}`)
	done := make(chan error)
	go func() {
		op := Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`, VersionType: Internal}
		_, err := e.Write(t.Context(), []*Op{&op}, RefreshWait)
		done <- err
	}()
	for {
		e.Refresh(i)
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			if n := hits(t, e, "i"); n != 1 {
				t.Errorf("%d hits", n)
			}
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestInterruptEndsWaiting(t *testing.T) {
	e, _ := newTestEngine(t, "")
	mustCreate(t, e, "i", `{"settings":{"refresh_interval":"-1"}}`)
	e.Interrupt()
	op := Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`, VersionType: Internal}
	if _, err := e.Write(t.Context(), []*Op{&op}, RefreshWait); !errors.Is(err, errEnding) {
		t.Errorf("got %v", err)
	}
}

// TestPointInTime shows that a point in time outlives updates and compaction.
func TestPointInTime(t *testing.T) {
	e, clock := newTestEngine(t, "")
	i := mustCreate(t, e, "i", "")
	bulk := func(from, n int, source string) {
		ops := make([]*Op, n)
		for k := range ops {
			ops[k] = &Op{Action: IndexDoc, Index: "i", ID: itoa(from + k), Source: source, VersionType: Internal}
		}
		if _, err := e.Write(t.Context(), ops, RefreshNow); err != nil {
			t.Fatal(err)
		}
	}
	bulk(0, 100, `{"k":"old"}`)
	id, _, bad := e.OpenPIT(Expression{Names: []string{"i"}}, "1m")
	if bad != nil {
		t.Fatal(bad)
	}
	before := i.store
	for round := range 11 {
		bulk(0, 2000, `{"k":"new`+itoa(round)+`"}`)
	}
	if i.store == before {
		t.Fatal("no compaction took place")
	}
	count := func() (n int) {
		err := e.SearchPIT(id, "", func(r []*search.Reader) { n, _, _ = search.Count(search.All(), r) })
		if err != nil {
			return -err.Status
		}
		return n
	}
	if n := count(); n != 100 {
		t.Errorf("the point in time sees %d", n)
	}
	if n := hits(t, e, "i"); n != 2000 {
		t.Errorf("a search sees %d", n)
	}
	clock.Advance(61 * time.Second)
	if n := count(); n != -404 {
		t.Errorf("the expired point in time gives %d", n)
	}
}
