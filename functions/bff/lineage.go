package bff

import (
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/lineage"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

func (f *Function) lineageRoutes() {
	f.Handle("GET /api/v1/lineage/graph", f.lineageGraph)
	f.Handle("GET /api/v1/lineage/impact", f.lineageImpact)
	f.Handle("GET /api/v1/lineage/metrics", f.lineageMetrics)
}

var textRoot = problem.Define("lineage.root", "root must name a node.", "root에 노드를 지정해야 합니다.")

// optionalDatabase reads db_name, "" if it is not given.
func optionalDatabase(r *httpapi.Request) (string, error) {
	name := r.Query("db_name", "")
	if name == "" {
		return "", nil
	}
	if err := ontology.CheckDatabase(name); err != nil {
		return "", problem.InvalidParameter([]any{"query", "db_name"}, err, name)
	}
	return name, nil
}

// lineageQuery reads what graph and impact share, with the defaults of each.
func lineageQuery(r *httpapi.Request, defaults lineage.Query) (lineage.Query, error) {
	q := lineage.Query{
		Root:  r.Required("root"),
		Depth: int(r.Int("max_depth", int64(defaults.Depth), 0, 50)),
		Nodes: int(r.Int("max_nodes", int64(defaults.Nodes), 1, 20_000)),
		Edges: int(r.Int("max_edges", int64(defaults.Edges), 1, 50_000)),

		Direction: r.OneOf("direction", defaults.Direction, lineage.Upstream, lineage.Downstream, lineage.Both),
	}
	if err := r.Check(); err != nil {
		return q, err
	}
	if lineage.BlankRoot(q.Root) {
		return q, problem.InvalidParameter([]any{"query", "root"}, textRoot.With(), q.Root)
	}
	var err error
	q.Database, err = optionalDatabase(r)
	return q, err
}

var textLineage = problem.Define("lineage.read", "Lineage was read.", "계보를 조회했습니다.")

// lineageGraph answers what a node came of and what came of it.
func (f *Function) lineageGraph(r *httpapi.Request) (*httpapi.Response, error) {
	q, err := lineageQuery(r, lineage.Query{Direction: lineage.Both, Depth: 5, Nodes: 500, Edges: 2000})
	if err != nil {
		return nil, err
	}
	graph, err := f.lineage.Graph(r.Context(), q)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textLineage.With(), map[string]any{"graph": graph}), nil
}

// lineageImpact answers which artifacts depend on a node.
func (f *Function) lineageImpact(r *httpapi.Request) (*httpapi.Response, error) {
	q, err := lineageQuery(r, lineage.Query{Direction: lineage.Downstream, Depth: 10, Nodes: 2000, Edges: 5000})
	if err != nil {
		return nil, err
	}
	impact, err := f.lineage.Impact(r.Context(), q, r.Query("artifact_kind", ""), r.Lang)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textLineage.With(), impact), nil
}

// lineageMetrics answers how far lineage is behind the log.
func (f *Function) lineageMetrics(r *httpapi.Request) (*httpapi.Response, error) {
	minutes := r.Int("window_minutes", 60, 1, 1440)
	if err := r.Check(); err != nil {
		return nil, err
	}
	database, err := optionalDatabase(r)
	if err != nil {
		return nil, err
	}
	metrics, err := f.lineage.Metrics(r.Context(), database, minutes)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textLineage.With(), metrics), nil
}
