package postgres

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/reexec"
)

func init() { reexec.Register("postgres-launcher", serve) }

type launched struct {
	DSN string
	PID int // of the server
}

// serve is a program that launches a server.
func serve(ctx context.Context, config Config, ready func(launched)) error {
	s, err := Start(ctx, config)
	if err != nil {
		return err
	}
	ready(launched{s.DSN(), s.cmd.Process.Pid})
	<-ctx.Done()
	return s.Stop(context.WithoutCancel(ctx))
}

// waitGone waits until no process has the number. A server that nobody waits for may stay a zombie.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(waitLimit); ; time.Sleep(5 * time.Millisecond) {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if zombie := strings.Contains(string(stat), ") Z "); err != nil && syscall.Kill(pid, 0) != nil || zombie {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func TestTheServerEndsWithAKilledLauncher(t *testing.T) {
	t.Parallel()
	if !endsWithLauncher {
		t.Skip("this system tells a child nothing of its parent's death")
	}
	config := Config{Dir: cluster(t), NoSync: true}
	for round := range 3 {
		launcher, server, err := reexec.Start[Config, launched](t.Context(), "postgres-launcher", config)
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			execute(t, server.DSN, "create table things (round int)")
		}
		expectQuery(t, server.DSN, "select count(*)::text from things", strconv.Itoa(round))
		execute(t, server.DSN, "insert into things values (1)")
		launcher.Kill()
		if round == 0 {
			waitGone(t, server.PID)
		} // else the next start meets the server in its shutdown
	}
	s := startTest(t, config)
	if s.Attached() {
		t.Error("attached to a server that is about to end")
	}
	expectQuery(t, s.DSN(), "select count(*)::text from things", "3")
}

// The kernel tells the server some time after it dropped the launcher's lock; until then its file says "ready".
func TestAServerThatIsAboutToEndIsNotAttachedTo(t *testing.T) {
	t.Parallel()
	if !endsWithLauncher {
		t.Skip("this system tells a child nothing of its parent's death")
	}
	config := Config{Dir: cluster(t), NoSync: true}
	launcher, server, err := reexec.Start[Config, launched](t.Context(), "postgres-launcher", config)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(server.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	launcher.Kill()
	time.AfterFunc(orphanPatience/10, func() { _ = syscall.Kill(server.PID, syscall.SIGCONT) })
	if s := startTest(t, config); s.Attached() || s.Port() == 0 {
		t.Errorf("attached: %v, port %d", s.Attached(), s.Port())
	}
}

func TestAKilledServerRecovers(t *testing.T) {
	t.Parallel()
	config := Config{Dir: cluster(t)} // synced: without, a kill may lose what was committed
	s := startTest(t, config)
	execute(t, s.DSN(), "create table things (name text)")
	execute(t, s.DSN(), "insert into things values ('committed')")
	if err := syscall.Kill(s.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(waitLimit):
		t.Fatal("Done is not closed")
	}
	if err := s.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Stop of a killed server: %v", err)
	}
	s = startTest(t, config)
	expectQuery(t, s.DSN(), "select name from things", "committed")
}

// children are the processes whose parent is pid.
func children(t *testing.T, pid int) (all []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		// "123 (name) S 45 ...": the name may hold anything.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if fields[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			all = append(all, child)
		}
	}
	return all
}

func TestTheNextStartWaitsForOrphans(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the test finds processes in /proc")
	}
	config := Config{Dir: cluster(t), NoSync: true}
	s := startTest(t, config)
	var orphans []int
	for _, pid := range children(t, s.cmd.Process.Pid) {
		// Some end by themselves, such as the one that served the first question.
		if err := syscall.Kill(pid, syscall.SIGSTOP); err == nil {
			orphans = append(orphans, pid)
		} else if !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("stopping %d: %v", pid, err)
		}
	}
	if len(orphans) == 0 {
		t.Fatal("the server has no processes")
	}
	t.Cleanup(func() {
		for _, pid := range orphans { // after a failure none may stay
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
	})
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	_ = s.Stop(t.Context())

	type result struct {
		server *Server
		err    error
	}
	started := make(chan result, 1)
	go func() {
		server, err := Start(t.Context(), config)
		started <- result{server, err}
	}()
	for refused := false; !refused; {
		text, _ := os.ReadFile(s.LogFile())
		refused = strings.Contains(string(text), "pre-existing shared memory block")
		select {
		case r := <-started:
			t.Fatalf("the start did not wait: %v", r.err)
		case <-time.After(pollInterval):
		}
	}
	for _, pid := range orphans {
		if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
			t.Errorf("continuing %d: %v", pid, err)
		}
	}
	r := <-started
	if r.err != nil {
		t.Fatal(r.err)
	}
	stop(t, r.server)
}

// A server without a launcher that does not end was started by other means.
func TestAnOrphanThatStaysIsAttachedTo(t *testing.T) {
	t.Parallel()
	config := Config{Dir: cluster(t), NoSync: true}
	s := startTest(t, config)
	s.lock.Release()
	attached := startTest(t, config)
	if !attached.Attached() || attached.Port() != s.Port() {
		t.Errorf("attached: %v, port %d, want port %d", attached.Attached(), attached.Port(), s.Port())
	}
}

func TestANumberThatAnotherProgramHasNow(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		t.Skip("without /proc a server cannot be told from another program")
	}
	config := Config{Dir: cluster(t), NoSync: true}
	s := startTest(t, config)
	pidFile := filepath.Join(config.Dir, "db", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	// As after a power cut: the file of a server that was ready, whose number another program of the account has now.
	// PostgreSQL itself overlooks its parents and the processes of other accounts.
	a, err := accountFor(filepath.Join(config.Dir, "db"))
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command("sleep", "600")
	other.SysProcAttr = processAttributes(a)
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = other.Process.Kill()
		_ = other.Wait()
	}()
	lines := strings.SplitAfterN(string(text), "\n", 2)
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(other.Process.Pid)+"\n"+lines[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.own(pidFile); err != nil {
		t.Fatal(err)
	}
	if s := startTest(t, config); s.Attached() {
		t.Error("attached to a program that is no server")
	}
}

func TestStopInsists(t *testing.T) {
	t.Parallel()
	s := startTest(t, Config{Dir: cluster(t), NoSync: true})
	// A stopped process does not react to the first two signals.
	if err := syscall.Kill(s.cmd.Process.Pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.patience = 20 * time.Millisecond
	err := s.Stop(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no end after") {
		t.Errorf("got %v, want what was tried", err)
	}
	select {
	case <-s.Done():
	default:
		t.Error("the server lives")
	}
}
