// Package isolate runs a function as a process of its own, as a cluster that
// scales to zero does: started by the first request, ended when nothing comes,
// replaced when it dies. What calls the function sees one HTTP handler.
//
//	unit.go   the handler: which process gets a request
//	child.go  one process: start, readiness, drain, death
package isolate

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"sync"
	"time"
)

// Config says how one function runs.
type Config struct {
	Name string
	// Command makes a process that listens on a port of 127.0.0.1, answers /readyz
	// and drains on SIGTERM.
	Command func(port int) *exec.Cmd
	Idle    time.Duration // a process without a request for so long is ended; default 10 s
	Life    time.Duration // a process of this age is replaced, at work or not; 0 is never
	Start   time.Duration // limit until a process answers; default 20 s
	Drain   time.Duration // limit of an orderly end, then it is killed; default 30 s
	Logger  *slog.Logger
}

// Unit is one function. It is an http.Handler.
type Unit struct {
	Config

	proxy     *httputil.ReverseProxy
	transport *http.Transport
	processes sync.WaitGroup

	mu      sync.Mutex
	current *child // gets the requests; nil if none runs
	closed  bool
}

// errClosed is the answer after Close.
var errClosed = errors.New("the host is stopping")

// tries bounds how often a request looks for a process that takes it.
const tries = 5

// New makes a function that does not run yet.
func New(c Config) *Unit {
	c.Idle, c.Start, c.Drain = cmp.Or(c.Idle, 10*time.Second), cmp.Or(c.Start, 20*time.Second), cmp.Or(c.Drain, 30*time.Second)
	// A kept connection to a process that ends would lose a request; a new one to a
	// process on the same machine costs little.
	u := &Unit{Config: c, transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	u.proxy = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: c.Name})
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
		Transport:     u,
		FlushInterval: -1,
		ErrorHandler:  u.failed,
		ErrorLog:      slog.NewLogLogger(c.Logger.Handler(), slog.LevelDebug),
	}
	return u
}

// ServeHTTP implements http.Handler.
func (u *Unit) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.proxy.ServeHTTP(w, r) }

// failed answers for a function that could not. The request may have had its
// effect: whoever repeats it with the same id or key has it once.
func (u *Unit) failed(w http.ResponseWriter, r *http.Request, err error) {
	u.Logger.WarnContext(r.Context(), "a function does not answer", "function", u.Name, "path", r.URL.Path, "error", err)
	w.Header().Set("Retry-After", "1")
	http.Error(w, "function "+u.Name+": "+err.Error()+"; repeat the request", http.StatusServiceUnavailable)
}

// RoundTrip implements http.RoundTripper: it sends a request to a process that
// takes it. A process that could not be reached has seen nothing of the request.
func (u *Unit) RoundTrip(r *http.Request) (*http.Response, error) {
	for try := 1; ; try++ {
		c, err := u.acquire(r.Context())
		if err != nil {
			return nil, err
		}
		out := r.Clone(r.Context())
		out.URL.Host = c.address
		if r.Body != nil {
			out.Body = io.NopCloser(whole(r)) // a failed dial closes it; the proxy closes the real one
		}
		resp, err := u.transport.RoundTrip(out)
		if err == nil {
			resp.Body = releasing(resp.Body, func() { u.release(c) })
			return resp, nil
		}
		u.release(c)
		if dial := (*net.OpError)(nil); !errors.As(err, &dial) || dial.Op != "dial" || try == tries {
			return nil, err
		}
		u.retire(c)
	}
}

// whole reads a body to its length and not once more: a transport looks behind
// the end, and the server that the body comes from refuses that when the answer
// has begun.
func whole(r *http.Request) io.Reader {
	if r.ContentLength < 0 {
		return r.Body
	}
	return io.LimitReader(r.Body, r.ContentLength)
}

// acquire gives the process for a request, started if need be.
func (u *Unit) acquire(ctx context.Context) (*child, error) {
	u.mu.Lock()
	if u.closed {
		u.mu.Unlock()
		return nil, errClosed
	}
	c := u.current
	if c == nil {
		c = u.start()
		u.current = c
	}
	c.requests++
	u.mu.Unlock()
	select {
	case <-c.ready:
	case <-c.ended:
	case <-ctx.Done():
		u.release(c)
		return nil, ctx.Err()
	}
	if err := c.failure(); err != nil {
		u.release(c)
		u.retire(c)
		return nil, err
	}
	return c, nil
}

func (u *Unit) release(c *child) {
	u.mu.Lock()
	defer u.mu.Unlock()
	c.requests--
	c.used = time.Now()
}

// retire lets the next request start another process, and ends this one.
func (u *Unit) retire(c *child) {
	u.mu.Lock()
	if u.current == c {
		u.current = nil
	}
	u.mu.Unlock()
	c.retire()
}

// due reports whether a process has to go: idle, or too old.
func (u *Unit) due(c *child, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.Life > 0 && now.Sub(c.born) >= u.Life {
		return true
	}
	return c.requests == 0 && now.Sub(c.used) >= u.Idle
}

// Close ends the process and waits.
func (u *Unit) Close() {
	u.mu.Lock()
	u.closed = true
	c := u.current
	u.mu.Unlock()
	if c != nil {
		u.retire(c)
	}
	u.processes.Wait()
}

// releasing calls a function when a body is closed. The body of a switched
// protocol stays writable.
func releasing(body io.ReadCloser, release func()) io.ReadCloser {
	r := &released{ReadCloser: body, release: sync.OnceFunc(release)}
	if w, ok := body.(io.Writer); ok {
		return struct {
			*released
			io.Writer
		}{r, w}
	}
	return r
}

type released struct {
	io.ReadCloser
	release func()
}

func (r *released) Close() error {
	defer r.release()
	return r.ReadCloser.Close()
}
