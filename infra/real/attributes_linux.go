package real

import "syscall"

// attributes give a server a process group of its own, so that Ctrl-C reaches
// its owner first, and an orderly end with its owner however that ends.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
