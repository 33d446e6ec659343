package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// documented is an operation of a document.
type documented struct {
	method, path string
	Parameters   []struct {
		Name, In string
		Required bool
		Schema   object
	}
	RequestBody *struct{ Content map[string]any }
	Security    []any
	Responses   map[string]struct {
		Content map[string]struct{ Schema object }
	}
}

// name is how recipes call the operation.
func (o *documented) name() string { return o.method + " " + strings.TrimPrefix(o.path, "/api/v1") }

// apiDocument is a document as clients download it.
type apiDocument struct {
	Paths      map[string]map[string]*documented
	Components struct{ Schemas map[string]object }
}

func (d *apiDocument) operations() []*documented {
	var all []*documented
	for path, item := range d.Paths {
		for method, o := range item {
			o.method, o.path = strings.ToUpper(method), path
			all = append(all, o)
		}
	}
	// What deletes comes last, and the database behind all.
	rank := func(o *documented) int {
		switch {
		case o.method == "DELETE" && strings.HasSuffix(o.path, "/{db_name}"):
			return 2
		case o.method == "DELETE":
			return 1
		}
		return 0
	}
	slices.SortFunc(all, func(a, b *documented) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method))
	})
	return all
}

// recipe says how an operation is called so that it succeeds. Others are called
// bare: they must answer with what they document, and never with a server's error.
type recipe struct {
	body  any
	query string
	wait  bool // what follows builds on it
}

// smoke is what the operations are called on.
type smoke struct {
	api
	db     string
	doc    apiDocument
	values map[string]string // of path parameters
}

func newSmoke(t *testing.T, w *world, of *client.Client, document string) *smoke {
	t.Helper()
	im := airports(t, w)
	product(im.api, im.db)
	upload, job := im.imported("k", "t", rowsOf(3), "Airport", airportMappings, object{})
	im.total("Airport", job)
	created := im.done("POST", instances(im.db, "Product")+"/create", object{"data": object{"product_id": "p1"}})
	im.call(200, "GET", "/api/v1/databases/"+im.db+"/class/Product/instances?min_position="+created.Text("result", "position"), nil) // then lists have it
	direct := client.New(of.Base, of.Token)                                                                                          // what leads elsewhere is not followed
	direct.HTTP.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(direct.Close)
	return &smoke{api: api{direct, t}, db: im.db, doc: readDocument(api{direct, t}, document), values: map[string]string{
		"db_name": im.db, "class_label": "Product", "class_id": "Product", "start_entity": "Product", "instance_id": "p1", "command_id": created.Command(),
		"dataset_id": upload.Text("data", "dataset", "dataset_id"), "version_id": upload.Text("data", "version", "version_id"), "job_id": job.Text("data", "job_id"),
		"task_id": "6f1d9c0e-5f0a-4b8a-9a51-4f8a1c0b7d11", "branch_name": "main", "service_name": "redis", "letter_id": "1",
	}}
}

func readDocument(a api, path string) (doc apiDocument) {
	a.t.Helper()
	if err := json.Unmarshal(a.call(200, "GET", path, nil).Body, &doc); err != nil {
		a.t.Fatal(err)
	}
	return doc
}

// smokeClass is a class that an operation declares.
func smokeClass(id string) object {
	return object{"id": id, "label": object{"en": id, "ko": "클래스"}, "properties": list{object{"name": "product_id", "type": "string", "label": "Id", "primaryKey": true, "required": true}}, "metadata": object{"source": "smoke"}}
}

