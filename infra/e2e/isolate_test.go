package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/process"
)

// Each function as a process of its own that lives for a moment: stopped hundreds
// of times under load, nothing is lost and nothing is done twice.
func TestIsolatedFunctionsAreStoppedUnderLoad(t *testing.T) {
	t.Parallel()
	const stops = 200
	program, err := process.BuildPlain(t.Context(), stage.project, t.TempDir()) // hundreds of starts
	if err != nil {
		t.Fatal(err)
	}
	w := ownWorldOf(t, program, "ISOLATE", "idle=500ms,life=700ms")
	db := w.database(t)
	product(w.asBFF(t), db)
	l := newLoad(w, db)
	ctx, cancel := context.WithCancel(t.Context())
	working := l.run(ctx, 8)
	for stopped(t, w) < stops && !t.Failed() {
		more(t, l, 20)
	}
	cancel()
	working.Wait()
	l.check(t, w)
	t.Logf("%d commands accepted, %d functions stopped", l.count(), stopped(t, w))
}

// stopped counts the orderly ends of function processes; another end of one is an
// error.
func stopped(t *testing.T, w *world) int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(w.config.Data, "host.log"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(log), `"msg":"function ended"`); n > 0 {
		t.Errorf("%d functions died", n)
	}
	return strings.Count(string(log), `"msg":"function stopped"`)
}
