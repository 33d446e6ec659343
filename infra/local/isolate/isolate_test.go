package isolate_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/isolate"
	"spiceharvester/shared/service"
)

// TestMain is the function's process when the tests start it.
func TestMain(m *testing.M) {
	if port := os.Getenv("ISOLATE_TEST_PORT"); port != "" {
		os.Exit(function(port))
	}
	os.Exit(m.Run())
}

// function echoes bodies, tells its process id, can die and can be slow.
func function(port string) int {
	if os.Getenv("ISOLATE_TEST_BROKEN") != "" {
		return 3
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return 4
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Write(body)
	})
	mux.HandleFunc("POST /die", func(http.ResponseWriter, *http.Request) { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} })
	mux.HandleFunc("POST /until-drained", func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-ctx.Done() // it is being stopped and yet may finish
		fmt.Fprint(w, "finished")
	})
	ready := func(context.Context) error { return nil }
	if err := service.Serve(ctx, listener, service.WithProbes(mux, ready), slog.New(slog.DiscardHandler)); err != nil {
		return 5
	}
	return 0
}

type world struct {
	t      *testing.T
	server *httptest.Server
	starts atomic.Int32
}

func newWorld(t *testing.T, c isolate.Config, env ...string) *world {
	w := &world{t: t}
	c.Name, c.Logger = "test", slog.New(slog.DiscardHandler)
	c.Command = func(port int) *exec.Cmd {
		w.starts.Add(1)
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "ISOLATE_TEST_PORT="+strconv.Itoa(port))
		command.Env = append(command.Env, env...)
		return command
	}
	unit := isolate.New(c)
	t.Cleanup(unit.Close)
	w.server = httptest.NewServer(unit)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) call(method, path, body string) (int, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func (w *world) alive(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		w.t.Fatalf("%q is no process id", pid)
	}
	return syscall.Kill(n, 0) == nil
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("never: " + what)
		}
	}
}

func TestTheFirstRequestStartsAndIdlenessStops(t *testing.T) {
	w := newWorld(t, isolate.Config{Idle: 200 * time.Millisecond})
	if w.starts.Load() != 0 {
		t.Error("it runs before anybody asked")
	}
	_, pid := w.call("GET", "/pid", "")
	w.until("the idle process ends", func() bool { return !w.alive(pid) })
	if _, again := w.call("GET", "/pid", ""); again == pid {
		t.Error("the same process again")
	}
}

func TestRequestsAtOnceStartOneProcess(t *testing.T) {
	w := newWorld(t, isolate.Config{Idle: time.Hour})
	var calls sync.WaitGroup
	for i := range 20 {
		calls.Go(func() {
			if status, got := w.call("POST", "/echo", fmt.Sprint(i)); status != 200 || got != fmt.Sprint(i) {
				t.Errorf("%d: %d %s", i, status, got)
			}
		})
	}
	calls.Wait()
	if n := w.starts.Load(); n != 1 {
		t.Errorf("%d processes", n)
	}
}

func TestADeadProcessIsReplaced(t *testing.T) {
	w := newWorld(t, isolate.Config{Idle: time.Hour})
	_, pid := w.call("GET", "/pid", "")
	if status, text := w.call("POST", "/die", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "repeat") {
		t.Errorf("the request that it died of: %d %s", status, text)
	}
	// A request that reaches the dying process is refused too.
	w.until("another process answers", func() bool { status, again := w.call("GET", "/pid", ""); return status == 200 && again != pid })
}

func TestAFunctionThatCannotStartIsTold(t *testing.T) {
	w := newWorld(t, isolate.Config{}, "ISOLATE_TEST_BROKEN=1")
	for range 2 {
		if status, text := w.call("GET", "/pid", ""); status != http.StatusServiceUnavailable || !strings.Contains(text, "exit status 3") {
			t.Errorf("%d %s", status, text)
		}
	}
}

func TestWhatIsUnderWayIsFinished(t *testing.T) {
	w := newWorld(t, isolate.Config{Idle: time.Hour, Life: 300 * time.Millisecond})
	if status, text := w.call("POST", "/until-drained", ""); status != 200 || text != "finished" {
		t.Errorf("%d %q", status, text)
	}
}

// Replaced again and again under load, no request is lost or answered twice.
func TestReplacedUnderLoad(t *testing.T) {
	w := newWorld(t, isolate.Config{Idle: time.Hour, Life: 50 * time.Millisecond})
	body := string(bytes.Repeat([]byte("x"), 100_000))
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for w.starts.Load() < 20 {
				if status, got := w.call("POST", "/echo", body); status != 200 || got != body {
					t.Errorf("%d, %d bytes: %.200s", status, len(got), got)
					return
				}
			}
		})
	}
	calls.Wait()
}
