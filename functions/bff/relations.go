package bff

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology/relations"
	"spiceharvester/shared/problem"
)

// shownPaths is how many ways one answer shows.
const shownPaths = 10

var (
	textNetwork    = problem.Define("relations.network", "The network of relationships was analysed.", "관계 네트워크를 분석했습니다.")
	textPathsFound = problem.Define("relations.paths", "Paths found: {count}.", "찾은 경로: {count}개")
	textHealth     = map[string]*problem.Text{
		"Excellent": problem.Define("relations.excellent", "The relationships are in order.", "관계 상태가 매우 좋습니다."),
		"Good":      problem.Define("relations.good", "The relationships are mostly in order.", "관계 상태가 좋습니다."),
		"Fair":      problem.Define("relations.fair", "Some relationships should be mended.", "일부 관계를 고쳐야 합니다."),
		"Poor":      problem.Define("relations.poor", "Many relationships should be mended.", "많은 관계를 고쳐야 합니다."),
	}
)

type networkReport struct {
	Status          string                  `json:"status"`
	Message         string                  `json:"message"`
	Health          networkHealth           `json:"network_health"`
	Statistics      networkStatistics       `json:"statistics"`
	Quality         networkQuality          `json:"quality_metrics"`
	Recommendations []networkRecommendation `json:"recommendations"`
	Metadata        networkMetadata         `json:"metadata"`
}

type networkHealth struct {
	Score       int    `json:"score"`
	Grade       string `json:"grade"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

type networkStatistics struct {
	Ontologies    int     `json:"total_ontologies"`
	Relationships int     `json:"total_relationships"`
	Types         int     `json:"relationship_types"`
	Entities      int     `json:"total_entities"`
	Connections   float64 `json:"average_connections"`
}

type networkQuality struct {
	Errors          int    `json:"validation_errors"`
	Warnings        int    `json:"validation_warnings"`
	CriticalCycles  int    `json:"critical_cycles"`
	Cycles          int    `json:"total_cycles"`
	InverseCoverage string `json:"inverse_coverage"`
}

type networkRecommendation struct {
	Priority string `json:"priority"`
	Message  string `json:"message"`
}

type networkMetadata struct {
	AnalysisTimestamp string       `json:"analysis_timestamp"`
	Database          string       `json:"database"`
	Language          problem.Lang `json:"language"`
}

// grade names a score.
func grade(score int) (name, color string) {
	switch {
	case score >= 90:
		return "Excellent", "green"
	case score >= 70:
		return "Good", "blue"
	case score >= 50:
		return "Fair", "yellow"
	}
	return "Poor", "red"
}

func (f *Function) analyzeNetwork(r *httpapi.Request) (*httpapi.Response, error) {
	n, err := f.core.Network(r)
	if err != nil {
		return nil, err
	}
	name, color := grade(n.Score())
	report := networkReport{
		Status: "success", Message: textNetwork.With().In(r.Lang),
		Health:          networkHealth{n.Score(), name, color, textHealth[name].With().In(r.Lang)},
		Statistics:      networkStatistics{n.Classes, n.Relationships, n.Types, n.Entities, n.Connections},
		Quality:         networkQuality{n.Errors, n.Warnings, n.Cycles.Critical, n.Cycles.Total, n.Coverage()},
		Recommendations: []networkRecommendation{}, Metadata: networkMetadata{problem.Timestamp(f.core.Now()), r.PathValue("db_name"), r.Lang},
	}
	for _, a := range n.Recommendations {
		report.Recommendations = append(report.Recommendations, networkRecommendation{a.Priority, a.Message.In(r.Lang)})
	}
	return httpapi.OK(report), nil
}

type pathReport struct {
	Status     string         `json:"status"`
	Message    string         `json:"message"`
	Query      pathQuery      `json:"query"`
	Paths      []pathBody     `json:"paths"`
	Statistics pathStatistics `json:"statistics"`
	Metadata   pathMetadata   `json:"metadata"`
}

type pathQuery struct {
	Start    string             `json:"start_entity"`
	End      *string            `json:"end_entity"`
	MaxDepth int                `json:"max_depth"`
	Type     relations.PathType `json:"path_type"`
}

type pathBody struct {
	Start      string             `json:"start"`
	End        string             `json:"end"`
	Path       string             `json:"path"`
	Predicates []string           `json:"predicates"`
	Length     int                `json:"length"`
	Weight     float64            `json:"weight"`
	Confidence float64            `json:"confidence"`
	Type       relations.PathType `json:"path_type"`
}

type pathStatistics struct {
	Found     int     `json:"total_paths_found"`
	Displayed int     `json:"displayed_paths"`
	Average   float64 `json:"average_length"`
	Shortest  int     `json:"shortest_path_length"`
	Longest   int     `json:"longest_path_length"`
}

type pathMetadata struct {
	Language problem.Lang `json:"language"`
	StartID  string       `json:"start_id"`
	EndID    *string      `json:"end_id"`
}

func (f *Function) relationshipPaths(r *httpapi.Request) (*httpapi.Response, error) {
	start := r.Query("start_entity", "")
	if start == "" {
		return nil, problem.Validation(problem.Missing([]any{"query", "start_entity"}))
	}
	q, paths, schema, err := f.core.Paths(r, start, 3, 5)
	if err != nil {
		return nil, err
	}
	report := pathReport{
		Status: "success", Message: textPathsFound.With("count", len(paths)).In(r.Lang), Query: pathQuery{Start: start, MaxDepth: q.MaxDepth, Type: q.Type},
		Paths: []pathBody{}, Metadata: pathMetadata{Language: r.Lang, StartID: q.Start}, Statistics: pathStatistics{Found: len(paths), Displayed: min(len(paths), shownPaths)},
	}
	if q.End != "" {
		end := r.Query("end_entity", "")
		report.Query.End, report.Metadata.EndID = &end, &q.End
	}
	report.Statistics.Average, report.Statistics.Shortest, report.Statistics.Longest = core.PathStatistics(paths)
	for _, p := range paths[:report.Statistics.Displayed] {
		body := pathBody{Predicates: p.Predicates, Length: len(p.Predicates), Weight: p.Weight, Confidence: p.Confidence, Type: q.Type}
		body.Start, body.End, body.Path = core.ShowPath(p, schema, r.Lang)
		report.Paths = append(report.Paths, body)
	}
	return httpapi.OK(report), nil
}
