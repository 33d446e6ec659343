package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"spiceharvester/shared/openapi"
)

type thing struct {
	Name  string         `json:"name"`
	Count *int           `json:"count,omitempty"`
	Data  map[string]any `json:"data"`
	Parts []thing        `json:"parts"`
	Size  json.Number    `json:"size"`
}

var info = openapi.Info{Title: "Things", Version: "1", Lang: true, Error: struct {
	Message string `json:"message"`
}{}}

func operations() []openapi.Operation {
	return []openapi.Operation{
		{Pattern: "GET /api/v1/things/{thing_id}", Tag: "Things", Summary: "One thing", Params: []openapi.Param{{Name: "limit", Type: "integer", Default: 5}}, Answers: map[int]any{200: thing{}}, Fails: []int{404}},
		{Pattern: "POST /api/v1/things", Tag: "Things", Summary: "A new thing", Body: thing{}, Answers: map[int]any{202: nil}, Hidden: true},
		{Pattern: "GET /api/v1/{$}", Tag: "Root", Summary: "Root", Answers: map[int]any{200: map[string]any{}}, Public: true},
	}
}

var routes = []string{"GET /api/v1/things/{thing_id}", "POST /api/v1/things", "GET /api/v1/{$}"}

func TestDocument(t *testing.T) {
	doc, err := openapi.Document(info, routes, operations(), false)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Parameters  []struct{ Name, In string }
			Responses   map[string]any
			Security    []any
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Type any }
			}
		}
	}
	if err := json.Unmarshal(body, &read); err != nil {
		t.Fatal(err)
	}
	get := read.Paths["/api/v1/things/{thing_id}"]["get"]
	if read.OpenAPI != "3.1.0" || get.OperationID != "get_things_thing_id" || len(get.Parameters) != 4 || get.Responses["404"] == nil || len(get.Security) != 2 {
		t.Errorf("%s", body)
	}
	if root, ok := read.Paths["/api/v1/"]["get"]; !ok || len(root.Security) != 0 {
		t.Errorf("%s", body)
	}
	if _, hidden := read.Paths["/api/v1/things"]; hidden || read.Components.Schemas["Thing"].Properties["size"].Type != "number" {
		t.Errorf("%s", body)
	}
	full, err := openapi.Document(info, routes, operations(), true)
	if err != nil || full.Paths["/api/v1/things"].Post == nil {
		t.Error(full, err)
	}
}

func TestEveryRouteIsDescribedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		routes     []string
		operations []openapi.Operation
	}{
		"not described": {append([]string{"GET /more"}, routes...), operations()},
		"no route":      {routes[1:], operations()},
		"twice":         {routes, append(operations(), operations()[0])},
		"no answer":     {append([]string{"GET /x"}, routes...), append(operations(), openapi.Operation{Pattern: "GET /x", Tag: "x"})},
	} {
		if _, err := openapi.Document(info, c.routes, c.operations, true); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// One route of the router may be several operations for clients, and a route may do
// nothing but fail.
func TestRoutesAndOperations(t *testing.T) {
	served := append([]string{"GET /{first}/{second}", "POST /later"}, routes...)
	described := append(operations(),
		openapi.Operation{Pattern: "GET /one/{second}", Route: "GET /{first}/{second}", Tag: "x", Answers: map[int]any{200: nil}},
		openapi.Operation{Pattern: "GET /{first}/two", Route: "GET /{first}/{second}", Tag: "x", Answers: map[int]any{200: nil}},
		openapi.Operation{Pattern: "POST /later", Tag: "x", Fails: []int{501}})
	doc, err := openapi.Document(info, served, described, true)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Paths["/one/{second}"] == nil || doc.Paths["/{first}/two"] == nil || doc.Paths["/{first}/{second}"] != nil {
		t.Errorf("%v", doc.Paths)
	}
	if later := doc.Paths["/later"].Post.Responses; later["501"] == nil || later["200"] != nil {
		t.Errorf("%v", later)
	}
}

func TestPage(t *testing.T) {
	doc, err := openapi.Document(info, routes, operations(), true)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := openapi.Page(&page, doc); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/api/v1/things/{thing_id}", "A new thing", "name *", "limit"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page.String(), "http://") || strings.Contains(page.String(), "<script") {
		t.Error("the page wants something from elsewhere")
	}
}
