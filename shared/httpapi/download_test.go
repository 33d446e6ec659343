package httpapi_test

import (
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"spiceharvester/shared/httpapi"
)

// serveDownload is a server with one download, and the address of it.
func serveDownload(t *testing.T, resp *httpapi.Response) string {
	t.Helper()
	a := httpapi.New("bff", httpapi.Auth{Disabled: true}, slog.New(slog.DiscardHandler))
	a.Handle("GET /x", func(*httpapi.Request) (*httpapi.Response, error) { return resp, nil })
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return server.URL + "/x"
}

func get(t *testing.T, address string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return http.DefaultClient.Do(r)
}

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

// What a browser reads out of the header is one name in one folder.
func TestNamesOfDownloads(t *testing.T) {
	for name, want := range map[string]string{
		"my file.csv":               "my file.csv",
		"한글 \"이름\".csv":             "한글 \"이름\".csv",
		"a;b=c, d'%41.csv":          "a;b=c, d'%41.csv",
		"a\x00b\x1f\x7f\tc\r\n.csv": "a_b___c__.csv",
		"a\u0085\u009fb.csv":        "a__b.csv",
		"../..\\a/b.csv":            ".._.._a_b.csv",
		"a\xffb.csv":                "a\ufffdb.csv",
	} {
		resp, err := get(t, serveDownload(t, httpapi.Download(httpapi.Content{Type: "text/csv", File: name, Write: text("a")})))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition"))
		if err != nil || kind != "attachment" || len(params) != 1 || params["filename"] != want {
			t.Errorf("%q: %s %q, %v, want %q", name, kind, params, err, want)
		}
	}
}

func TestWhatADownloadSays(t *testing.T) {
	resp := httpapi.Download(httpapi.Content{Type: "text/csv; charset=utf-8", Write: text("a,b\r\n")})
	resp.Status, resp.Header = http.StatusAccepted, http.Header{"Etag": {`"1"`}, "Content-Type": {"text/html"}}
	got, err := get(t, serveDownload(t, resp))
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if err != nil || string(body) != "a,b\r\n" || got.StatusCode != http.StatusAccepted {
		t.Errorf("%d %q, %v", got.StatusCode, body, err)
	}
	for name, want := range map[string]string{"Content-Type": "text/csv; charset=utf-8", "Etag": `"1"`, "Content-Disposition": "", "X-Content-Type-Options": "nosniff"} {
		if list := got.Header.Values(name); strings.Join(list, "|") != want {
			t.Errorf("%s: %q, want %q", name, list, want)
		}
	}
}

// Whatever was written by then, the client sees that it is not all.
func TestWhateverWasWrittenIsNotTheWhole(t *testing.T) {
	for _, written := range []int{0, 1, 1 << 10, 100 << 10} {
		address := serveDownload(t, httpapi.Download(httpapi.Content{Type: "text/csv", Write: func(w io.Writer) error {
			return errors.Join(text(strings.Repeat("x", written))(w), errors.New("the lake is away"))
		}}))
		resp, err := get(t, address)
		if err != nil {
			continue // the connection broke before there was an answer
		}
		if n, err := io.Copy(io.Discard, resp.Body); err == nil {
			t.Errorf("%d bytes of %d look whole", n, written)
		}
		resp.Body.Close()
	}
}
