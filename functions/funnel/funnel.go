// Package funnel finds the types of the columns of a table, and suggests a class for it.
// It keeps nothing.
package funnel

import (
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/platform"
)

// Function is the funnel.
type Function struct {
	*httpapi.API
	now func() time.Time
}

// prefix is where the endpoints are.
const prefix = "/api/v1/funnel"

// Open makes the funnel out of the environment.
func Open(p *platform.Platform) (*Function, error) {
	api, err := httpapi.Open(p, "funnel", "FUNNEL", append([]string{"/", "/health", prefix + "/health"}, openapi.Exempt...))
	if err != nil {
		return nil, err
	}
	f := &Function{API: api, now: p.Now}
	f.routes()
	return f, nil
}

// Close implements service.Function; there is nothing to end.
func (f *Function) Close() {}

func (f *Function) routes() {
	openapi.Serve(f.API, documentation, operations)
	f.Handle("GET /{$}", f.root)
	f.Handle("GET /health", f.health)
	f.Handle("GET "+prefix+"/health", f.health)
	f.Handle("POST "+prefix+"/analyze", f.analyze)
	f.Handle("POST "+prefix+"/suggest-schema", f.suggestSchema)
}
