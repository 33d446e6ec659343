package oms

import (
	"cmp"
	"slices"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology/relations"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/ratelimit"
)

var (
	textNetwork   = problem.Define("oms.network", "The network of relationships was analysed.", "관계 네트워크를 분석했습니다.")
	textPaths     = problem.Define("oms.paths", "Paths found: {count}.", "찾은 경로: {count}개")
	textReachable = problem.Define("oms.reachable", "Classes that can be reached: {count}.", "도달할 수 있는 클래스: {count}개")
)

func (f *Function) ontologyRoutes() {
	const class = "/api/v1/database/{db_name}/ontology"
	writes := &core.OntologyWrites{Core: f.core, ClassParam: "class_id"}
	f.Handle("POST "+class, writes.Create, httpapi.Limit(ratelimit.Write))
	f.Handle("POST "+class+"/validate", writes.Validate)
	f.Handle("POST "+class+"/create-advanced", writes.CreateAdvanced, httpapi.Limit(ratelimit.Write))
	f.Handle("POST "+class+"/validate-relationships", writes.ValidateRelationships)
	f.Handle("POST "+class+"/detect-circular-references", writes.CheckCycles)
	f.Handle("GET "+class+"/analyze-network", f.analyzeNetwork)
	f.Handle("GET "+class+"/relationship-paths/{start_entity}", f.relationshipPaths)
	f.Handle("GET "+class+"/reachable-entities/{start_entity}", f.reachableEntities)
	f.Handle("POST "+class+"/{class_id}/validate", writes.ValidateUpdate)
	f.Handle("GET "+class+"/{class_id}", f.getClass)
	f.Handle("PUT "+class+"/{class_id}", writes.Update)
	f.Handle("DELETE "+class+"/{class_id}", writes.Delete)
}

type networkReport struct {
	Database          string            `json:"db_name"`
	Branch            string            `json:"branch"`
	Count             int               `json:"ontology_count"`
	Summary           networkSummary    `json:"summary"`
	Graph             networkGraph      `json:"graph_structure"`
	Validation        networkIssues     `json:"validation"`
	Cycles            core.CycleSummary `json:"cycle_analysis"`
	Recommendations   []string          `json:"recommendations"`
	AnalysisTimestamp string            `json:"analysis_timestamp"`
}

type networkSummary struct {
	Relationships   int    `json:"total_relationships"`
	InverseCoverage string `json:"inverse_coverage"`
	Score           int    `json:"health_score"`
}

type networkGraph struct {
	Entities      int     `json:"total_entities"`
	Relationships int     `json:"total_relationships"`
	Types         int     `json:"relationship_types"`
	Connections   float64 `json:"average_connections_per_entity"`
}

type networkIssues struct {
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
}

func (f *Function) analyzeNetwork(r *httpapi.Request) (*httpapi.Response, error) {
	n, err := f.core.Network(r)
	if err != nil {
		return nil, err
	}
	report := networkReport{
		Database: r.PathValue("db_name"), Branch: r.Branch(), Count: n.Classes,
		Summary:    networkSummary{n.Relationships, n.Coverage(), n.Score()},
		Graph:      networkGraph{n.Entities, n.Relationships, n.Types, n.Connections},
		Validation: networkIssues{n.Errors, n.Warnings}, Cycles: n.Cycles, Recommendations: []string{}, AnalysisTimestamp: problem.Timestamp(f.core.Now()),
	}
	for _, a := range n.Recommendations {
		report.Recommendations = append(report.Recommendations, a.Message.In(r.Lang))
	}
	return httpapi.Success(r, textNetwork.With(), report), nil
}

type pathBody struct {
	Entities   []string           `json:"entities"`
	Predicates []string           `json:"predicates"`
	Length     int                `json:"length"`
	Weight     float64            `json:"total_weight"`
	Confidence float64            `json:"confidence"`
	Type       relations.PathType `json:"path_type"`
}

type pathReport struct {
	Paths      []pathBody     `json:"paths"`
	Statistics pathStatistics `json:"statistics"`
}

type pathStatistics struct {
	Found    int     `json:"total_paths_found"`
	Average  float64 `json:"average_length"`
	Shortest int     `json:"shortest_path_length"`
	Longest  int     `json:"longest_path_length"`
}

func (f *Function) relationshipPaths(r *httpapi.Request) (*httpapi.Response, error) {
	q, paths, _, err := f.core.Paths(r, r.PathValue("start_entity"), 5, 10)
	if err != nil {
		return nil, err
	}
	report := pathReport{Paths: []pathBody{}, Statistics: pathStatistics{Found: len(paths)}}
	report.Statistics.Average, report.Statistics.Shortest, report.Statistics.Longest = core.PathStatistics(paths)
	for _, p := range paths {
		report.Paths = append(report.Paths, pathBody{p.Classes, p.Predicates, len(p.Predicates), p.Weight, p.Confidence, q.Type})
	}
	return httpapi.Success(r, textPaths.With("count", len(paths)), report), nil
}

type reachable struct {
	Class    string `json:"class_id"`
	Distance int    `json:"distance"`
}

type reachableReport struct {
	Start    string      `json:"start_entity"`
	MaxDepth int         `json:"max_depth"`
	Total    int         `json:"total_reachable"`
	Entities []reachable `json:"reachable_entities"`
}

func (f *Function) reachableEntities(r *httpapi.Request) (*httpapi.Response, error) {
	q, paths, _, err := f.core.Paths(r, r.PathValue("start_entity"), 3, 5)
	if err != nil {
		return nil, err
	}
	report := reachableReport{Start: q.Start, MaxDepth: q.MaxDepth, Total: len(paths), Entities: []reachable{}}
	for _, p := range paths { // of each class the shortest
		report.Entities = append(report.Entities, reachable{p.Classes[len(p.Classes)-1], len(p.Predicates)})
	}
	slices.SortFunc(report.Entities, func(a, b reachable) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Class, b.Class))
	})
	return httpapi.Success(r, textReachable.With("count", report.Total), report), nil
}
