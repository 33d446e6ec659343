package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
)

var things = ingest.Settings{Name: "things"}

// send does with a file what the API of a process does.
func send(ctx context.Context, s *ingest.Service, key, content string) error {
	u, err := s.Begin(ctx, target(key))
	if err != nil {
		return err
	}
	if err = u.Receive(ctx, "t.csv", strings.NewReader(content), things); err == nil {
		_, err = u.Finish(ctx, things)
	}
	if err != nil {
		u.Abort(ctx, err)
	}
	return err
}

// then is a reader that does something when it is reached and gives nothing.
func then(f func()) io.Reader {
	return readerFunc(func([]byte) (int, error) { f(); return 0, io.EOF })
}

type readerFunc func(b []byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// Whenever another request takes an upload over, the first one hears of it and
// leaves nothing behind.
func TestTheFirstOfTwoHearsOfTheSecond(t *testing.T) {
	const mine = "id,n\nx,7\n"
	for when, upload := range map[string]func(w *world, takeOver func()) error{
		"before the file": func(w *world, takeOver func()) error {
			u, err := w.Begin(w.t.Context(), target("k"))
			if err != nil {
				return err
			}
			takeOver()
			return rest(w, u, strings.NewReader(mine), func() {})
		},
		"in the middle of the file": func(w *world, takeOver func()) error {
			_, err := w.receive("k", io.MultiReader(strings.NewReader(mine[:6]), then(takeOver), strings.NewReader(mine[6:])), things, things)
			return err
		},
		"while the lake stores the file": func(w *world, takeOver func()) error {
			taken := false
			w.detour(detour{upload: func(content io.Reader, send func(io.Reader) (lake.Uploaded, error)) (lake.Uploaded, error) {
				all, err := io.ReadAll(content)
				if err != nil {
					return lake.Uploaded{}, err
				}
				if !taken {
					taken = true
					takeOver()
				}
				return send(bytes.NewReader(all))
			}})
			_, err := w.receive("k", strings.NewReader(mine), things, things)
			return err
		},
		"after the file": func(w *world, takeOver func()) error {
			u, err := w.Begin(w.t.Context(), target("k"))
			if err != nil {
				return err
			}
			return rest(w, u, strings.NewReader(mine), takeOver)
		},
	} {
		t.Run(when, func(t *testing.T) {
			w := newWorld(t)
			err := upload(w, func() {
				w.pass(datasets.Alive)
				if err := send(t.Context(), w.another(), "k", file); err != nil {
					t.Error(err)
				}
			})
			if p := refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS"); p.RetryAfter <= 0 {
				t.Error("the client does not hear when to come again")
			}
			w.is(clean)
			if r := w.put("k", file); !r.Replayed || w.read(r.Version) != file {
				t.Errorf("%+v", r)
			}
		})
	}
}

// rest does what follows the beginning of an upload.
func rest(w *world, u *ingest.Upload, content io.Reader, afterFile func()) error {
	ctx := w.t.Context()
	err := u.Receive(ctx, "t.csv", content, things)
	if err == nil {
		afterFile()
		_, err = u.Finish(ctx, things)
	}
	if err != nil {
		u.Abort(ctx, err)
	}
	return err
}

// The second request has only begun: the first may not publish all the same.
func TestASecondRequestThatHasOnlyBegun(t *testing.T) {
	w := newWorld(t)
	first, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	var second *ingest.Upload
	err = rest(w, first, strings.NewReader("a\nfirst\n"), func() {
		w.pass(datasets.Alive)
		if second, err = w.another().Begin(t.Context(), target("k")); err != nil {
			t.Fatal(err)
		}
	})
	refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS")
	w.is("0 versions, 0 outbox rows, 1 untidy, 0 branches")
	if err := rest(w, second, strings.NewReader(file), func() {}); err != nil {
		t.Fatal(err)
	}
	w.is(clean)
}

// The branch of an attempt that could not be removed goes with a later one.
func TestBranchesOfEarlierAttemptsGo(t *testing.T) {
	breakOff := func(w *world, status int) {
		w.t.Helper()
		_, err := w.receive("k", io.MultiReader(strings.NewReader("a,b\n"), iotest.ErrReader(errors.New("reset"))), things, things)
		refused(w.t, err, status, "")
	}
	for how, end := range map[string]struct {
		do   func(w *world)
		want string
	}{
		"with a success": {func(w *world) { w.put("k", file) }, clean},
		"with a failure": {func(w *world) { breakOff(w, 400) }, "0 versions, 0 outbox rows, 0 untidy, 0 branches"},
		"by the reconciler": {func(w *world) {
			if _, err := w.Begin(w.t.Context(), target("k")); err != nil {
				w.t.Fatal(err)
			}
			w.pass(2 * datasets.Alive)
			if _, err := w.Reconcile(w.t.Context(), 10); err != nil {
				w.t.Fatal(err)
			}
		}, "0 versions, 0 outbox rows, 0 untidy, 0 branches"},
	} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			broken := true
			w.detour(detour{deleteBranch: func(string) error {
				if broken {
					return errLost
				}
				return nil
			}})
			breakOff(w, 400)
			breakOff(w, 503) // the first branch is in the way
			w.is("0 versions, 0 outbox rows, 1 untidy, 1 branches")
			broken = false
			end.do(w)
			w.is(end.want)
		})
	}
}

func TestOneKeyManyTimesAtOnce(t *testing.T) {
	w := newWorld(t)
	errs := make([]error, 6)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = send(t.Context(), w.another(), "k", file) })
	}
	group.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS")
	}
	if done == 0 {
		t.Error("no request won")
	}
	w.pass(2 * datasets.Alive) // replays may have tidied up in each other's way
	if _, err := w.Reconcile(t.Context(), 10); err != nil {
		t.Error(err)
	}
	w.is(clean)
}

func TestManyUploadsAtOnce(t *testing.T) {
	const many = 6
	w := newWorld(t)
	var group sync.WaitGroup
	for i := range many {
		group.Go(func() {
			if err := send(t.Context(), w.another(), fmt.Sprint(i), fmt.Sprintf("%sx,%d\n", file, i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	w.pass(2 * datasets.Alive)
	if _, err := w.Reconcile(t.Context(), 10); err != nil {
		t.Error(err)
	}
	w.is(fmt.Sprintf("%d versions, %d outbox rows, 0 untidy, 0 branches", many, many+1))
	list, err := w.Store.List(t.Context(), "shop", "main")
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	versions, err := w.Store.Versions(t.Context(), list[0].ID, many, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i, v := range versions {
		if v.Number != many-i {
			t.Errorf("version %d has the number %d", many-i, v.Number)
		}
		seen[w.read(v)] = true
	}
	if len(seen) != many {
		t.Errorf("%d files of %d", len(seen), many)
	}
}

// A client that is gone does not keep its upload from being cleaned up.
func TestAClientThatIsGone(t *testing.T) {
	w := newWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	u, err := w.Begin(ctx, target("k"))
	if err != nil {
		t.Fatal(err)
	}
	content := io.MultiReader(strings.NewReader(file), then(leave), iotest.ErrReader(context.Canceled))
	err = u.Receive(ctx, "t.csv", content, things)
	refused(t, err, 400, "")
	u.Abort(ctx, err)
	w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
	w.put("k", file)
	w.is(clean)
}

// problemOf finds what a client is told, for messages of tests.
func problemOf(err error) string {
	if p, ok := problem.AsProblem(err); ok {
		return fmt.Sprint(p.Status, " ", p.Message.EN)
	}
	return fmt.Sprint(err)
}
