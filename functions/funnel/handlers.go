package funnel

import (
	"math/rand/v2"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/infer"
	"spiceharvester/shared/infer/analysis"
)

const version = "1.0.0"

func (f *Function) root(*httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(map[string]any{"name": "funnel", "version": version, "endpoints": f.Routes()}), nil
}

// health is healthy as long as this function answers; it needs no other service.
func (f *Function) health(*httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(map[string]any{"status": "healthy", "service": "funnel", "version": version}), nil
}

// analyze infers the types of a table. The seed of the sample is fixed: a request that is
// sent again gets the same answer.
func (f *Function) analyze(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.RawBody(httpapi.MaxBody)
	if err != nil {
		return nil, err
	}
	q, err := analysis.Read(body)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(q.Analyze(rand.NewPCG(0, 0), f.now(), r.Lang)), nil
}

// suggestSchema makes a class of what analyze answered.
func (f *Function) suggestSchema(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.RawBody(httpapi.MaxBody)
	if err != nil {
		return nil, err
	}
	result, err := readResult(body)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(infer.Suggest(result, r.Query("class_name", ""), f.now(), r.Lang)), nil
}
