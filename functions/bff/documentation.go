package bff

import (
	"io"
	"slices"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
)

// documentation serves what this API says about itself. The published document
// has the operations that client programs of the contract know (bff-api Appendix
// A), the full one and the page have all.
type documentation struct {
	routes func() []string
	mu     sync.Mutex
	made   map[bool]*huma.OpenAPI
}

func (d *documentation) of(all bool) (*huma.OpenAPI, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc := d.made[all]; doc != nil {
		return doc, nil
	}
	doc, err := openapi.Document(openapi.Info{
		Title: "BFF (Backend for Frontend) Service", Version: version, Lang: true, Error: problem.Body{},
		About: "The public API of SPICE HARVESTER. Writes answer 202 with a command id; Prefer: wait=n waits for the outcome, Idempotency-Key makes a repetition the same command.",
	}, d.routes(), slices.Concat(operations...), all)
	if err != nil {
		return nil, problem.Internal(err)
	}
	if d.made == nil {
		d.made = map[bool]*huma.OpenAPI{}
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
	return httpapi.Download(httpapi.Content{Type: "text/html; charset=utf-8", Write: func(w io.Writer) error { return openapi.Page(w, doc) }}), nil
}

func (f *Function) documentationRoutes() {
	d := &documentation{routes: f.Routes}
	f.Handle("GET /openapi.json", d.document(false))
	f.Handle("GET /openapi-full.json", d.document(true))
	f.Handle("GET /docs", d.page)
	f.Handle("GET /redoc", d.page)
}
