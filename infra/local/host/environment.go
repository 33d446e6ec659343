package host

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"spiceharvester/shared/lakekeys"
)

// environment is what the functions see: what the host found or made, for
// example the port that it got for an operator's 0, and below it the operator's
// own environment. Services that start at once use it together.
type environment struct {
	getenv func(string) string

	mu   sync.Mutex
	made map[string]string
}

func (e *environment) get(name string) string {
	e.mu.Lock()
	v, ok := e.made[name]
	e.mu.Unlock()
	if ok {
		return v
	}
	return strings.TrimSpace(e.getenv(name))
}

// given reports whether the operator set a variable.
func (e *environment) given(name string) bool { return strings.TrimSpace(e.getenv(name)) != "" }

func (e *environment) set(name, value string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.made[name] = value
}

// setDefault sets a variable that neither the operator nor an earlier start set.
func (e *environment) setDefault(name, value string) {
	if e.get(name) == "" {
		e.set(name, value)
	}
}

// port reads a port variable; 0 means any.
func (e *environment) port(variable string, otherwise int) (int, error) {
	text := strings.TrimSpace(e.getenv(variable))
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 65535 {
		return 0, fmt.Errorf("%s is %q, not a port", variable, text)
	}
	return n, nil
}

// secrets that the host makes once and keeps.
var secrets = []string{"ADMIN_TOKEN", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "LAKEFS_ACCESS_KEY_ID", "LAKEFS_SECRET_ACCESS_KEY", lakekeys.KeyVariable, "TERMINUS_KEY"}

// loadSecrets reads the secrets of an earlier start from the env file and makes
// those that are missing.
func (e *environment) loadSecrets(file string) error {
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("environment: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if slices.Contains(secrets, name) && !e.given(name) {
			e.set(name, value)
		}
	}
	for _, name := range secrets {
		if e.get(name) == "" {
			e.set(name, randomHex(secretBytes(name)))
		}
	}
	return nil
}

// secretBytes is how long a secret is: a key of AES-256 has 32 bytes.
func secretBytes(name string) int {
	if name == lakekeys.KeyVariable {
		return 32
	}
	return 16
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// list gives what the host found or made, as NAME=value.
func (e *environment) list() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]string, 0, len(e.made))
	for name, value := range e.made {
		list = append(list, name+"="+value)
	}
	return list
}

// save writes everything that a client or a child process needs to the env
// file, readable by its owner only.
func (e *environment) save(file string) error {
	var text strings.Builder
	text.WriteString("# Written by the local host at every start. Holds secrets.\n")
	e.mu.Lock()
	names := slices.AppendSeq(slices.Clone(secrets), maps.Keys(e.made))
	e.mu.Unlock()
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(&text, "%s=%s\n", name, e.get(name))
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "env-*") // mode 0600
	if err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.WriteString(text.String()); err != nil {
		return errors.Join(fmt.Errorf("environment: %w", err), temporary.Close())
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return fmt.Errorf("environment: %w", err)
	}
	return nil
}
