//go:build !linux

package postgres

import "syscall"

// processAttributes: the given account and a process group of its own, so that Ctrl-C in the terminal reaches the
// launcher first. Nothing tells the server that the launcher was killed: the next Start attaches to it.
func processAttributes(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true}
}

// endsWithLauncher says that a server whose launcher was killed stops by itself.
const endsWithLauncher = false
