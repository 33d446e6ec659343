package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
)

// Something on the way to the lake sends every call twice; nobody notices.
func TestCallsThatAreDoneTwice(t *testing.T) {
	w := newWorld(t)
	w.detour(detour{twice: true})
	r := w.put("k", file)
	w.is(clean)
	if w.read(r.Version) != file {
		t.Error("the version holds another file")
	}
	head, err := w.lake.Head(t.Context(), "raw", r.Version.Commit)
	if err != nil || head.Metadata["ingest_request_id"] != r.Version.Request.String() {
		t.Errorf("the version cites %+v, %v", head, err)
	}
}

// A connection that ends is not the end of the file.
func TestALakeThatHangsUpIsNotBlamedOnTheFile(t *testing.T) {
	hangUp := fmt.Errorf("lakefs: upload: %w", io.EOF)
	for name, read := range map[string]int64{"at once": 0, "in a quoted field": 12, "in the header": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			broken := true
			w.detour(detour{upload: func(content io.Reader, send func(io.Reader) (lake.Uploaded, error)) (lake.Uploaded, error) {
				if !broken {
					return send(content)
				}
				_, err := io.CopyN(io.Discard, content, read)
				return lake.Uploaded{}, errors.Join(err, hangUp)
			}})
			const content = "id,text\na,\"one\ntwo\"\n"
			_, err := w.upload("k", content, things, things)
			refused(t, err, 503, "")
			w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
			broken = false
			w.put("k", content)
			w.is(clean)
		})
	}
}

// The lake fails while the file is read again, with settings that came late.
func TestTheFileCannotBeReadAgain(t *testing.T) {
	w := newWorld(t)
	fail := func(body io.ReadCloser) (io.ReadCloser, error) { body.Close(); return nil, errLost }
	cut := func(body io.ReadCloser) (io.ReadCloser, error) {
		return struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(body, 6), iotest.ErrReader(errLost)), body}, nil
	}
	var get func(io.ReadCloser) (io.ReadCloser, error)
	w.detour(detour{get: func(body io.ReadCloser) (io.ReadCloser, error) { return get(body) }})
	for _, get = range []func(io.ReadCloser) (io.ReadCloser, error){fail, cut} {
		_, err := w.upload("k", file, ingest.Settings{}, ingest.Settings{Name: "things", NoHeader: true})
		refused(t, err, 503, "")
		w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
	}
	get = func(body io.ReadCloser) (io.ReadCloser, error) { return body, nil }
	r, err := w.upload("k", file, ingest.Settings{}, ingest.Settings{Name: "things", NoHeader: true})
	if err != nil || r.Version.RowCount != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	w.is(clean)
}

// A full disk can show at every call that writes.
func TestNoSpaceLeft(t *testing.T) {
	w := newWorld(t)
	for _, call := range []string{"EnsureRepository", "CreateBranch", "Upload", "Commit"} {
		w.lake.call, w.lake.err = call, fmt.Errorf("%w: %w", lake.ErrFull, &lake.Error{Op: call, Status: 500, Message: "no space left on device"})
		_, err := w.upload("k", file, things, things)
		if p := refused(t, err, 507, ""); p.Hint == nil || p.Retryable() {
			t.Errorf("%s: %+v", call, p)
		}
		w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
	}
	w.put("k", file)
	w.is(clean)
}

// breakRegistry makes a step of the registry fail until mend is called.
func (w *world) breakRegistry(trigger string) (mend func()) {
	w.t.Helper()
	do := func(sql string) {
		w.t.Helper()
		if _, err := w.Store.Pool.Exec(w.t.Context(), sql); err != nil {
			w.t.Fatal(err)
		}
	}
	do(`create function broken() returns trigger language plpgsql as $$ begin raise 'the registry is broken'; end $$`)
	do(`create trigger broken before ` + trigger + ` execute function broken()`)
	return func() {
		w.t.Helper()
		do(`drop function broken() cascade`)
	}
}

