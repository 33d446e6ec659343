package process

import (
	"os"
	"path/filepath"
	"strings"
)

// Processes gives the ids of the host and of the children that are the same
// program, its object store; not PostgreSQL. It reads /proc, so elsewhere than on
// Linux it gives the host alone.
func (h *Host) Processes() []string {
	host := h.Env["LOCAL_HOST_PID"]
	list := []string{host}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return list
	}
	for _, file := range stats {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent ...
		pid, rest, _ := strings.Cut(string(stat), " (")
		end := strings.LastIndexByte(rest, ')')
		if fields := strings.Fields(rest[end+1:]); strings.HasPrefix(rest, "spice") && fields[1] == host {
			list = append(list, pid)
		}
	}
	return list
}
