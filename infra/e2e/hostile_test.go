package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/client"
)

// dial opens a connection on which a test may send what no HTTP client would.
func dial(t *testing.T, a *client.Client) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(a.Base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// raw sends a request line and headers as they are and reads the answer.
func (a api) raw(method, target, headers string) (*http.Response, []byte) {
	a.t.Helper()
	conn := dial(a.t, a.Client)
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Admin-Token: %s\r\n%s\r\n", method, target, a.Token, headers)
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		a.t.Fatalf("%q: %v", target, err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Fatalf("%q: %v", target, err)
	}
	return r, body
}

// apis gives the three APIs and a path of each that takes a JSON body.
func (w *world) apis(t *testing.T) map[string]api {
	return map[string]api{
		"/api/v1/databases": w.asBFF(t), "/api/v1/database/create": w.asOMS(t),
		"/api/v1/funnel/analyze": {client.New(w.host.URL("FUNNEL_PORT"), w.bff.Token), t},
	}
}

// Names in paths are names: nothing in them leads to another route, another
// object or another header.
func TestPathsThatInject(t *testing.T) {
	w := sharedWorld(t)
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	for _, name := range []string{
		"..", "%2e%2e", "..%2f..%2fadmin", "%2e%2e%2fadmin%2ftasks", "..%5c..%5cetc", "%2fetc%2fpasswd", "a%00b", "%00", "a%0d%0aX-Injected:%20yes",
		"%0aX-Injected:yes", "%c0%ae%c0%ae", "%ff", "%u002e", "a;b=c", "a%3fb", "a%23b", "%25%32%65", "*", "%7b%7d", strings.Repeat("a", 5000),
	} {
		for _, target := range []string{
			"/api/v1/databases/" + name + "/classes", "/api/v1/databases/" + db + "/class/" + name + "/instances", "/api/v1/databases/" + db + "/class/Product/instance/" + name,
			"/api/v1/databases/" + db + "/ontology/" + name, "/api/v1/commands/" + name + "/status", "/api/v1/tasks/" + name, "/api/v1/pipelines/datasets/" + name,
			"/api/v1/objectify/jobs/" + name + "/errors", "/" + name,
		} {
			r, body := bff.raw("GET", target, "")
			if r.Header.Get("X-Injected") != "" || r.StatusCode >= 500 || r.StatusCode == 200 && !strings.Contains(name, "..") && !strings.Contains(name, "%2e") {
				t.Errorf("%.200s: %d %v %s", target, r.StatusCode, r.Header, body)
			}
			if bytes.Contains(body, []byte("root:")) || bytes.Contains(body, []byte("goroutine ")) {
				t.Errorf("%.200s tells %s", target, body)
			}
		}
	}
	for _, target := range []string{"/api/v1/database/exists/", "/api/v1/instance/" + db + "/class/Product/", "/api/v1/commands/"} {
		for _, name := range []string{"a%00b", "..%2f..", "a%0d%0aX-Injected:%20yes", "%ff"} {
			if r, body := w.asOMS(t).raw("GET", target+name, ""); r.Header.Get("X-Injected") != "" || r.StatusCode >= 500 || r.StatusCode == 200 && bytes.Contains(body, []byte(`"exists":true`)) {
				t.Errorf("%s%s: %d %v %s", target, name, r.StatusCode, r.Header, body)
			}
		}
	}
}

// No header of a request becomes a header of the answer that it should not be, nor
// breaks it.
func TestHeadersThatInject(t *testing.T) {
	w := sharedWorld(t)
	for path, a := range w.apis(t) {
		for name, headers := range map[string]string{
			"NUL":       "X-Request-ID: a\x00b\r\n",
			"DEL":       "X-Request-ID: a\x7fb\r\n",
			"bare CR":   "X-Request-ID: a\rX-Injected: yes\r\n",
			"no colon":  "X-Request-ID\r\n",
			"space":     "X-Request-ID : a\r\n",
			"two sizes": "Content-Length: 3\r\nContent-Length: 4\r\n",
			"no size":   "Content-Length: -1\r\n",
			"too long":  "X-Request-ID: " + strings.Repeat("a", 2<<20) + "\r\n",
		} {
			conn := dial(t, a.Client)
			go fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Admin-Token: %s\r\n%s\r\n", path, a.Token, headers)
			text, _ := io.ReadAll(conn) // the server may reset what it has not read
			if len(text) > 0 && !strings.HasPrefix(string(text), "HTTP/1.1 4") || strings.Contains(string(text), "X-Injected: yes\r\n") {
				t.Errorf("%s, %s: %.300q", path, name, text)
			}
		}
		for _, headers := range []string{
			"X-Request-ID: \xff\xfe\r\n", "X-Request-ID: " + strings.Repeat("r", 5000) + "\r\n", "Accept-Language: \xff;q=\xff\r\n", "Accept: \xff/*\r\n",
			"Traceparent: 00-x\r\n", "Origin: http://a\xff\r\n", "X-User-ID: \xff\r\n", "Prefer: wait=\xff\r\n", "If-None-Match: \"\xff\r\n", "Baggage: " + strings.Repeat("a=b,", 4000) + "\r\n",
		} {
			r, body := a.raw("GET", path, headers)
			if r.StatusCode >= 500 || r.Header.Get("X-Request-ID") != "" || r.Header.Get("Access-Control-Allow-Origin") != "" || !json.Valid(body) {
				t.Errorf("%s with %.100q: %d %v %s", path, headers, r.StatusCode, r.Header, body)
			}
		}
	}
}

// A body is refused when it is too large, whether the client says so or not.
func TestOversizedBodies(t *testing.T) {
	w := sharedWorld(t)
	for path, a := range w.apis(t) {
		for _, announced := range []bool{true, false} {
			body := io.MultiReader(strings.NewReader(`{"name":"`), bytes.NewReader(bytes.Repeat([]byte("a"), 33<<20)))
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.Base+path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("X-Admin-Token", a.Token)
			r.Header.Set("Expect", "100-continue") // the answer may come before the body has gone
			if announced {
				r.ContentLength = 9 + 33<<20
			}
			answer, err := a.HTTP.Do(r)
			if err != nil {
				t.Errorf("%s, announced %t: %v", path, announced, err)
				continue
			}
			text, _ := io.ReadAll(answer.Body) // what is there is checked
			answer.Body.Close()
			if answer.StatusCode != http.StatusRequestEntityTooLarge || !bytes.Contains(text, []byte("PAYLOAD_TOO_LARGE")) {
				t.Errorf("%s, announced %t: %d %s", path, announced, answer.StatusCode, text)
			}
		}
	}
}

// Clients that send their headers or their body by the drop are cut off, and hold
// nobody up meanwhile.
func TestSlowClientsAreCutOff(t *testing.T) {
	w := sharedWorld(t)
	const bound = time.Minute // the server's limits are 10 s and 20 s
	type end struct {
		what string
		err  error
	}
	ends, open := make(chan end), 0
	for path, a := range w.apis(t) {
		post := "POST " + path + " HTTP/1.1\r\nHost: x\r\n"
		for what, head := range map[string]string{
			"headers": post, "body": post + "X-Admin-Token: " + a.Token + "\r\nContent-Length: 100\r\n\r\n{", "chunks": post + "X-Admin-Token: " + a.Token + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
			"refused": post + "X-Admin-Token: wrong\r\nContent-Length: 100\r\n\r\n{",
		} {
			for range 8 {
				conn := dial(t, a.Client)
				if _, err := io.WriteString(conn, head); err != nil {
					t.Fatal(err)
				}
				conn.SetReadDeadline(time.Now().Add(bound))
				open++
				go func() {
					_, err := io.Copy(io.Discard, conn)
					ends <- end{path + ", " + what, err}
				}()
			}
		}
	}
	for open > 0 {
		select {
		case e := <-ends:
			if open--; e.err != nil {
				t.Errorf("%s: %v", e.what, e.err)
			}
		case <-time.After(50 * time.Millisecond):
			w.asBFF(t).call(200, "GET", "/api/v1/databases", nil)
			w.asOMS(t).call(200, "GET", "/api/v1/database/list", nil)
		}
	}
}
