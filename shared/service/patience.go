package service

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// patience is how long a server waits for the bytes of a request's body: grace in
// all, and what rate (bytes a second) earns beyond it. Only time spent waiting for
// the client counts, so a large file may take hours while a trickle ends soon.
type patience struct {
	grace time.Duration
	rate  int64
}

// usual lets a phone on a bad line through: 8 KiB a second after 20 s.
var usual = patience{grace: 20 * time.Second, rate: 8 << 10}

// handler bounds the bodies of the requests that next serves.
func (p patience) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		// The deadline also ends what the server itself reads of a body that no
		// handler wanted.
		if r.Body == nil || r.Body == http.NoBody || control.SetReadDeadline(time.Now().Add(p.grace)) != nil {
			next.ServeHTTP(w, r)
			return
		}
		bounded := r.WithContext(r.Context())
		bounded.Body = &body{ReadCloser: r.Body, patience: p, control: control}
		next.ServeHTTP(w, bounded)
	})
}

// body is a request's body that fails with os.ErrDeadlineExceeded when the client
// is too slow.
type body struct {
	io.ReadCloser
	patience
	control *http.ResponseController
	read    int64         // bytes
	waited  time.Duration // for them
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	begin := time.Now()
	earned := time.Duration(b.read/b.rate) * time.Second
	if err := b.control.SetReadDeadline(begin.Add(b.grace + earned - b.waited)); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.read += int64(n)
	b.waited += time.Since(begin)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		// From the body's end on the server watches the connection: a deadline
		// would look as if the client had gone.
		b.control.SetReadDeadline(time.Time{}) // the connection may be gone already
	}
	return n, err
}
