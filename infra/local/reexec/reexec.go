// Package reexec runs one function of this program in a child process of the same binary, for as long as the parent
// lives. Servers that change the state of their whole process (working directory, package-level variables) live there,
// and so do servers that must be stopped and cleaned up however the parent ends.
//
// A function is made known in an init function with Register, so that it works in any binary that imports the package,
// test binaries without a TestMain included. The parent calls Start. The two speak through pipes: the parent writes the
// input as one JSON value to the child's stdin and keeps the pipe open; the child answers one JSON value on descriptor 3
// when it is ready; the end of stdin (Stop, or the death of the parent by any cause, kill -9 included) tells it to
// finish. What the child prints, on stdout too, goes to the parent's stderr.
package reexec

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
)

// variable names the registered function in the child's environment.
const variable = "SPICEHARVESTER_REEXEC"

// answerDescriptor is the child's end of the pipe for its answer. It is not stdout, which libraries print to.
const answerDescriptor = 3

// registered are the names that Register saw. It is written by init functions only.
var registered = make(map[string]bool)

// answer is what a child writes, once.
type answer[Out any] struct {
	Ready Out    `json:"ready"`
	Error string `json:"error,omitempty"`
}

// Register makes run known under name. Call it from an init function: in the child it does not return, but runs the
// function and ends the process. run gets the parent's input, calls ready once when its service answers, and returns
// when ctx is done, which is when the parent stops it or is gone.
func Register[In, Out any](name string, run func(ctx context.Context, in In, ready func(Out)) error) {
	registered[name] = true
	if os.Getenv(variable) != name {
		return
	}
	// Children of this child must not take themselves for it.
	os.Unsetenv(variable)
	// Nor keep the pipe open.
	syscall.CloseOnExec(answerDescriptor)
	if err := serve(os.Stdin, os.NewFile(answerDescriptor, "answer"), run); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve is the child's side of the pipes.
func serve[In, Out any](stdin io.Reader, answers io.Writer, run func(context.Context, In, func(Out)) error) error {
	decoder := json.NewDecoder(stdin)
	var in In
	if err := decoder.Decode(&in); err != nil {
		return fmt.Errorf("read the input: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, stdin)
	}()
	answered := false
	err := run(ctx, in, func(out Out) {
		answered = true
		_ = json.NewEncoder(answers).Encode(answer[Out]{Ready: out})
	})
	if err != nil && !answered {
		return json.NewEncoder(answers).Encode(answer[Out]{Error: err.Error()})
	}
	return err
}

// Child is the running child process.
type Child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	once  sync.Once
	done  chan struct{} // closed when the process has ended; err is set before
	err   error
}

// Start runs the function that is registered under name in a child process and waits until it is ready. The error of a
// function that failed before it was ready is returned with its text.
func Start[In, Out any](ctx context.Context, name string, in In) (*Child, Out, error) {
	var zero Out
	if !registered[name] {
		// The child would be this whole program again.
		return nil, zero, fmt.Errorf("start %s: no function is registered under this name", name)
	}
	input, err := json.Marshal(in)
	if err != nil {
		return nil, zero, fmt.Errorf("start %s: encode the input: %w", name, err)
	}
	binary, err := os.Executable()
	if err != nil {
		return nil, zero, fmt.Errorf("start %s: %w", name, err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), variable+"="+name)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	// Its own process group: Ctrl-C in the terminal reaches the parent only, whose end the child then notices.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, zero, fmt.Errorf("start %s: %w", name, err)
	}
	answers, childEnd, err := os.Pipe()
	if err != nil {
		return nil, zero, fmt.Errorf("start %s: %w", name, err)
	}
	defer answers.Close()
	cmd.ExtraFiles = []*os.File{childEnd}
	err = cmd.Start()
	childEnd.Close()
	if err != nil {
		return nil, zero, fmt.Errorf("start %s: %w", name, err)
	}
	child := &Child{cmd: cmd, stdin: stdin, done: make(chan struct{})}

	type reply struct {
		answer[Out]
		err error
	}
	replies := make(chan reply, 1)
	go func() {
		var r reply
		if _, r.err = stdin.Write(append(input, '\n')); r.err == nil {
			r.err = json.NewDecoder(answers).Decode(&r.answer)
		}
		replies <- r
	}()
	select {
	case r := <-replies:
		switch {
		case r.err != nil:
			return nil, zero, fmt.Errorf("start %s: the child process ended before it was ready: %w", name, errors.Join(r.err, child.Stop()))
		case r.Error != "":
			_ = child.Stop()
			return nil, zero, fmt.Errorf("start %s: %s", name, r.Error)
		}
		return child, r.Ready, nil
	case <-ctx.Done():
		// The kill closes the pipe, which ends the reader.
		child.Kill()
		<-replies
		return nil, zero, fmt.Errorf("start %s: %w", name, ctx.Err())
	}
}

// Done is closed when the child has ended, asked or not.
func (c *Child) Done() <-chan struct{} {
	go c.wait()
	return c.done
}

// Stop tells the child to finish, waits until it has ended, and returns how it ended. It may be called more than once.
func (c *Child) Stop() error {
	_ = c.stdin.Close()
	return c.wait()
}

// Kill ends the child at once (SIGKILL), without any clean-up of its own, and waits until it is gone.
func (c *Child) Kill() {
	// An error means that it is gone already.
	_ = c.cmd.Process.Kill()
	_ = c.wait()
}

// wait waits for the process; every caller gets the same answer.
func (c *Child) wait() error {
	c.once.Do(func() {
		c.err = c.cmd.Wait()
		close(c.done)
	})
	return c.err
}