// bffRecipes are keyed by method and path without /api/v1.
func bffRecipes(s *smoke) map[string]recipe {
	class := smokeClass
	legacy := class("LegacySmokeClass")
	legacy["@id"] = "LegacySmokeClass"
	delete(legacy, "id")
	one, db := "/databases/{db_name}", s.db
	equality := list{object{"field": "product_id", "operator": "eq", "value": "p1"}}
	return map[string]recipe{
		"GET /monitoring/projections":                                     {query: "db_name=" + db}, // all of a busy host takes minutes
		"POST /admin/rebuild":                                             {body: object{"sinks": list{"registries"}}},
		"POST /admin/lakefs/credentials":                                  {body: credentials("user", "smoke", "AKIASMOKE", "smoke")},
		"POST /databases":                                                 {body: object{"name": databaseName(s.t), "description": "openapi contract smoke db"}},
		"POST " + one + "/ontology":                                       {body: class("Smoke")},
		"POST " + one + "/ontology-advanced":                              {body: class("SmokeAdvanced")},
		"POST " + one + "/ontology/validate":                              {body: class("SmokeValidated")},
		"POST " + one + "/ontology/{class_label}/validate":                {body: object{"description": object{"en": "d"}}},
		"PUT " + one + "/ontology/{class_label}":                          {body: object{"description": object{"en": "d"}}, query: "expected_seq=2"},
		"POST " + one + "/classes":                                        {body: legacy},
		"POST " + one + "/validate-relationships":                         {body: class("SmokeRelated")},
		"POST " + one + "/check-circular-references":                      {body: "null"},
		"GET " + one + "/relationship-paths":                              {query: "start_entity=Product"},
		"POST " + one + "/ontology/{class_id}/mapping-metadata":           {body: object{"source": "s", "note": "n"}, wait: true},
		"POST " + one + "/instances/{class_label}/create":                 {body: object{"data": object{"product_id": "p2"}, "metadata": object{}}},
		"POST " + one + "/instances/{class_label}/bulk-create":            {body: object{"instances": list{object{"product_id": "p3"}, object{"product_id": "p4"}}, "metadata": object{}}},
		"PUT " + one + "/instances/{class_label}/{instance_id}/update":    {body: object{"data": object{"stock": 1}}, query: "expected_seq=1"},
		"DELETE " + one + "/instances/{class_label}/{instance_id}/delete": {query: "expected_seq=2"},
		"POST " + one + "/query":                                          {body: object{"class_id": "Product", "filters": equality, "limit": 5}},
		"POST " + one + "/query/raw":                                      {body: object{"class_id": "Product", "filters": equality, "limit": 5, "type": "select"}},
		"POST /graph-query/{db_name}":                                     {body: object{"start_class": "Product", "hops": list{}, "filters": object{"product_id": "p1"}}},
		"POST /graph-query/{db_name}/simple":                              {body: object{"class_name": "Product", "filters": object{"product_id": "p1"}}},
		"POST /graph-query/{db_name}/multi-hop":                           {body: object{"start_class": "Product", "hops": list{}, "filters": object{"product_id": "p1"}}},
		"GET /graph-query/{db_name}/paths":                                {query: "source_class=Product&target_class=Product&max_depth=1"},
		"GET /lineage/graph":                                              {query: "db_name=" + db + "&root=event:" + s.values["command_id"]},
		"GET /lineage/impact":                                             {query: "db_name=" + db + "&root=event:" + s.values["command_id"]},
		"GET /audit/chain-head":                                           {query: "partition_key=db:" + db},
		"GET /pipelines/datasets":                                         {query: "db_name=" + db},
		"GET /objectify/mapping-specs":                                    {query: "db_name=" + db},
		"POST " + one + "/suggest-schema-from-data":                       {body: object{"data": list{list{"1", "a"}}, "columns": list{"n", "t"}}},
	}
}

var pathParameter = regexp.MustCompile(`\{([a-z_]+)\}`)

