package funnel

import (
	"net/http"

	"spiceharvester/shared/infer/analysis"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/openapi"
)

var documentation = openapi.Info{
	Title: "Funnel", Version: version, Lang: true,
	About: "Finds the types of the columns of a table and suggests a class for it. Nothing is kept.",
}

// object is a body of any members.
type object = map[string]any

// tableBody is a table whose types are asked.
type tableBody struct {
	Data         [][]any  `json:"data" doc:"Rows; missing cells of short ones count as null."`
	Columns      []string `json:"columns"`
	SampleSize   int      `json:"sample_size,omitempty" default:"1000" doc:"How many rows are looked at."`
	ComplexTypes bool     `json:"include_complex_types,omitempty" default:"false"`
}

// operations describe every route.
var operations = []openapi.Operation{
	{Pattern: "GET /{$}", Tag: "Health", Summary: "What this service is, and its endpoints", Public: true, Answers: map[int]any{http.StatusOK: object{}}},
	{Pattern: "GET /health", Tag: "Health", Summary: "Whether the service answers", Public: true, Answers: map[int]any{http.StatusOK: object{}}},
	{Pattern: "GET " + prefix + "/health", Tag: "Health", Summary: "The same below the prefix", Public: true, Answers: map[int]any{http.StatusOK: object{}}},
	{Pattern: "POST " + prefix + "/analyze", Tag: "Types", Summary: "The types of the columns of a table", Body: tableBody{}, Answers: map[int]any{http.StatusOK: analysis.Response{}}, Fails: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}},
	{Pattern: "POST " + prefix + "/suggest-schema", Tag: "Types", Summary: "A class that fits what was found", Body: analysis.Response{}, Answers: map[int]any{http.StatusOK: ontology.Class{}}, Fails: []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge},
		Params: []openapi.Param{{Name: "class_name", About: "The label of the class."}}},
}
