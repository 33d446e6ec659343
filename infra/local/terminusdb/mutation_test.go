package terminusdb_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// TestMutatedRequests sends the recorded requests with parts replaced: each
// must be answered, and none may be a mistake of the server's own, which it
// would log.
func TestMutatedRequests(t *testing.T) {
	var mistakes strings.Builder
	s := start(t, terminusdb.Config{Logger: slog.New(slog.NewTextHandler(&mistakes, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.database("walk", "")
	s.database("walk4", "")
	s.fenceDatabase()
	random := rand.New(rand.NewPCG(1, 2))
	const each = 6
	sent := 0
	for _, x := range readExchanges(t) {
		var body any
		d := json.NewDecoder(strings.NewReader(string(x.RequestBody)))
		d.UseNumber()
		if len(x.RequestBody) == 0 || len(x.RequestBody) > 20_000 || d.Decode(&body) != nil {
			continue
		}
		for i := range each {
			text := x.RequestBody
			if i > 0 { // the first as it is, so that there is something to work on
				text, _ = json.Marshal(mutate(random, body, body))
			}
			r, err := http.NewRequestWithContext(t.Context(), x.Method, s.URL()+x.Path, strings.NewReader(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			r.SetBasicAuth(user, key)
			r.Header.Set("Content-Type", "application/json")
			if over := x.RequestHeaders["X-HTTP-Method-Override"]; over != "" {
				r.Header.Set("X-HTTP-Method-Override", over)
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatalf("%s %s %s: %v", x.Method, x.Path, text, err)
			}
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if err != nil {
				t.Fatalf("%s %s %s: %v", x.Method, x.Path, text, err)
			}
			sent++
		}
	}
	if err := s.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if mistakes.Len() > 0 {
		t.Errorf("the server's own mistakes: %.3000s", mistakes.String())
	}
	t.Logf("%d requests", sent)
}

// mutate answers v with one part of it replaced by something else, or by
// another part of all.
func mutate(r *rand.Rand, v, all any) any {
	if r.IntN(4) == 0 {
		return other(r, all)
	}
	switch x := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(x))
		keys := sortedKeys(x)
		if len(keys) == 0 {
			return other(r, all)
		}
		hit := keys[r.IntN(len(keys))]
		for _, k := range keys {
			m[k] = x[k]
		}
		switch r.IntN(5) {
		case 0:
			delete(m, hit)
		case 1:
			m[keys[r.IntN(len(keys))]] = x[hit]
		default:
			m[hit] = mutate(r, x[hit], all)
		}
		return m
	case []any:
		if len(x) == 0 {
			return other(r, all)
		}
		l := append([]any{}, x...)
		i := r.IntN(len(l))
		l[i] = mutate(r, l[i], all)
		return l
	}
	return other(r, all)
}

func other(r *rand.Rand, all any) any {
	values := []any{
		nil, true, json.Number("-1"), json.Number("1.5e400"), "", "text", "xsd:integer", "@schema:", "Item/k1", "a:b", []any{}, map[string]any{},
		[]any{nil}, map[string]any{"@type": "x"}, map[string]any{"@id": "P/1"}, map[string]any{"@ref": "r"}, map[string]any{"variable": "s"},
	}
	if r.IntN(3) > 0 {
		return values[r.IntN(len(values))]
	}
	for v := all; ; {
		switch x := v.(type) {
		case map[string]any:
			keys := sortedKeys(x)
			if len(keys) > 0 && r.IntN(3) > 0 {
				v = x[keys[r.IntN(len(keys))]]
				continue
			}
		case []any:
			if len(x) > 0 && r.IntN(3) > 0 {
				v = x[r.IntN(len(x))]
				continue
			}
		}
		return v
	}
}
