package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// answered sends the head of a request and a part of its body, and gives all that
// the server says until it ends the connection.
func answered(t *testing.T, server *httptest.Server, path, head, part string) string {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s", path, head, part)
	text, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	seen := make(chan error, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("/read", func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		seen <- err
	})
	mux.HandleFunc("/ignore", func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(patience{50 * time.Millisecond, 1 << 10}.handler(mux))
	defer server.Close()
	for _, head := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
		if text := answered(t, server, "/read", head, "1"); !strings.HasPrefix(text, "HTTP/1.1 200") {
			t.Errorf("%s: %q", head, text)
		}
		if err := <-seen; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %v", head, err)
		}
	}
	answered(t, server, "/ignore", "Content-Length: 10", "1") // ends
}

// What is sent fast enough is read to its end, however long that takes; afterwards
// nothing ends the request.
func TestPatienceIsEarned(t *testing.T) {
	p := patience{400 * time.Millisecond, 1}
	ended := make(chan error, 1)
	server := httptest.NewServer(p.handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		ctx, cancel := context.WithTimeout(r.Context(), 2*p.grace)
		defer cancel()
		<-ctx.Done()
		if err == nil && context.Cause(r.Context()) != nil {
			err = context.Cause(r.Context())
		}
		ended <- err
	})))
	defer server.Close()
	in, out := io.Pipe()
	go func() {
		for range 8 { // twice the grace, each byte earns a second
			time.Sleep(p.grace / 4)
			io.WriteString(out, "x")
		}
		out.Close()
	}()
	r, err := server.Client().Post(server.URL, "", in)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