// Whatever the registry does not take, the same request can be sent again at once.
func TestTheRegistryFails(t *testing.T) {
	const nothing = "0 versions, 0 outbox rows, 0 untidy, 0 branches"
	for trigger, c := range map[string]struct{ failed, reconciled string }{
		`insert on spice_datasets.ingest_requests for each row`:                                           {nothing, nothing},
		`update on spice_datasets.ingest_requests for each row when (new.status = 'RAW_COMMITTED')`:       {nothing, nothing},
		`insert on spice_datasets.dataset_versions for each row`:                                          {"0 versions, 0 outbox rows, 1 untidy, 1 branches", clean},
		`insert on spice_outbox.outbox for each row when (new.envelope is not null)`:                      {"0 versions, 0 outbox rows, 1 untidy, 1 branches", clean},
		`update on spice_datasets.ingest_requests for each row when (new.status = 'PUBLISHED')`:           {"0 versions, 0 outbox rows, 1 untidy, 1 branches", clean},
		`update of merged_at on spice_datasets.ingest_requests for each row when (new.merged_at notnull)`: {"1 versions, 2 outbox rows, 1 untidy, 0 branches", clean},
	} {
		for next, end := range map[string]struct {
			do   func(*world)
			want string
		}{
			"repeated":   {func(w *world) { w.put("k", file) }, clean},
			"reconciled": {func(w *world) { w.reconcile() }, c.reconciled},
		} {
			t.Run(trigger+", "+next, func(t *testing.T) {
				w := newWorld(t)
				mend := w.breakRegistry(trigger)
				_, err := w.upload("k", file, things, things)
				if !strings.HasPrefix(c.failed, "1 versions") {
					refused(t, err, 503, "")
				} else if err != nil {
					t.Fatal(err)
				}
				w.is(c.failed)
				mend()
				end.do(w)
				w.is(end.want)
			})
		}
	}
}

// reconcile lets the time pass that counts as silence, and has everything ended.
func (w *world) reconcile() {
	w.t.Helper()
	w.pass(2 * datasets.Alive)
	if _, err := w.Reconcile(w.t.Context(), 100); err != nil {
		w.t.Error(err)
	}
}

// What the reconciler cannot end does not keep it from the rest, and it takes no
// more than it may.
func TestTheReconcilerGoesOn(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i := range 3 {
		u, err := w.Begin(t.Context(), target(fmt.Sprint(i)))
		if err == nil {
			err = u.Receive(t.Context(), "t.csv", strings.NewReader(file), things)
		}
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, datasets.RequestID("shop", "main", "csv-upload", fmt.Sprint(i)).String())
	}
	bad := true
	w.detour(detour{deleteBranch: func(branch string) error {
		if bad && strings.Contains(branch, ids[1]) {
			return errLost
		}
		return nil
	}})
	w.pass(2 * datasets.Alive)
	done, err := w.Reconcile(t.Context(), 3)
	if want := (ingest.Reconciled{Aborted: 3, Tidied: 2, Failed: 1}); done != want || err == nil || !strings.Contains(err.Error(), ids[1]) || strings.Contains(err.Error(), ids[0]) {
		t.Errorf("%+v, %v", done, err)
	}
	w.is("0 versions, 0 outbox rows, 1 untidy, 1 branches")
	bad = false
	w.reconcile()
	w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")

	for i := range 3 {
		if _, err := w.Begin(t.Context(), target(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	w.pass(2 * datasets.Alive)
	if done, err := w.Reconcile(t.Context(), 2); err != nil || done != (ingest.Reconciled{Aborted: 2, Tidied: 2}) {
		t.Errorf("%+v, %v", done, err)
	}
}

// A restoration that breaks off, or cannot begin, succeeds the next time.
func TestABrokenRestoration(t *testing.T) {
	for name, fail := range map[string]func(*world){
		"the dump cannot be read": func(w *world) { w.Repository.Objects = &away{Objects: w.Repository.Objects} },
		"the process dies": func(w *world) {
			times := 0
			w.detour(detour{restore: func() error {
				if times++; times == 1 {
					return errLost
				}
				return nil
			}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.put("k1", file)
			w.newLake()
			fail(w)
			_, err := w.upload("k2", file+"c,3\n", things, things)
			refused(t, err, 503, "")
			second := w.put("k2", file+"c,3\n")
			if second.Version.Number != 2 || w.read(second.Version) != file+"c,3\n" || w.read(first.Version) != file {
				t.Errorf("%+v", second)
			}
			w.reconcile()
			w.is("2 versions, 3 outbox rows, 0 untidy, 0 branches")
		})
	}
}

// away is a bucket that does not answer the first time.
type away struct {
	ingest.Objects
	asked bool
}

func (a *away) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	if !a.asked {
		a.asked = true
		return nil, errLost
	}
	return a.Objects.Open(ctx, bucket, key)
}
