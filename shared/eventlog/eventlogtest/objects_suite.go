package eventlogtest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"spiceharvester/shared/eventlog"
)

// ObjectsSuite checks an implementation of eventlog.Objects. open gives an
// empty store.
func ObjectsSuite(t *testing.T, open func(*testing.T) eventlog.Objects) {
	t.Run("an object is created once", func(t *testing.T) {
		store := open(t)
		key := "log/v1/000/00000000000000000000"
		if err := store.Create(t.Context(), key, []byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := store.Create(t.Context(), key, []byte("second")); !errors.Is(err, eventlog.ErrExists) {
			t.Errorf("second Create: %v, want ErrExists", err)
		}
		if body, err := store.Get(t.Context(), key); err != nil || string(body) != "first" {
			t.Errorf("Get: %q, %v", body, err)
		}
	})
	t.Run("a missing object is not found", func(t *testing.T) {
		store := open(t)
		if _, err := store.Get(t.Context(), "log/v1/none"); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("Get: %v, want ErrNotFound", err)
		}
		if _, err := store.GetRange(t.Context(), "log/v1/none", 0, 1); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("GetRange: %v, want ErrNotFound", err)
		}
	})
	t.Run("a range is read exactly", func(t *testing.T) {
		store := open(t)
		body := bytes.Repeat([]byte("0123456789"), 1000)
		if err := store.Create(t.Context(), "log/v1/range", body); err != nil {
			t.Fatal(err)
		}
		for _, r := range [][2]int64{{0, 1}, {5, 10}, {9990, 10}, {0, 10000}} {
			got, err := store.GetRange(t.Context(), "log/v1/range", r[0], r[1])
			if want := body[r[0] : r[0]+r[1]]; err != nil || !bytes.Equal(got, want) {
				t.Errorf("GetRange %v: %d bytes, %v", r, len(got), err)
			}
		}
	})
	t.Run("an empty object can be stored", func(t *testing.T) {
		store := open(t)
		if err := store.Create(t.Context(), "log/v1/empty", nil); err != nil {
			t.Fatal(err)
		}
		if body, err := store.Get(t.Context(), "log/v1/empty"); err != nil || len(body) != 0 {
			t.Errorf("Get: %q, %v", body, err)
		}
	})
	t.Run("of many writers one wins", func(t *testing.T) {
		store := open(t)
		for round := range 10 {
			key := fmt.Sprintf("log/v1/race/%d", round)
			var wins atomic.Int32
			var winner atomic.Int32
			var writers sync.WaitGroup
			for writer := range 16 {
				writers.Go(func() {
					err := store.Create(t.Context(), key, fmt.Appendf(nil, "writer %d", writer))
					if err == nil {
						wins.Add(1)
						winner.Store(int32(writer))
					} else if !errors.Is(err, eventlog.ErrExists) {
						t.Errorf("writer %d: %v", writer, err)
					}
				})
			}
			writers.Wait()
			body, err := store.Get(t.Context(), key)
			if want := fmt.Sprintf("writer %d", winner.Load()); wins.Load() != 1 || err != nil || string(body) != want {
				t.Errorf("round %d: %d winners, object %q, want %q (%v)", round, wins.Load(), body, want, err)
			}
		}
	})
}
