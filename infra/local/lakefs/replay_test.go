package lakefs_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"spiceharvester/infra/local/lakefs"
)

// TestReplay sends every recorded request and compares the answers.
func TestReplay(t *testing.T) {
	met := map[string]bool{}
	for _, blockstore := range []string{"local", "s3-minio"} {
		t.Run(blockstore, func(t *testing.T) { replay(t, blockstore, met) })
	}
	for step := range outOfScope {
		if !met[step] {
			t.Errorf("%s is listed as out of scope but not in the recording", step)
		}
	}
}

func replay(t *testing.T, blockstore string, met map[string]bool) {
	s := start(t, lakefs.Config{})
	known := names{}
	same, skipped := 0, 0
	for _, x := range readExchanges(t, blockstore) {
		if _, skip := notSent[x.Step]; skip || stillRunning(x) {
			skipped++
			continue
		}
		if path, ok := insteadOf[x.Step]; ok {
			s.upload(t, "walk1", "main", path, "in place of a step that is out of scope")
		}
		kind, _, _ := strings.Cut(blockstore, "-")
		listed := ""
		for _, step := range []string{x.Step, kind + ":" + x.Step} {
			if reason, ok := outOfScope[step]; ok {
				met[step], listed = true, reason
			}
		}
		why := differs(t, s, known, x)
		switch {
		case listed != "" && why == "":
			t.Errorf("%d %s is listed as out of scope (%s) but agrees: remove it from the list", x.Seq, x.Step, listed)
		case listed != "":
			skipped++
		case why != "":
			t.Errorf("%d %s: %s %s: %s", x.Seq, x.Step, x.Method, x.Path, why)
		default:
			same++
		}
	}
	t.Logf("%d exchanges agree, %d are out of scope", same, skipped)
}

// stillRunning reports whether a dump was asked about before it was done.
func stillRunning(x exchange) bool {
	body, ok := x.ResponseBody.(map[string]any)
	return ok && body["done"] == false
}

// differs sends a request and says how the answer differs from the recorded one.
func differs(t *testing.T, s server, known names, x exchange) string {
	t.Helper()
	var body io.Reader
	if len(x.RequestBody) > 0 {
		text := string(x.RequestBody)
		var plain string
		if json.Unmarshal(x.RequestBody, &plain) == nil {
			text = plain
		}
		body = strings.NewReader(known.ours(text))
	}
	target, err := url.Parse(s.URL() + known.ours(x.Path))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), x.Method, target.String(), body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range x.RequestHeaders {
		switch {
		case k != "Authorization":
			r.Header.Set(k, v)
		case v == "right":
			r.SetBasicAuth(accessKey, secretKey)
		case v == "wrong":
			r.SetBasicAuth(accessKey, "bad")
		}
	}
	resp, err := s.client.Transport.RoundTrip(r)
	if err != nil {
		t.Fatalf("%d %s: %v", x.Seq, x.Step, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%d %s: %v", x.Seq, x.Step, err)
	}
	if resp.StatusCode != x.Status {
		return fmt.Sprintf("status %d, want %d; %.200s", resp.StatusCode, x.Status, b)
	}
	if why := headersDiffer(x, resp.Header); why != "" {
		return why
	}
	var got any
	if len(b) > 0 {
		got = string(b)
		if resp.Header.Get("Content-Type") == "application/json" {
			if err := json.Unmarshal(b, &got); err != nil {
				return err.Error()
			}
		}
	}
	return known.difference("body", "", x.ResponseBody, got)
}

// headersDiffer compares which headers there are, and the values of those that
// do not depend on time or place.
func headersDiffer(x exchange, got http.Header) string {
	for k, want := range x.ResponseHeaders {
		have := got.Values(k)
		switch {
		case len(have) == 0:
			return fmt.Sprintf("no header %s: %s", k, want)
		case k == "Last-Modified" || strings.HasSuffix(x.Path, "settings/branch_protection"):
		case have[0] != want:
			return fmt.Sprintf("header %s: %s, want %s", k, have[0], want)
		}
	}
	for k := range got {
		if _, ok := x.ResponseHeaders[k]; !ok && k != "Date" && k != "Content-Length" {
			return fmt.Sprintf("header %s: %s is not in the recording", k, got.Get(k))
		}
	}
	return ""
}
