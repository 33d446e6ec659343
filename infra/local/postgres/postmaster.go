package postgres

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// postmaster is what a server writes about itself into postmaster.pid in its data folder.
// Format: the header src/include/utils/pidfile.h of PostgreSQL; one value a line.
type postmaster struct {
	pid, port int
	ready     bool // line 8 is "ready"; before it is "starting", later "stopping"
}

// readPostmaster reads the file of the cluster in data; nil when there is none or it is not complete yet.
func readPostmaster(data string) *postmaster {
	b, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	lines := strings.Split(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 0 {
		return nil
	}
	p := &postmaster{pid: pid}
	if len(lines) >= 8 {
		p.port, _ = strconv.Atoi(strings.TrimSpace(lines[3]))
		p.ready = p.port > 0 && strings.TrimSpace(lines[7]) == "ready"
	}
	return p
}

// alive says whether the process is there and is a server of this cluster. After a restart of a machine or a container
// the number often belongs to another program: where /proc exists, the server is known by its working directory, which
// is the data folder. A zombie has none.
func (p *postmaster) alive(data string) bool {
	if p == nil || syscall.Kill(p.pid, 0) != nil {
		return false
	}
	if _, err := os.Stat("/proc/self/cwd"); err != nil {
		return true
	}
	cwd, err := os.Stat(filepath.Join("/proc", strconv.Itoa(p.pid), "cwd"))
	if errors.Is(err, fs.ErrPermission) {
		return true
	}
	folder, dataErr := os.Stat(data)
	return err == nil && dataErr == nil && os.SameFile(cwd, folder)
}

// removeStale removes a postmaster.pid whose number another program has now. PostgreSQL removes those of dead processes
// itself, but refuses to start for these; its check of the shared memory still finds orphans of a killed server.
func removeStale(data string) error {
	p := readPostmaster(data)
	if p == nil || p.alive(data) || syscall.Kill(p.pid, 0) != nil {
		return nil
	}
	return os.Remove(filepath.Join(data, "postmaster.pid"))
}
