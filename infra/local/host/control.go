package host

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"spiceharvester/infra/local/folderlock"
)

// Welcome prints what a person needs after a start.
func (h *Host) Welcome(out io.Writer, logFile string) {
	api, token := h.URL("bff"), h.Env("ADMIN_TOKEN")
	fmt.Fprintf(out, `SPICE HARVESTER is up. Ctrl-C stops it; data stays in %s.

  API    %s/api/v1
  token  %s
  log    %s
  ONTOLOGY_REQUIRE_PROPOSALS=%s

Try:
  curl -s %[2]s/api/v1/health?lang=en
  curl -s -H 'X-Admin-Token: %[3]s' -H 'Prefer: wait=5' -d '{"name":"shop"}' %[2]s/api/v1/databases
  make demo
`, h.data, api, token, logFile, h.Env("ONTOLOGY_REQUIRE_PROPOSALS"))
}

// running reads the env file of a host that holds the folder's lock.
func running(data string) (map[string]string, error) {
	lock, err := folderlock.Try(data)
	if err == nil {
		lock.Release()
		return nil, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if !errors.Is(err, folderlock.ErrTaken) {
		return nil, err
	}
	file, err := os.Open(filepath.Join(data, EnvFile))
	if err != nil {
		return nil, fmt.Errorf("a host holds %s but is not up yet: %w", data, err)
	}
	defer file.Close()
	env := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			env[name] = value
		}
	}
	return env, nil
}

// Status says what runs on a data folder and where.
func Status(out io.Writer, data string) error {
	env, err := running(data)
	if err != nil {
		return err
	}
	if env == nil {
		fmt.Fprintf(out, "nothing runs on %s; `make run` starts it\n", data)
		return nil
	}
	fmt.Fprintf(out, "running, process %s\nAPI    http://127.0.0.1:%s/api/v1\ntoken  and all addresses: %s\n", env["LOCAL_HOST_PID"], env["BFF_PORT"], filepath.Join(data, EnvFile))
	return nil
}

// Running gives the address of the public API and the token of the host that runs
// on a data folder.
func Running(data string) (url, token string, err error) {
	env, err := running(data)
	if err != nil {
		return "", "", err
	}
	if env == nil {
		return "", "", fmt.Errorf("nothing runs on %s; `make run` starts it", data)
	}
	return "http://127.0.0.1:" + env["BFF_PORT"], env["ADMIN_TOKEN"], nil
}

// StopRunning ends the host that runs on a data folder and waits for its end.
func StopRunning(out io.Writer, data string) error {
	env, err := running(data)
	if err != nil {
		return err
	}
	if env == nil {
		fmt.Fprintf(out, "nothing runs on %s\n", data)
		return nil
	}
	pid, err := strconv.Atoi(env["LOCAL_HOST_PID"])
	if err != nil {
		return fmt.Errorf("%s holds no process id", filepath.Join(data, EnvFile))
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop process %d: %w", pid, err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if env, err := running(data); err == nil && env == nil {
			fmt.Fprintln(out, "stopped")
			return nil
		}
	}
	return fmt.Errorf("process %d does not end; kill -9 %d loses nothing that was acknowledged", pid, pid)
}

// Reset removes a data folder that no host uses.
func Reset(out io.Writer, data string) error {
	env, err := running(data)
	if err != nil {
		return err
	}
	if env != nil {
		return ErrRunning
	}
	if err := os.RemoveAll(data); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	fmt.Fprintf(out, "removed %s\n", data)
	return nil
}