// call calls one operation and checks the answer against the document.
func (s *smoke) call(o *documented, recipes map[string]recipe) {
	t := s.t
	t.Helper()
	name := o.name()
	r, known := recipes[name]
	if o.RequestBody != nil && r.body == nil {
		r.body = object{}
	}
	path := pathParameter.ReplaceAllStringFunc(o.path, func(p string) string {
		value, ok := s.values[p[1:len(p)-1]]
		if !ok {
			t.Errorf("%s: nobody knows a value for %s", name, p)
		}
		return url.PathEscape(value)
	})
	if r.query != "" {
		path += "?" + r.query
	}
	options := []client.Option{client.Lang("en")}
	if r.wait {
		options = append(options, client.Wait(waitSeconds))
	}
	answer, err := s.Do(t.Context(), o.method, path, r.body, options...)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	// A report on the health of this host may say that it is not well.
	unwell := answer.Status == 503 && strings.Contains(o.path, "/monitoring/")
	if answer.Status >= 500 && answer.Status != 501 && !unwell {
		t.Errorf("%s: %s", name, answer)
		return
	}
	if known && answer.Status >= 300 {
		t.Errorf("%s does not succeed: %s", name, answer)
	}
	described, ok := o.Responses[fmt.Sprint(answer.Status)]
	if !ok {
		t.Errorf("%s answers what it does not document: %s", name, answer)
		return
	}
	content, ok := described.Content["application/json"]
	if !ok {
		return
	}
	var body any
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		t.Errorf("%s: %v: %s", name, err, answer)
		return
	}
	if why := s.fits(content.Schema, body, "body"); why != "" {
		t.Errorf("%s: %s: %.500s", name, why, answer.Body)
	}
}

// fits checks a value against the parts of JSON Schema that the documents use.
func (s *smoke) fits(schema object, v any, at string) string {
	if ref, ok := schema["$ref"].(string); ok {
		return s.fits(s.doc.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]], v, at)
	}
	var types []string
	switch t := schema["type"].(type) {
	case string:
		types = []string{t}
	case []any:
		for _, one := range t {
			types = append(types, fmt.Sprint(one))
		}
	}
	got := "null"
	switch x := v.(type) {
	case bool:
		got = "boolean"
	case string:
		got = "string"
	case float64:
		got = "number"
		if x == float64(int64(x)) && slices.Contains(types, "integer") {
			got = "integer"
		}
	case []any:
		got = "array"
	case map[string]any:
		got = "object"
	}
	if len(types) > 0 && !slices.Contains(types, got) && got != "null" {
		return fmt.Sprintf("%s is %s, documented is %v", at, got, types)
	}
	switch x := v.(type) {
	case map[string]any:
		required, _ := schema["required"].([]any)
		for _, name := range required {
			if _, ok := x[fmt.Sprint(name)]; !ok {
				return fmt.Sprintf("%s lacks %v", at, name)
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if value, ok := x[name]; ok {
				if why := s.fits(properties[name].(map[string]any), value, at+"."+name); why != "" {
					return why
				}
			}
		}
	case []any:
		items, ok := schema["items"].(map[string]any)
		for i := range x {
			if ok {
				if why := s.fits(items, x[i], fmt.Sprintf("%s[%d]", at, i)); why != "" {
					return why
				}
			}
		}
	}
	return ""
}

// Every operation of each document can be called: it answers what it documents
// and never fails.
func TestEveryDocumentedOperation(t *testing.T) {
	w := sharedWorld(t)
	for name, c := range map[string]struct {
		of       *client.Client
		document string
		recipes  func(*smoke) map[string]recipe
	}{
		"published": {w.bff, "/openapi.json", bffRecipes}, "full": {w.bff, "/openapi-full.json", bffRecipes},
		"oms": {w.oms, "/openapi-full.json", omsRecipes}, "funnel": {w.funnel, "/openapi-full.json", funnelRecipes},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSmoke(t, w, c.of, c.document)
			recipes := c.recipes(s)
			operations := s.doc.operations()
			called := map[string]bool{}
			for _, o := range operations {
				s.call(o, recipes)
				called[o.name()] = true
			}
			for name := range recipes {
				if !called[name] && c.document == "/openapi-full.json" {
					t.Errorf("%s is no operation", name)
				}
			}
			t.Logf("%d operations", len(operations))
		})
	}
}
