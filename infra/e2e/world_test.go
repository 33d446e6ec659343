package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/infra/e2e/process"
)

// waitSeconds is how long a write may take until it has its outcome; on a loaded
// machine much may happen in between.
const waitSeconds = 60

// caughtUpWithin is how long projections may take, on such a machine, to show what
// was written.
const caughtUpWithin = 2 * time.Minute

// world is a running host and the ways to it.
type world struct {
	config process.Config
	host   *process.Host
	bff    *client.Client
	oms    *client.Client
	funnel *client.Client
	index  *pgxpool.Pool // what the host's PostgreSQL holds, for the checks

	endServers func() error // of the real servers, if it has some
}

// open starts a host on a data folder, a new one or one that was used before.
func open(data string, env map[string]string) (*world, error) {
	program, err := stage.program()
	if err != nil {
		return nil, err
	}
	return openProgram(program, data, env)
}

func openProgram(program, data string, env map[string]string) (*world, error) {
	w := &world{config: process.Config{Program: program, Project: stage.project, Data: data, Env: env}}
	var err error
	if w.endServers, err = w.config.UseRealServers(context.Background()); err != nil {
		return nil, err
	}
	if err := w.start(); err != nil {
		return nil, errors.Join(err, w.endServers())
	}
	return w, nil
}

func (w *world) start() (err error) {
	if w.host, err = process.Start(context.Background(), w.config); err != nil {
		return err
	}
	token := w.host.Env["ADMIN_TOKEN"]
	w.bff, w.oms = client.New(w.host.URL("BFF_PORT"), token), client.New(w.host.URL("OMS_PORT"), token)
	w.funnel = client.New(w.host.URL("FUNNEL_PORT"), token)
	w.index, err = pgxpool.New(context.Background(), w.host.Env["POSTGRES_URL"])
	return err
}

// leave gives up the connections to a host that ends or was killed.
func (w *world) leave() {
	w.bff.Close()
	w.oms.Close()
	w.funnel.Close()
	w.index.Close()
}

func (w *world) stop() error {
	w.leave()
	return w.host.Stop()
}

// end stops the host for good.
func (w *world) end() error { return errors.Join(w.stop(), w.endServers()) }

// sharedWorld gives the host that most tests use.
func sharedWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w, err := stage.shared()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// ownWorld gives a test a host of its own, with settings of its own: pairs of
// name and value.
func ownWorld(t *testing.T, pairs ...string) *world {
	t.Helper()
	program, err := stage.program()
	if err != nil {
		t.Fatal(err)
	}
	return ownWorldOf(t, program, pairs...)
}

// ownWorldOf runs another build of the program.
func ownWorldOf(t *testing.T, program string, pairs ...string) *world {
	t.Helper()
	folder, err := os.MkdirTemp(stage.folder, "own-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(folder, 0o711); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	w, err := openProgram(program, filepath.Join(folder, "data"), env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.end(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// api is an API as a test calls it: what cannot be sent ends the test.
type api struct {
	*client.Client
	t *testing.T
}

func (w *world) asBFF(t *testing.T) api { return api{w.bff, t} }
func (w *world) asOMS(t *testing.T) api { return api{w.oms, t} }

func (w *world) asFunnel(t *testing.T) api { return api{w.funnel, t} }

// call sends a request that must be answered with a status. A read waits some
// seconds for what it wants to see and then asks to be repeated: as any client
// does, call repeats it.
func (a api) call(status int, method, path string, body any, options ...client.Option) *client.Response {
	a.t.Helper()
	var r *client.Response
	for end := time.Now().Add(caughtUpWithin); ; {
		var err error
		if r, err = a.Do(a.t.Context(), method, path, body, options...); err != nil {
			a.t.Fatalf("%s %s: %v", method, path, err)
		}
		if r.Status == status || r.Text("code") != "READ_BEHIND" || time.Now().After(end) {
			break
		}
	}
	if r.Status != status {
		a.t.Fatalf("%s %s: want %d, got %s", method, path, status, r)
	}
	return r
}

// write sends a write, waits for its outcome and checks it.
func (a api) write(outcome, method, path string, body any, options ...client.Option) *client.Response {
	a.t.Helper()
	r := a.call(200, method, path, body, append(options, client.Wait(waitSeconds))...)
	if got := r.Text("status"); got != outcome {
		a.t.Fatalf("%s %s: want %s, got %s", method, path, outcome, r)
	}
	return r
}

func (a api) done(method, path string, body any, options ...client.Option) *client.Response {
	a.t.Helper()
	return a.write("COMPLETED", method, path, body, options...)
}

// serial numbers the databases of a run.
var serial atomic.Int64

// databaseName gives a name that no other test has.
func databaseName(t *testing.T) string {
	name := strings.ToLower(strings.NewReplacer("Test", "", "/", "").Replace(t.Name()))
	return fmt.Sprintf("%.36s-%d", strings.TrimFunc(name, func(r rune) bool { return r < 'a' || r > 'z' }), serial.Add(1))
}

// database makes a database for a test. When the test is over, nothing of it may
// be left undone.
func (w *world) database(t *testing.T) string {
	t.Helper()
	name := databaseName(t)
	w.asBFF(t).done("POST", "/api/v1/databases", object{"name": name})
	t.Cleanup(func() { assertHealthy(t, w, name) })
	return name
}

// object and list are JSON.
type (
	object = map[string]any
	list   = []any
)

// eventually polls until a condition holds. The condition says what is missing,
// "" for nothing.
func eventually(t *testing.T, within time.Duration, condition func() string) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		missing := condition()
		if missing == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", within, missing)
		}
	}
}
