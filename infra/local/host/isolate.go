package host

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"spiceharvester/infra/local/isolate"
	"spiceharvester/shared/config"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/service"
)

// isolation is the value of ISOLATE: "1", or "idle=10s,life=1m".
type isolation struct {
	idle time.Duration // a process without work ends after that
	life time.Duration // a process at work is replaced after that
}

func parseIsolation(text string) (i isolation, ok bool, err error) {
	switch text {
	case "", "0", "false", "off":
		return i, false, nil
	case "1", "true", "on":
		return i, true, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(part, "=")
		d, err := time.ParseDuration(value)
		if err != nil || d <= 0 {
			return i, false, fmt.Errorf("ISOLATE: %q is no duration; 1, or for example idle=10s,life=1m", part)
		}
		switch name {
		case "idle":
			i.idle = d
		case "life":
			i.life = d
		default:
			return i, false, fmt.Errorf("ISOLATE: %q is unknown; idle and life are known", name)
		}
	}
	return i, true, nil
}

// startIsolated serves each function by a process of its own: this program, run
// as "function NAME" with what the env file will hold. It starts with the first
// request.
func (h *Host) startIsolated(i isolation, c config.Config, mux *http.ServeMux) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(h.stack.Functions)) {
		if _, known := functions[name]; !known {
			return fmt.Errorf("stack.yml: function %s is not in this build", name)
		}
		unit := isolate.New(isolate.Config{Name: name, Idle: i.idle, Life: i.life, Logger: h.logger, Command: func(port int) *exec.Cmd {
			command := exec.Command(program, "function", name)
			command.Env = append(os.Environ(), h.env.list()...)
			command.Env = append(command.Env, "FUNCTION_URL="+c.FunctionURL, "HOST=127.0.0.1", fmt.Sprint("PORT=", port))
			command.Stdout, command.Stderr = h.childLog, h.childLog
			return command
		}})
		h.onStop(func() error { unit.Close(); return nil })
		if err := h.mount(name, unit, mux); err != nil {
			return err
		}
	}
	return nil
}

// Function runs one function as a process and returns its exit code. It ends with
// its parent, whose end closes stdin.
func Function(name string, stdin io.Reader) int {
	open, known := functions[name]
	if !known {
		fmt.Fprintf(os.Stderr, "spice: function %q is not in this build\n", name)
		return 2
	}
	go func() { // lives as long as the process
		io.Copy(io.Discard, stdin) // whatever ended it, the parent is gone
		os.Exit(1)
	}()
	return service.Main(name, func(p *platform.Platform) (service.Function, error) { return open(p) })
}
