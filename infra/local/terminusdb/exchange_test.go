package terminusdb_test

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// exchange is a line of the recording.
type exchange struct {
	Seq             int               `json:"seq"`
	Step            string            `json:"step"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	RequestHeaders  map[string]string `json:"request_headers"`
	RequestBody     json.RawMessage   `json:"request_body"`
	RequestBodyRaw  *string           `json:"request_body_raw"`
	Status          int               `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    json.RawMessage   `json:"response_body"`
}

func readExchanges(t *testing.T) (list []exchange) {
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
	for lines := bufio.NewReader(z); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		var x exchange
		if err := json.Unmarshal(line, &x); err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
}

// made are texts that the server makes up: ids of commits, data versions of the
// graph of commits, layers, ids of 16 characters and of hashes.
var made = regexp.MustCompile(`Layer_[0-9a-f]+|repo:[0-9a-f]{40}|\b[0-9a-z]{31}\b|/[0-9a-f]{64}\b|(?:UserDatabase|Address|Contact|Rnd|NoKey|A|JSONDocument)/[0-9A-Za-z_-]{16}(?:$|["'])`)

// names maps what the real server made up to what ours did. What had one name
// in the recording must have one here, and the other way round.
type names struct{ ours, theirs map[string]string }

// rewrite puts our names into a request of the recording.
func (n names) rewrite(text string) string {
	return made.ReplaceAllStringFunc(text, func(s string) string {
		if own, ok := n.ours[s]; ok {
			return own
		}
		return s
	})
}

func (n names) same(recorded, own string) bool {
	r, o := made.FindAllString(recorded, -1), made.FindAllString(own, -1)
	if len(r) != len(o) || made.ReplaceAllString(recorded, "") != made.ReplaceAllString(own, "") {
		return false
	}
	for i := range r {
		if strings.HasPrefix(r[i], "Layer_") || strings.HasPrefix(r[i], "repo:") {
			continue
		}
		known, ok := n.ours[r[i]]
		taken, is := n.theirs[o[i]]
		if ok && known != o[i] || is && taken != r[i] {
			return false
		}
		n.ours[r[i]], n.theirs[o[i]] = o[i], r[i]
	}
	return true
}

// free are the fields whose values are the server's own affair.
var free = []string{"timestamp", "git_hash", "creation_date", "migration", "transaction_retry_count"}

// unordered are the fields whose lists have an order of the server's own.
func unordered(step, at string) bool {
	return at == "body" && (strings.HasPrefix(step, "schema-get") || strings.Contains(step, "schema-read") || step == "full-replace-get" ||
		step == "br-list-commits-graph" || step == "evolve-after-migration-schema") ||
		strings.HasSuffix(at, "contacts")
}

// difference says where an answer differs from the recorded one.
func (n names) difference(step, at, field string, recorded, own any) string {
	kind := fmt.Sprintf("%s: want %s, got %s", at, short(recorded), short(own))
	if slices.Contains(free, field) {
		return ""
	}
	switch r := recorded.(type) {
	case map[string]any:
		o, ok := own.(map[string]any)
		if !ok {
			return kind
		}
		for _, k := range sortedKeys(r, o) {
			rv, inRecorded := r[k]
			ov, inOurs := o[k]
			if inRecorded != inOurs && !slices.Contains(free, k) {
				return fmt.Sprintf("%s.%s: recorded %s, ours %s", at, k, short(rv), short(ov))
			}
			if d := n.difference(step, at+"."+k, k, rv, ov); d != "" {
				return d
			}
		}
		return ""
	case []any:
		o, ok := own.([]any)
		if !ok || len(o) != len(r) {
			return kind
		}
		if unordered(step, at) {
			r, o = sorted(r, n.ours), sorted(o, nil)
		}
		for i := range r {
			if d := n.difference(step, fmt.Sprintf("%s[%d]", at, i), field, r[i], o[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		if o, ok := own.(string); ok && (r == o || n.same(r, o)) {
			return ""
		}
		return kind
	}
	if recorded == own {
		return ""
	}
	return kind
}

func short(v any) string {
	b, _ := json.Marshal(v)
	if len(b) > 300 {
		b = append(b[:300:300], "..."...)
	}
	return string(b)
}

// sorted orders a list by what its elements say, and then by the names that the
// other side has for made up ones.
func sorted(list []any, ours map[string]string) []any {
	list = slices.Clone(list)
	plain := func(v any) string {
		b, _ := json.Marshal(v)
		return made.ReplaceAllString(string(b), "")
	}
	named := func(v any) string {
		id, _ := v.(string)
		return names{ours: ours}.rewrite(id)
	}
	slices.SortFunc(list, func(a, b any) int {
		return cmp.Or(strings.Compare(plain(a), plain(b)), strings.Compare(named(a), named(b)))
	})
	return list
}

func sortedKeys(maps ...map[string]any) (keys []string) {
	for _, m := range maps {
		for k := range m {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
