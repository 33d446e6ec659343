package postgres

import "syscall"

// processAttributes: the given account; a process group of its own, so that Ctrl-C in the terminal reaches the launcher
// first; and a fast shutdown (SIGINT) when the launcher dies, however it dies. The kernel sends that signal when the
// *thread* that forked ends, so the caller must fork from a goroutine that is locked to a thread that stays.
func processAttributes(a *account) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: a.credential(), Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// endsWithLauncher says that a server whose launcher was killed stops by itself.
const endsWithLauncher = true
