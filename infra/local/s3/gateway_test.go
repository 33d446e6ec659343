package s3

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// folders are the two ways to keep metadata: a data folder keeps the one that it has.
var folders = map[string]func(t *testing.T) string{
	"attributes": func(t *testing.T) string { return t.TempDir() },
	"sidecar": func(t *testing.T) string {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "metadata"), 0o700); err != nil {
			t.Fatal(err)
		}
		return dir
	},
}

func TestConditionalPut(t *testing.T) {
	for name, folder := range folders {
		t.Run(name, func(t *testing.T) {
			_, c := startTest(t, Config{Dir: folder(t)})
			for _, key := range []string{"log/v1/000/00000000000000000000", "data/one"} {
				c.expectCreate(key, "first", http.StatusOK)
				c.expectCreate(key, "second", http.StatusPreconditionFailed)
				c.expectGet(key, http.StatusOK, "first")
			}
		})
	}
}

func TestOneOfManyWritersWins(t *testing.T) {
	const writers = 16
	for name, folder := range folders {
		t.Run(name, func(t *testing.T) {
			_, c := startTest(t, Config{Dir: folder(t)})
			for round := range 5 {
				key := fmt.Sprintf("log/v1/003/%020d", round)
				var wins, losses atomic.Int32
				var winner atomic.Value
				var all sync.WaitGroup
				for i := range writers {
					all.Go(func() {
						content := fmt.Sprintf("writer %d", i)
						switch got := c.create(key, content); got {
						case http.StatusOK:
							wins.Add(1)
							winner.Store(content)
						case http.StatusPreconditionFailed:
							losses.Add(1)
						default:
							t.Errorf("status %d", got)
						}
					})
				}
				all.Wait()
				if wins.Load() != 1 || losses.Load() != writers-1 {
					t.Fatalf("%s: %d winners and %d losers", key, wins.Load(), losses.Load())
				}
				c.expectGet(key, http.StatusOK, winner.Load().(string))
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	s, c := startTest(t, Config{Dir: t.TempDir()})
	c.expectCreate("log/x", "x", http.StatusOK)
	for _, test := range []struct{ access, secret, code string }{
		{"nobody", testSecret, "InvalidAccessKeyId"},
		{testAccess, "wrong", "SignatureDoesNotMatch"},
	} {
		_, err := newTestClient(t, s.Endpoint(), test.access, test.secret).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("log/x")})
		if api := smithy.APIError(nil); status(err) != http.StatusForbidden || !errors.As(err, &api) || api.ErrorCode() != test.code {
			t.Errorf("%s with %s: %v, want 403 %s", test.access, test.secret, err, test.code)
		}
	}
	response, err := http.Get(s.Endpoint() + "/" + testBucket + "/log/x")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("without credentials: %s, want 403", response.Status)
	}
}

// The zero value of versitygw's threshold refuses every copy.
func TestCopy(t *testing.T) {
	_, c := startTest(t, Config{Dir: t.TempDir()})
	c.expectCreate("data/one", "content", http.StatusOK)
	_, err := c.CopyObject(t.Context(), &s3.CopyObjectInput{
		Bucket: aws.String(testBucket), Key: aws.String("data/two"), CopySource: aws.String(testBucket + "/data/one"),
	})
	if err != nil {
		t.Fatal(err)
	}
	c.expectGet("data/two", http.StatusOK, "content")
}

func TestOneGatewayPerProcess(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	first, c := startTest(t, Config{Dir: dir})
	c.expectCreate("log/x", "x", http.StatusOK)
	config := Config{Dir: t.TempDir(), AccessKey: testAccess, SecretKey: testSecret}
	if _, err := Start(t.Context(), config); !errors.Is(err, ErrRunning) {
		t.Errorf("a second gateway: %v, want ErrRunning", err)
	}
	c.expectGet("log/x", http.StatusOK, "x")
	for range 2 { // the second stop does nothing
		if err := first.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if now, err := os.Getwd(); err != nil || now != before {
		t.Errorf("the working directory is %s (%v), want %s", now, err, before)
	}
	_, c = startTest(t, Config{Dir: dir})
	c.expectGet("log/x", http.StatusOK, "x")
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	config := Config{Dir: t.TempDir(), Port: port, AccessKey: testAccess, SecretKey: testSecret}
	if _, err = Start(t.Context(), config); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Errorf("got %v, want an error that names port %d", err, port)
	}
	// The failed start left nothing behind.
	taken.Close()
	s, _ := startTest(t, Config{Dir: config.Dir, Port: port})
	if want := fmt.Sprintf("http://127.0.0.1:%d", port); s.Endpoint() != want {
		t.Errorf("the endpoint is %s, want %s", s.Endpoint(), want)
	}
}

func TestIncompleteConfig(t *testing.T) {
	for _, config := range []Config{
		{AccessKey: testAccess, SecretKey: testSecret},
		{Dir: t.TempDir(), SecretKey: testSecret},
		{Dir: t.TempDir(), AccessKey: testAccess},
	} {
		if _, err := Start(t.Context(), config); err == nil || errors.Is(err, ErrRunning) {
			t.Errorf("%+v: %v", config, err)
		}
	}
}

func TestNothingIsPrinted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr := os.Stdout, os.Stderr
	os.Stdout, os.Stderr = w, w
	printed := make(chan string)
	go func() {
		text, _ := io.ReadAll(r)
		printed <- string(text)
	}()
	s, c := startTest(t, Config{Dir: t.TempDir()})
	c.expectCreate("log/x", "x", http.StatusOK)
	c.expectCreate("log/x", "x", http.StatusPreconditionFailed)
	c.expectGet("log/none", http.StatusNotFound, "")
	newTestClient(t, s.Endpoint(), testAccess, "wrong").create("log/y", "y")
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	os.Stdout, os.Stderr = stdout, stderr
	w.Close()
	if text := <-printed; text != "" {
		t.Errorf("the gateway printed %q", text)
	}
}
