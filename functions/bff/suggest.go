package bff

import (
	"math"
	"math/rand/v2"
	"slices"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/infer"
	"spiceharvester/shared/infer/analysis"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

var textSuggested = problem.Define("bff.schema_suggested", "A schema was suggested from {columns} columns.", "{columns}개 열을 바탕으로 스키마를 제안했습니다.")

// suggestSchema suggests a class for a table that the client sends. Nothing is read or
// written, so the database need not exist.
func (f *Function) suggestSchema(r *httpapi.Request) (*httpapi.Response, error) {
	database := r.PathValue("db_name")
	if err := ontology.CheckDatabase(database); err != nil {
		return nil, problem.InvalidParameter([]any{"path", "db_name"}, err, database)
	}
	body, err := r.RawBody(httpapi.MaxBody)
	if err != nil {
		return nil, err
	}
	q, err := analysis.Read(body, "class_name")
	if err != nil {
		return nil, err
	}
	className, err := core.Text(q.Fields, "class_name", false)
	if err != nil {
		return nil, err
	}
	now := f.core.Now()
	found := q.Analyze(rand.NewPCG(0, 0), now, r.Lang) // the same sample for the same request
	return httpapi.OK(map[string]any{
		"status": "success", "message": textSuggested.With("columns", len(found.Columns)).In(r.Lang),
		"suggested_schema": infer.Suggest(found.Result, className, now, r.Lang),
		"analysis_summary": summarize(found.Result), "detailed_analysis": found,
	}), nil
}

// analysisSummary is what a person wants to know first about an analysis.
type analysisSummary struct {
	Columns        int      `json:"total_columns"`
	HighConfidence int      `json:"high_confidence_columns"`
	Average        float64  `json:"average_confidence"`
	Types          []string `json:"detected_types"`
}

func summarize(r infer.Result) analysisSummary {
	s := analysisSummary{Columns: len(r.Columns), Types: []string{}}
	sum := 0.0
	for _, c := range r.Columns {
		sum += c.Inferred.Confidence
		if c.Inferred.Confidence >= infer.HighConfidence {
			s.HighConfidence++
		}
		s.Types = append(s.Types, c.Inferred.Type)
	}
	if s.Columns > 0 {
		s.Average = math.Round(100*sum/float64(s.Columns)) / 100
	}
	slices.Sort(s.Types)
	s.Types = slices.Compact(s.Types)
	return s
}
