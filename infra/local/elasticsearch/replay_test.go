package elasticsearch_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
)

// exchange is a line of the recording.
type exchange struct {
	Seq             int               `json:"seq"`
	Step            string            `json:"step"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	RequestHeaders  map[string]string `json:"request_headers"`
	RequestBody     *string           `json:"request_body"`
	Status          int               `json:"status"` // 0: not recorded, or no answer came
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    json.RawMessage   `json:"response_body"`
	Millis          float64           `json:"ms"`
	SleepAfter      int               `json:"sleep_ms_after"`
}

func readExchanges(t *testing.T) []exchange {
	t.Helper()
	f, err := os.Open("testdata/exchanges.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []exchange
	lines := bufio.NewReader(z)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var x exchange
			if err := json.Unmarshal(line, &x); err != nil {
				t.Fatal(err)
			}
			out = append(out, x)
		}
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestReplay sends every recorded request and compares the answers.
func TestReplay(t *testing.T) {
	clock := newClock(time.Date(2026, 11, 24, 4, 0, 0, 0, time.UTC))
	h, err := elasticsearch.NewHandler(elasticsearch.Config{Dir: t.TempDir(), Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ids := map[string]string{} // recorded search contexts -> ours
	same, skipped := 0, 0
	for _, x := range readExchanges(t) {
		prepareFaults(h, x)
		status, head, body := send(t, h, clock, x, ids)
		clock.Advance(time.Duration(x.Millis*float64(time.Millisecond)) + time.Duration(x.SleepAfter)*time.Millisecond)
		learnIDs(x.ResponseBody, body, ids)
		why := differences(x, status, head, body)
		reason, listed := outOfScope[x.Step]
		switch {
		case listed && why == "":
			t.Errorf("%d %s is listed as out of scope (%s) but agrees: remove it from the list", x.Seq, x.Step, reason)
		case listed:
			skipped++
		case why != "":
			t.Errorf("%d %s: %s", x.Seq, x.Step, why)
		default:
			same++
		}
	}
	t.Logf("%d exchanges agree, %d are out of scope", same, skipped)
}

// prepareFaults brings about what the recording node suffered.
func prepareFaults(h *elasticsearch.Handler, x exchange) {
	switch {
	case strings.HasPrefix(x.Step, "pressure-429"):
		h.Faults().Answer(http.StatusTooManyRequests, 1)
	case x.Step == "restart-health":
		h.Faults().LoseShards(true)
	case x.Step == "restart-health-yellow":
		h.Faults().LoseShards(false)
	}
}

func send(t *testing.T, h http.Handler, clock *clock, x exchange, ids map[string]string) (int, http.Header, []byte) {
	t.Helper()
	ctx := t.Context()
	var body io.Reader
	size := int64(0)
	switch {
	case x.Step == "body-over-100mb":
		size = 101 << 20
		body = io.LimitReader(endless{}, size)
	case x.RequestBody != nil:
		text := *x.RequestBody
		for recorded, ours := range ids {
			text = strings.ReplaceAll(text, recorded, ours)
		}
		size = int64(len(text))
		body = strings.NewReader(text)
	}
	if strings.Contains(x.Path, "wait_for") {
		clock.Rush(true)
		defer clock.Rush(false)
	}
	if x.Step == "norefresh-wait-for-blocks" {
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		ctx = short
	}
	r := httptest.NewRequestWithContext(ctx, x.Method, x.Path, body)
	r.ContentLength = size
	for k, v := range x.RequestHeaders {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if ctx.Err() != nil {
		return 0, nil, []byte(`"no answer: the client gave up"`)
	}
	return w.Code, w.Header(), w.Body.Bytes()
}

// endless is a body of any length.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

// learnIDs notes which of our search contexts stands for a recorded one.
func learnIDs(recorded, ours []byte, ids map[string]string) {
	var a, b map[string]any
	if json.Unmarshal(recorded, &a) != nil || json.Unmarshal(ours, &b) != nil {
		return
	}
	for _, k := range []string{"id", "pit_id", "_scroll_id"} {
		from, isText := a[k].(string)
		to, alsoText := b[k].(string)
		if isText && alsoText {
			ids[from] = to
		}
	}
}
