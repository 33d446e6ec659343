package bff

import (
	"context"
	"time"

	"spiceharvester/shared/core"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/graphprojection"
	"spiceharvester/shared/graphquery"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/terminus"
)

// graphs is what graph queries need.
type graphs struct {
	*graphquery.Service
	engine string
}

// openGraph opens the engine that the environment names.
func openGraph(p *platform.Platform, c *core.Core, client *search.Client) (graphs, error) {
	limits, err := graphquery.LimitsFromEnv(p.Config.Env)
	if err != nil {
		return graphs{}, err
	}
	name, engine, err := graph.FromEnv(p.Config.Env, map[string]func() (graph.Engine, error){
		graph.Elasticsearch: func() (graph.Engine, error) { return graph.NewElasticsearch(client), nil },
		graph.TerminusDB: func() (graph.Engine, error) {
			client, err := terminus.FromEnv(p.Config.Env, p.Transport)
			if err != nil {
				return nil, err
			}
			return graphprojection.NewEngine(p.Log, client), nil
		},
	})
	if err != nil {
		return graphs{}, err
	}
	return graphs{&graphquery.Service{Engine: engine, Search: client, Classes: c.Classes, Log: p.Log, Limits: limits, Now: p.Now}, name}, nil
}

func (f *Function) graphRoutes() {
	const base = graphPath
	f.Handle("GET "+base+"/health", f.graphHealth)
	f.Handle("POST "+base+"/{db_name}", f.graphQuery)
	f.Handle("POST "+base+"/{db_name}/simple", f.graphSimple)
	f.Handle("POST "+base+"/{db_name}/multi-hop", f.graphMultiHop)
	f.Handle("GET "+base+"/{db_name}/paths", f.graphPaths)
}

// run reads a query with parse and answers it.
func (f *Function) run(r *httpapi.Request, parse func(map[string]any, graphquery.Limits) (*graphquery.Query, error)) (*graphquery.Answer, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	q, err := parse(body, f.graph.Limits)
	if err != nil {
		return nil, err
	}
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	if err := f.settled(r); err != nil {
		return nil, err
	}
	return f.graph.Run(r.Context(), r.PathValue("db_name"), r.Branch(), q)
}

func (f *Function) graphQuery(r *httpapi.Request) (*httpapi.Response, error) {
	a, err := f.run(r, graphquery.Parse)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(a), nil
}

// simpleAnswer are the instances of one class.
type simpleAnswer struct {
	Class     string           `json:"class"`
	Count     int              `json:"count"`
	Documents []simpleDocument `json:"documents"`
}

type simpleDocument struct {
	ID   string               `json:"id"`
	Data *graphquery.Document `json:"data"`
}

func (f *Function) graphSimple(r *httpapi.Request) (*httpapi.Response, error) {
	a, err := f.run(r, graphquery.ParseSimple)
	if err != nil {
		return nil, err
	}
	s := simpleAnswer{Class: a.Query.StartClass, Documents: []simpleDocument{}}
	for _, n := range a.Nodes {
		if n.Data != nil { // one may have been deleted between the two look-ups
			s.Documents = append(s.Documents, simpleDocument{n.ID, n.Data})
		}
	}
	s.Count = len(s.Documents)
	return httpapi.OK(s), nil
}

// rawAnswer is an answer with the documents beside the nodes.
type rawAnswer struct {
	Nodes     []graphquery.Node               `json:"nodes"`
	Edges     []graphquery.PathEdge           `json:"edges"`
	Documents map[string]*graphquery.Document `json:"documents,omitempty"`
	Paths     []graphquery.Path               `json:"paths,omitempty"`
	Count     int                             `json:"count"`
	Warnings  []string                        `json:"warnings"`
	Page      graphquery.Page                 `json:"page"`
}

func (f *Function) graphMultiHop(r *httpapi.Request) (*httpapi.Response, error) {
	a, err := f.run(r, graphquery.Parse)
	if err != nil {
		return nil, err
	}
	raw := rawAnswer{Nodes: a.Nodes, Edges: []graphquery.PathEdge{}, Paths: a.Paths, Count: a.Count, Warnings: a.Warnings, Page: a.Page}
	if a.Query.IncludeDocuments {
		raw.Documents = map[string]*graphquery.Document{}
	}
	for i, n := range a.Nodes {
		if n.Data != nil {
			raw.Documents[n.ID], a.Nodes[i].Data = n.Data, nil
		}
	}
	for _, e := range a.Edges {
		raw.Edges = append(raw.Edges, graphquery.PathEdge{From: e.From, To: e.To, Predicate: e.Predicate})
	}
	return httpapi.OK(map[string]any{"status": "success", "data": raw}), nil
}

// schemaPaths are the ways from one class to another.
type schemaPaths struct {
	Source   string              `json:"source_class"`
	Target   string              `json:"target_class"`
	Paths    [][]graphquery.Step `json:"paths"`
	Count    int                 `json:"count"`
	MaxDepth int                 `json:"max_depth"`
	Warnings []string            `json:"warnings"`
}

func (f *Function) graphPaths(r *httpapi.Request) (*httpapi.Response, error) {
	var errs problem.FieldErrors
	p := schemaPaths{Source: r.Query("source_class", ""), Target: r.Query("target_class", ""), Warnings: []string{}}
	for name, value := range map[string]string{"source_class": p.Source, "target_class": p.Target} {
		if value == "" {
			errs = append(errs, problem.Missing([]any{"query", name}))
		}
	}
	p.MaxDepth = int(r.Int("max_depth", min(5, int64(f.graph.Limits.Hops)), 1, int64(f.graph.Limits.Hops)))
	if err := r.Check(); err != nil {
		errs = append(errs, problem.FieldErrorsOf(err)...)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	var more bool
	var err error
	p.Paths, more, err = f.graph.SchemaPaths(r.Context(), r.PathValue("db_name"), r.Branch(), p.Source, p.Target, p.MaxDepth)
	if err != nil {
		return nil, err
	}
	if p.Count = len(p.Paths); more {
		p.Warnings = append(p.Warnings, graphquery.PathLimitReached(p.Count))
	}
	return httpapi.OK(p), nil
}

var (
	textGraphHealthy   = problem.Define("graph.healthy", "Graph queries are answered.", "그래프 쿼리를 처리할 수 있습니다.")
	textGraphUnhealthy = problem.Define("graph.unhealthy", "A store that graph queries need does not answer.", "그래프 쿼리에 필요한 저장소가 응답하지 않습니다.")
)

// graphHealth answers 200 in any case; its status tells.
func (f *Function) graphHealth(r *httpapi.Request) (*httpapi.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	services := map[string]string{"elasticsearch": "healthy", "terminusdb": "not_used"}
	status, text := "healthy", textGraphHealthy
	if err := f.graph.Search.Ready(ctx); err != nil {
		// Without the read model there are neither starts nor documents.
		services["elasticsearch"], status, text = "unhealthy", "unhealthy", textGraphUnhealthy
	}
	if f.graph.engine == graph.TerminusDB {
		services["terminusdb"] = "healthy"
		if probe, ok := f.graph.Engine.(interface{ Ready(context.Context) error }); ok {
			if err := probe.Ready(ctx); err != nil {
				services["terminusdb"], text = "unhealthy", textGraphUnhealthy
				if status == "healthy" {
					status = "degraded"
				}
			}
		}
	}
	return httpapi.OK(map[string]any{"status": status, "services": services, "message": text.With().In(r.Lang)}), nil
}
