package openapi

import (
	"io"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

// Exempt are the paths of the documentation that need no token: the pages tell what
// the source tells, and a browser sends none.
var Exempt = []string{"/docs", "/redoc"}

// documentationOperations describe the documentation itself.
var documentationOperations = []Operation{
	{Pattern: "GET /openapi.json", Tag: "Documentation", Summary: "The operations that client programs of the contract know", Hidden: true, Answers: map[int]any{200: map[string]any{}}},
	{Pattern: "GET /openapi-full.json", Tag: "Documentation", Summary: "Every operation", Hidden: true, Answers: map[int]any{200: map[string]any{}}},
	{Pattern: "GET /docs", Tag: "Documentation", Summary: "Every operation, to read", Hidden: true, Public: true, Answers: map[int]any{200: nil}, Media: "text/html"},
	{Pattern: "GET /redoc", Tag: "Documentation", Summary: "The same page", Hidden: true, Public: true, Answers: map[int]any{200: nil}, Media: "text/html"},
}

// documentation serves what an API says about itself. The published document has the
// operations that are not hidden, the full one and the page have all.
type documentation struct {
	info       Info
	routes     func() []string
	operations []Operation

	mu   sync.Mutex
	made map[bool]*huma.OpenAPI
}

// Serve adds the documentation to an API: /openapi.json, /openapi-full.json, /docs and
// /redoc. The operations describe all other routes, also those that are added later;
// error bodies are those of package problem.
func Serve(api *httpapi.API, info Info, operations ...[]Operation) {
	info.Error = problem.Body{}
	d := &documentation{info: info, routes: api.Routes, operations: slices.Concat(append(operations[:len(operations):len(operations)], documentationOperations)...), made: map[bool]*huma.OpenAPI{}}
	api.Handle("GET /openapi.json", d.document(false))
	api.Handle("GET /openapi-full.json", d.document(true))
	api.Handle("GET /docs", d.page)
	api.Handle("GET /redoc", d.page)
}

// of makes a document once, when it is first wanted: then every route is there.
func (d *documentation) of(all bool) (*huma.OpenAPI, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc := d.made[all]; doc != nil {
		return doc, nil
	}
	doc, err := Document(d.info, d.routes(), d.operations, all)
	if err != nil {
		return nil, problem.Internal(err)
	}
	d.made[all] = doc
	return doc, nil
}

func (d *documentation) document(all bool) httpapi.Handler {
	return func(*httpapi.Request) (*httpapi.Response, error) {
		doc, err := d.of(all)
		if err != nil {
			return nil, err
		}
		return httpapi.OK(doc), nil
	}
}

func (d *documentation) page(*httpapi.Request) (*httpapi.Response, error) {
	doc, err := d.of(true)
	if err != nil {
		return nil, err
	}
	return httpapi.Download(httpapi.Content{Type: "text/html; charset=utf-8", Write: func(w io.Writer) error { return Page(w, doc) }}), nil
}
