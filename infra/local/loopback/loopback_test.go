package loopback_test

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"spiceharvester/infra/local/loopback"
)

func TestFreePort(t *testing.T) {
	port, err := loopback.FreePort(0)
	if err != nil || port == 0 {
		t.Fatalf("any port: %d, %v", port, err)
	}
	listener, err := net.Listen("tcp", loopback.Address(port))
	if err != nil {
		t.Fatalf("the free port cannot be used: %v", err)
	}
	defer listener.Close()
	_, err = loopback.FreePort(port)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), loopback.Taken(port).Error()) {
		t.Errorf("the taken port: %v", err)
	}
}
