package ingest_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
)

// An upload that was silent for too long is taken over. Whatever it has done by
// then and whatever the other one does, it publishes nothing, its client is told
// so, and nothing of it stays.
func TestATakeoverAtEveryMoment(t *testing.T) {
	for _, moment := range []string{"before the first byte", "while it sends", "after the last byte"} {
		for progress, other := range map[string]func(w *world, u *ingest.Upload){
			"has begun": func(*world, *ingest.Upload) {},
			"has failed": func(w *world, u *ingest.Upload) {
				u.Abort(w.t.Context(), errors.New("the client went away"))
			},
			"has sent its file": func(w *world, u *ingest.Upload) {
				if err := u.Receive(w.t.Context(), "t.csv", strings.NewReader(file), things); err != nil {
					w.t.Error(err)
				}
			},
			"has published": func(w *world, u *ingest.Upload) {
				if err := u.Receive(w.t.Context(), "t.csv", strings.NewReader(file), things); err != nil {
					w.t.Error(err)
				}
				if _, err := u.Finish(w.t.Context(), things); err != nil {
					w.t.Error(err)
				}
			},
		} {
			t.Run(moment+", the other one "+progress, func(t *testing.T) {
				w := newWorld(t)
				takeOver := func(now string) {
					if now != moment {
						return
					}
					w.pass(datasets.Alive)
					u, err := w.another().Begin(t.Context(), target("k"))
					if err != nil {
						t.Error(err)
						return
					}
					other(w, u)
				}
				u, err := w.Begin(t.Context(), target("k"))
				if err != nil {
					t.Fatal(err)
				}
				takeOver("before the first byte")
				content := io.MultiReader(strings.NewReader("id,n\n"), then(func() { takeOver("while it sends") }), strings.NewReader("first,1\n"))
				err = u.Receive(t.Context(), "t.csv", content, things)
				if err == nil {
					takeOver("after the last byte")
					_, err = u.Finish(t.Context(), things)
				}
				refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS")
				u.Abort(t.Context(), err)

				w.reconcile()
				if r := w.put("k", file); r.Version.Number != 1 || w.read(r.Version) != file {
					t.Errorf("%+v", r)
				}
				w.is(clean)
			})
		}
	}
}

// A branch that is made after the takeover goes, whatever ends its upload.
func TestALateUploadThatBreaksOff(t *testing.T) {
	w := newWorld(t)
	u, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	w.pass(datasets.Alive)
	w.put("k", file)
	err = u.Receive(t.Context(), "t.csv", io.MultiReader(strings.NewReader("a,b\n"), iotest.ErrReader(errLost)), things)
	refused(t, err, 400, "")
	u.Abort(t.Context(), err)
	w.is(clean)
}

// passing lets time pass before each byte.
type passing struct {
	io.ReadCloser
	pass func()
}

func (p passing) Read(b []byte) (int, error) {
	p.pass()
	return p.ReadCloser.Read(b[:1])
}

// Reading a file again, with settings that came after it, may take long too.
func TestAFileThatIsReadAgainSlowly(t *testing.T) {
	w := newWorld(t)
	w.detour(detour{get: func(body io.ReadCloser) (io.ReadCloser, error) {
		return passing{body, func() {
			w.pass(datasets.Alive / 2)
			if done, err := w.Reconcile(t.Context(), 10); err != nil || done != (ingest.Reconciled{}) {
				t.Errorf("the reconciler touches it: %+v, %v", done, err)
			}
		}}, nil
	}})
	if _, err := w.upload("k", file, ingest.Settings{}, ingest.Settings{Name: "things", Delimiter: ','}); err != nil {
		t.Error(err)
	}
	w.is(clean)
}

// It is taken over while it is read again.
func TestATakeoverWhileAFileIsReadAgain(t *testing.T) {
	w := newWorld(t)
	taken := false
	w.detour(detour{get: func(body io.ReadCloser) (io.ReadCloser, error) {
		return passing{body, func() {
			if !taken {
				taken = true
				w.pass(datasets.Alive)
				if err := send(t.Context(), w.another(), "k", file); err != nil {
					t.Error(err)
				}
			}
		}}, nil
	}})
	_, err := w.upload("k", file, ingest.Settings{}, ingest.Settings{Name: "things", Delimiter: ','})
	refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS")
	w.is(clean)
}
