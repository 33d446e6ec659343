// Package loopback finds free ports of 127.0.0.1 for the local servers.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// FreePort answers a port of 127.0.0.1 that nobody listens on now: the given one, or any for 0. A taken port is an error
// that wraps syscall.EADDRINUSE. Another program may take the port before it is used.
func FreePort(port int) (int, error) {
	l, err := net.Listen("tcp", Address(port))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, Taken(port)
	}
	if err != nil {
		return 0, fmt.Errorf("port %d of 127.0.0.1: %w", port, err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Taken is the error for a port that another program listens on; it wraps syscall.EADDRINUSE.
func Taken(port int) error {
	return fmt.Errorf("port %d of 127.0.0.1 is taken by another program: free it or choose another port, 0 for any: %w", port, syscall.EADDRINUSE)
}

// Address is host:port.
func Address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
