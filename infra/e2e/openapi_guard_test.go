package e2e

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// No operation of the three APIs answers without a token, but those that say so; and
// none knows a method that does not exist. Both answer in the contract's error body.
func TestEveryOperationIsGuarded(t *testing.T) {
	w := sharedWorld(t)
	for name, c := range map[string]struct {
		api
		public []string // with method
	}{
		"bff":    {w.asBFF(t), []string{"GET /", "GET /docs", "GET /health", "GET /redoc"}},
		"oms":    {w.asOMS(t), []string{"GET /", "GET /docs", "GET /health", "GET /redoc"}},
		"funnel": {w.asFunnel(t), []string{"GET /", "GET /docs", "GET /funnel/health", "GET /health", "GET /redoc"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := &smoke{api: api{c.Client, t}}
			s.doc = readDocument(s.api, "/openapi-full.json")
			public := map[string]bool{}
			for _, o := range s.doc.operations() {
				path := pathParameter.ReplaceAllString(o.path, "x")
				if len(o.Security) == 0 {
					public[o.name()] = true
					s.api.call(200, o.method, path, nil, client.Anonymous)
				} else {
					s.refused(o, s.api.call(401, o.method, path, nil, client.Anonymous))
				}
				if r := s.unknownMethod(o, path); r != nil {
					s.refused(o, r)
				}
			}
			if got := slices.Sorted(maps.Keys(public)); !slices.Equal(got, c.public) {
				t.Errorf("without a token: %v", got)
			}
			s.api.call(401, "PURGE", "/api/v1/nothing", nil, client.Anonymous)
		})
	}
}

// unknownMethod calls the path of an operation with a method that nobody serves.
func (s *smoke) unknownMethod(o *documented, path string) *client.Response {
	s.t.Helper()
	r, err := s.Do(s.t.Context(), "PURGE", path, "{}")
	if err != nil || r.Status != 404 && r.Status != 405 {
		s.t.Errorf("PURGE %s: %v, %s", o.path, err, r)
		return nil
	}
	return r
}

// refused checks that an answer has the error body that the operation documents.
func (s *smoke) refused(o *documented, r *client.Response) {
	s.t.Helper()
	var body any
	if err := json.Unmarshal(r.Body, &body); err != nil {
		s.t.Errorf("%s: %v: %s", o.name(), err, r)
		return
	}
	schema := o.Responses["422"].Content["application/json"].Schema
	if why := s.fits(schema, body, "body"); schema == nil || why != "" || r.Text("status") != "error" || r.Text("code") == "" {
		s.t.Errorf("%s: %s: %s", o.name(), why, r)
	}
}
