package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/reexec"
)

func init() { reexec.Register("s3-parent", serveParent) }

// serveParent is a program that runs a gateway in a process of its own.
func serveParent(ctx context.Context, config Config, ready func(endpoint string)) error {
	p, err := StartProcess(ctx, config)
	if err != nil {
		return err
	}
	ready(p.Endpoint())
	<-ctx.Done()
	return p.Stop()
}

func startTestProcess(t *testing.T, dir string) (*Process, testClient) {
	t.Helper()
	p, err := StartProcess(t.Context(), Config{Dir: dir, AccessKey: testAccess, SecretKey: testSecret})
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClient(t, p.Endpoint(), testAccess, testSecret)
	c.createBucket()
	return p, c
}

func TestDataSurvivesTheProcess(t *testing.T) {
	for name, folder := range folders {
		t.Run(name, func(t *testing.T) {
			dir := folder(t)
			before, err := os.Getwd()
			if err != nil {
				t.Fatal(err)
			}
			p, c := startTestProcess(t, dir)
			if now, err := os.Getwd(); err != nil || now != before {
				t.Errorf("the working directory is %s (%v), want %s", now, err, before)
			}
			c.expectCreate(segment, "killed", http.StatusOK)
			done := p.Done()
			p.child.Kill()
			<-done

			p, c = startTestProcess(t, dir)
			c.expectGet(segment, http.StatusOK, "killed")
			c.expectCreate(segment, "other", http.StatusPreconditionFailed)
			c.expectCreate("log/v1/000/00000000000000000001", "stopped", http.StatusOK)
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}

			p, c = startTestProcess(t, dir)
			c.expectGet("log/v1/000/00000000000000000001", http.StatusOK, "stopped")
			if err := p.Stop(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestTheProcessEndsWithItsParent(t *testing.T) {
	dir := t.TempDir()
	config := Config{Dir: dir, AccessKey: testAccess, SecretKey: testSecret}
	parent, endpoint, err := reexec.Start[Config, string](t.Context(), "s3-parent", config)
	if err != nil {
		t.Fatal(err)
	}
	parent.Kill()
	address := strings.TrimPrefix(endpoint, "http://")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			break
		}
		if err == nil {
			conn.Close()
		}
		if time.Now().After(deadline) {
			t.Fatalf("the gateway still listens: %v", err)
		}
	}
	p, _ := startTestProcess(t, dir)
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAFolderIsUsedOnce(t *testing.T) {
	dir := t.TempDir()
	p, _ := startTestProcess(t, dir)
	defer p.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Start(ctx, Config{Dir: dir, AccessKey: testAccess, SecretKey: testSecret})
	if err == nil || !strings.Contains(err.Error(), "another process uses the folder") {
		t.Errorf("got %v", err)
	}
}

func TestTheErrorOfTheProcess(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	config := Config{Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port, AccessKey: testAccess, SecretKey: testSecret}
	if _, err := StartProcess(t.Context(), config); err == nil || !strings.Contains(err.Error(), "is taken by another program") {
		t.Errorf("got %v", err)
	}
}
