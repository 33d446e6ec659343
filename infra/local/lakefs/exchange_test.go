package lakefs_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
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
	API             string            `json:"api"`
	Blockstore      string            `json:"blockstore"`
	Method          string            `json:"method"`
	Path            string            `json:"path"`
	RequestHeaders  map[string]string `json:"request_headers"`
	RequestBody     json.RawMessage   `json:"request_body"`
	Status          int               `json:"status"`
	ResponseHeaders map[string]string `json:"response_headers"`
	ResponseBody    any               `json:"response_body"`
}

// readExchanges reads the recording over one kind of block store.
func readExchanges(t *testing.T, blockstore string) (list []exchange) {
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
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		var x exchange
		// The stand-in knows S3 only.
		if err := json.Unmarshal([]byte(likeS3.Replace(string(line))), &x); err != nil {
			t.Fatal(err)
		}
		if x.Blockstore == blockstore {
			list = append(list, x)
		}
	}
}

var (
	likeS3 = strings.NewReplacer("local://", "s3://", "local adapter", "s3 adapter")
	longID = regexp.MustCompile(`\b[0-9a-f]{64}\b`)
	runID  = regexp.MustCompile(`run id '\w+'`)
)

// names maps recorded commit ids, tree ids and task ids to ours. What had one
// name in the recording must have one here, and the other way round.
type names map[string]string

// ours rewrites a request of the recording.
func (n names) ours(text string) string {
	for recorded, own := range n {
		text = strings.ReplaceAll(text, recorded, own)
		// The walk asked for the beginning of an id once.
		if short := "commits/" + recorded[:8]; strings.HasSuffix(text, short) {
			text = strings.TrimSuffix(text, recorded[:8]) + own[:8]
		}
	}
	return text
}

func (n names) same(recorded, own string) bool {
	if known, ok := n[recorded]; ok {
		return known == own
	}
	for _, taken := range n {
		if taken == own {
			return false
		}
	}
	n[recorded] = own
	return true
}

// free are the fields whose values are the server's own affair: places, times,
// versions and what it can do. Their type is compared.
var free = []string{
	"physical_address", "mtime", "creation_date", "update_time", "version", "blockstore_type",
	"blockstore_namespace_ValidityRegex", "blockstore_namespace_example", "default_namespace_prefix",
	"import_support", "import_validity_regex", "pre_sign_support", "pre_sign_multipart_upload",
}

// difference says where an answer's body differs from the recorded one.
func (n names) difference(at, field string, recorded, own any) string {
	kind := fmt.Sprintf("%s: want %T %.200v, got %T %.200v", at, recorded, recorded, own, own)
	switch r := recorded.(type) {
	case map[string]any:
		o, ok := own.(map[string]any)
		if !ok {
			return kind
		}
		for _, k := range sortedKeys(r, o) {
			rv, inRecorded := r[k]
			ov, inOurs := o[k]
			if !inRecorded || !inOurs {
				return fmt.Sprintf("%s.%s: recorded %v, ours %v", at, k, inRecorded, inOurs)
			}
			if d := n.difference(at+"."+k, k, rv, ov); d != "" {
				return d
			}
		}
		return ""
	case []any:
		o, ok := own.([]any)
		if !ok || len(o) != len(r) {
			return kind
		}
		for i := range r {
			if d := n.difference(fmt.Sprintf("%s[%d]", at, i), field, r[i], o[i]); d != "" {
				return d
			}
		}
		return ""
	case string:
		o, ok := own.(string)
		switch {
		case !ok:
			return kind
		case slices.Contains(free, field):
			return ""
		case n.sameText(field, r, o):
			return ""
		}
		return kind
	}
	if recorded == own || (slices.Contains(free, field) && fmt.Sprintf("%T", recorded) == fmt.Sprintf("%T", own)) {
		return ""
	}
	return kind
}

func (n names) sameText(field, recorded, own string) bool {
	if field == "message" {
		// A complaint about a body goes on with the text of the schema.
		recorded, _, _ = strings.Cut(recorded, "\nSchema:")
		recorded, own = runID.ReplaceAllString(recorded, "run id"), runID.ReplaceAllString(own, "run id")
	}
	ids, ownIDs := longID.FindAllString(recorded, -1), longID.FindAllString(own, -1)
	if len(ids) != len(ownIDs) || longID.ReplaceAllString(recorded, "") != longID.ReplaceAllString(own, "") {
		return field == "id" && len(recorded) == 22 && n.same(recorded, own)
	}
	for i := range ids {
		if !n.same(ids[i], ownIDs[i]) {
			return false
		}
	}
	return true
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
