//go:build !linux

package s3

import "golang.org/x/sys/unix"

// syncFileSystem asks for everything that was written before to become durable. Unlike Linux, other systems may answer
// before it is.
func syncFileSystem(string) error { return unix.Sync() }
