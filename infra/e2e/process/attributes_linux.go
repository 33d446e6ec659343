package process

import "syscall"

// attributes give the host a process group of its own, and an end with the tests
// if these are cut off, for example by a time-out.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
