package elasticsearch_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// masked are members whose value differs from node to node and run to run.
var masked = map[string]bool{
	"took": true, "uuid": true, "index_uuid": true, "node": true, "_score": true, "max_score": true, "creation_date": true, "index.creation_date": true,
	"index.uuid": true, "pit_id": true, "_scroll_id": true, "id": true, "build_hash": true, "build_date": true, "name": true, "cluster_uuid": true,
	"size_in_bytes": true, "total_data_set_size_in_bytes": true, "total_size_in_bytes": true, "store.size": true, "pri.store.size": true,
	"dataset.size": true, "epoch": true, "timestamp": true, "publish_address": true,
}

var (
	uuidKey   = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)
	uuidText  = regexp.MustCompile(`([/\[])[A-Za-z0-9_-]{22}\]`)
	autoID    = regexp.MustCompile(`^[A-Za-z0-9_-]{20}$`)
	contextNo = regexp.MustCompile(`(context found for id \[|operation_bytes=)\d+`)
)

// differences compares an answer with the recorded one; "" means equal.
func differences(x exchange, status int, head http.Header, body []byte) string {
	if x.Status == 0 && x.ResponseBody == nil {
		if status != http.StatusOK {
			return fmt.Sprintf("status %d: %s", status, body)
		}
		return "" // sent by the walk, but its answer was not kept
	}
	if status != x.Status {
		return fmt.Sprintf("status %d, recorded %d: %.400s", status, x.Status, body)
	}
	for name, want := range x.ResponseHeaders {
		got := head.Get(name)
		if strings.EqualFold(name, "location") {
			want, got = lastAuto(want), lastAuto(got)
		}
		if got != want {
			return fmt.Sprintf("header %s %q, recorded %q", name, got, want)
		}
	}
	if _, recorded := x.ResponseHeaders["X-elastic-product"]; !recorded && head.Get("X-Elastic-Product") != "" {
		return "header X-Elastic-Product, not recorded"
	}
	want, got := tree(x.ResponseBody), cut(tree(body))
	want, got = norm(want, ""), norm(got, "")
	if strings.HasPrefix(x.Step, "cat-") {
		want, got = unordered(want), unordered(got)
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("\n  got      %.1500s\n  recorded %.1500s", show(got), show(want))
	}
	return ""
}

func show(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func tree(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return string(b)
	}
	return v
}

// lastAuto masks an automatic id at the end of a path.
func lastAuto(path string) string {
	i := strings.LastIndexByte(path, '/')
	if autoID.MatchString(path[i+1:]) {
		return path[:i+1] + "auto"
	}
	return path
}

// cut shortens an answer as the recording does.
func cut(v any) any {
	switch v := v.(type) {
	case string:
		if r := []rune(v); len(r) > 1500 {
			return string(r[:200]) + fmt.Sprintf("…[%d characters]", len(r))
		}
	case []any:
		n := len(v)
		keep := v
		if n > 24 {
			keep = v[:4]
		}
		out := make([]any, 0, len(keep)+1)
		for _, x := range keep {
			out = append(out, cut(x))
		}
		if n > 24 {
			out = append(out, fmt.Sprintf("…[%d items]", n))
		}
		return out
	case map[string]any:
		for k, x := range v {
			v[k] = cut(x)
		}
	}
	return v
}

func norm(v any, key string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			if uuidKey.MatchString(k) && k != "unassigned_primary_shards" {
				out["U"] = norm(x, k)
				continue
			}
			out[k] = norm(x, k)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = norm(v[i], "")
		}
		return out
	case nil:
		return nil
	case json.Number:
		if masked[key] {
			return "masked"
		}
		return number(v)
	case string:
		switch {
		case masked[key], key == "_id" && autoID.MatchString(v):
			return "masked"
		}
		v = uuidText.ReplaceAllString(v, "${1}U]")
		return contextNo.ReplaceAllString(v, "${1}N")
	}
	if masked[key] {
		return "masked"
	}
	return v
}

// number keeps the difference between 7 and 7.0, but not that between 1e3 and
// 1000.0.
func number(n json.Number) string {
	if !strings.ContainsAny(n.String(), ".eE") {
		return n.String()
	}
	f, _ := n.Float64()
	return fmt.Sprintf("%gf", f)
}

// unordered sorts lists and lines, which the real server gives in no order.
func unordered(v any) any {
	switch v := v.(type) {
	case []any:
		slices.SortFunc(v, func(a, b any) int { return cmp.Compare(show(a), show(b)) })
		return v
	case string:
		lines := strings.Split(v, "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	return v
}
