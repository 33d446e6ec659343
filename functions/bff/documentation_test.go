package bff_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"spiceharvester/shared/httpapi/httpapitest"
)

type document struct {
	Paths map[string]map[string]struct {
		Tags       []string
		Summary    string
		Parameters []struct {
			Name, In string
			Required bool
		}
	}
}

func read(t *testing.T, path string) document {
	t.Helper()
	var d document
	if err := json.Unmarshal(httpapitest.Get(t, open(t), path), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// The published document keeps what client programs rely on (bff-api Appendix A).
func TestThePublishedDocumentKeepsTheContract(t *testing.T) {
	names := strings.Fields("db_name branch branch_name class_id class_label instance_id command_id sheet_id task_id pipeline_id artifact_id dataset_id connection_id")
	published, full := read(t, "/openapi.json"), read(t, "/openapi-full.json")
	if len(published.Paths) < 20 || len(full.Paths) <= len(published.Paths) {
		t.Errorf("%d of %d paths are published", len(published.Paths), len(full.Paths))
	}
	for path, item := range published.Paths {
		for method, o := range item {
			for _, p := range o.Parameters {
				if p.In == "path" && !slices.Contains(names, p.Name) {
					t.Errorf("%s %s: clients cannot fill the path parameter %q", method, path, p.Name)
				}
				if p.In == "query" && p.Required && method == "get" && !strings.Contains(path, "graph-query") && !strings.Contains(path, "lineage") && !strings.Contains(path, "audit") && !strings.Contains(path, "relationship-paths") {
					t.Errorf("%s %s: a GET that clients call bare requires %q", method, path, p.Name)
				}
			}
			if text := strings.Join(o.Tags, " ") + o.Summary; strings.Contains(text, "WIP") || strings.HasPrefix(path, "/api/v1/projections") || text == "" {
				t.Errorf("%s %s: %q", method, path, text)
			}
		}
	}
}

func TestEveryRouteIsDescribed(t *testing.T) { httpapitest.Documented(t, open(t)) }
