package reexec_test

import (
	"context"
	"errors"
	"fmt"
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

type input struct {
	Text, Mark string // Mark is a file that the child makes when it ends
}

type output struct {
	Text string
	PID  int
}

func init() {
	reexec.Register("echo", echo)
	reexec.Register("fail", func(context.Context, input, func(output)) error {
		return errors.New("there is no room")
	})
	reexec.Register("die", func(context.Context, input, func(output)) error {
		os.Exit(3)
		return nil
	})
	reexec.Register("die-before-its-child", func(_ context.Context, in input, _ func(output)) error {
		cmd := exec.Command("sleep", "600")
		if err := cmd.Start(); err != nil {
			return err
		}
		if err := os.WriteFile(in.Mark, fmt.Append(nil, cmd.Process.Pid), 0o600); err != nil {
			return err
		}
		os.Exit(3)
		return nil
	})
	reexec.Register("slow", func(ctx context.Context, in input, ready func(output)) error {
		<-ctx.Done()
		return nil
	})
	reexec.Register("nested", func(ctx context.Context, in input, ready func(output)) error {
		_, out, err := reexec.Start[input, output](ctx, "echo", in)
		if err != nil {
			return err
		}
		ready(out)
		select {} // is killed
	})
}

func echo(ctx context.Context, in input, ready func(output)) error {
	fmt.Println("what libraries print is no answer")
	ready(output{in.Text, os.Getpid()})
	<-ctx.Done()
	return os.WriteFile(in.Mark, nil, 0o600)
}

func waitForFile(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s never came", path)
		}
	}
}

func TestTheChildAnswersAndStops(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	child, out, err := reexec.Start[input, output](t.Context(), "echo", input{"한글 \" \n", mark})
	if err != nil {
		t.Fatal(err)
	}
	if out.Text != "한글 \" \n" || out.PID == os.Getpid() {
		t.Errorf("got %+v from process %d", out, os.Getpid())
	}
	done := child.Done()
	select {
	case <-done:
		t.Fatal("Done is closed before the end")
	default:
	}
	for range 2 {
		if err := child.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	<-done
	if _, err := os.Stat(mark); err != nil {
		t.Errorf("the child did not end in order: %v", err)
	}
	if err := syscall.Kill(out.PID, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
}

func TestTheChildEndsWithAKilledParent(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	parent, out, err := reexec.Start[input, output](t.Context(), "nested", input{"x", mark})
	if err != nil {
		t.Fatal(err)
	}
	if out.Text != "x" {
		t.Errorf("got %+v", out)
	}
	parent.Kill()
	waitForFile(t, mark)
}

func TestAChildThatIsNeverReady(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, test := range []struct {
		name, want string
		ctx        context.Context
	}{
		{"fail", "start fail: there is no room", t.Context()},
		{"die", "exit status 3", t.Context()},
		{"unknown", "no function is registered", t.Context()},
		{"slow", context.DeadlineExceeded.Error(), ctx},
	} {
		_, _, err := reexec.Start[input, output](test.ctx, test.name, input{})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

func TestTheChildsChildrenDoNotHoldTheAnswer(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "mark")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err := reexec.Start[input, output](ctx, "die-before-its-child", input{"", mark})
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}
