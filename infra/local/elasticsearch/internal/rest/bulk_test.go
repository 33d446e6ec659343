package rest

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
)

func TestParseBulk(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"all actions":       {"{\"index\":{\"_id\":\"1\"}}\n{}\n{\"create\":{\"_id\":\"2\"}}\n{}\n{\"update\":{\"_id\":\"3\"}}\n{\"doc\":{}}\n{\"delete\":{\"_id\":\"4\"}}\n", "index 1, create 2, update 3, delete 4"},
		"blank lines, CRLF": {"\n{\"delete\":{\"_id\":\"1\"}}\r\n\n{\"index\":{\"_id\":\"2\"}}\r\n{\"a\":1}\r\n", "delete 1, index 2"},
		"numbers as ids":    {"{\"delete\":{\"_id\":17}}\n", "delete 17"},
		"no id":             {"{\"index\":{}}\n{}\n", "index auto"},
		"dangling":          {"{\"delete\":{\"_id\":\"1\"}}\n{\"index\":{\"_id\":\"2\"}}\n", "delete 1"},
		"version as text":   {"{\"index\":{\"_id\":\"1\",\"version\":\"7\",\"version_type\":\"external_gte\"}}\n{}\n", "index 1 v7"},
		"open action":       {"{\"index\":{\"_id\":\"1\"}\n{}\n", "index 1"},
		"no newline":        {"{\"delete\":{\"_id\":\"1\"}}", "must be terminated by a newline"},
		"unknown action":    {"{\"upsert\":{}}\n{}\n", "Malformed action/metadata line [1], expected field [create], [delete], [index] or [update] but found [upsert]"},
		"unknown metadata":  {"{\"delete\":{\"_id\":\"1\"}}\n{\"index\":{\"_type\":\"x\"}}\n{}\n", "Action/metadata line [2] contains an unknown parameter [_type]"},
		"no object":         {"[1]\n{}\n", "expected START_OBJECT but found [START_ARRAY]"},
		"empty action":      {"{}\n{}\n", "expected FIELD_NAME but found [END_OBJECT]"},
		"bad version type":  {"{\"index\":{\"version_type\":\"force\"}}\n{}\n", "No version type match [force]"},
	} {
		ops, err := parseBulk(c.body, engine.Op{Index: "i"})
		var got []string
		for _, op := range ops {
			id := op.ID
			if op.AutoID {
				id = "auto"
			}
			if op.Version != nil {
				id += fmt.Sprint(" v", *op.Version)
			}
			got = append(got, fmt.Sprint(op.Action, " ", id))
		}
		switch {
		case err != nil && !strings.Contains(err.Reason, c.want):
			t.Errorf("%s: %v", name, err)
		case err == nil && strings.Join(got, ", ") != c.want:
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestNodesWanted(t *testing.T) {
	for text, want := range map[string]bool{"": true, "1": true, "3": false, ">=1": true, ">=2": false, "<2": true, "ge(1)": true, "gt(1)": false, "x": false} {
		if got := nodesWanted(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestJavaEscape(t *testing.T) {
	if got := javaEscape("a b/c#d+e*f~제"); got != "a+b%2Fc%23d%2Be*f%7E%EC%A0%9C" {
		t.Error(got)
	}
}
