package bff

import (
	"spiceharvester/shared/describe"
	"spiceharvester/shared/graphquery"
	"spiceharvester/shared/openapi"
)

// graphBody is a graph query as clients write it.
type graphBody struct {
	StartClass        string           `json:"start_class"`
	Hops              []graphquery.Hop `json:"hops,omitempty"`
	Filters           object           `json:"filters,omitempty" doc:"Values that properties of the start must have, compared as texts."`
	Limit             int              `json:"limit,omitempty" default:"100" doc:"Bindings of a page."`
	Offset            int              `json:"offset,omitempty" default:"0"`
	MaxNodes          int              `json:"max_nodes,omitempty" default:"500"`
	MaxEdges          int              `json:"max_edges,omitempty" default:"2000"`
	IncludePaths      bool             `json:"include_paths,omitempty" default:"false"`
	MaxPaths          int              `json:"max_paths,omitempty" default:"100"`
	PathDepthLimit    int              `json:"path_depth_limit,omitempty" doc:"Paths are cut to so many edges."`
	NoCycles          bool             `json:"no_cycles,omitempty" default:"false" doc:"Leave out paths that reach a node twice."`
	IncludeProvenance bool             `json:"include_provenance,omitempty" default:"false"`
	IncludeDocuments  bool             `json:"include_documents,omitempty" default:"true"`
	IncludeAudit      bool             `json:"include_audit,omitempty" default:"false"`
}

type simpleBody struct {
	ClassName string `json:"class_name"`
	Filters   object `json:"filters,omitempty"`
	Limit     int    `json:"limit,omitempty" default:"100"`
}

// multiHopBody takes hops as objects or as lists of predicate and class.
type multiHopBody struct {
	StartClass       string `json:"start_class"`
	Hops             []any  `json:"hops,omitempty"`
	Filters          object `json:"filters,omitempty"`
	Limit            int    `json:"limit,omitempty" default:"100"`
	IncludeDocuments bool   `json:"include_documents,omitempty" default:"true"`
	IncludeAudit     bool   `json:"include_audit,omitempty" default:"false"`
}

type multiHopAnswer struct {
	Status string    `json:"status"`
	Data   rawAnswer `json:"data"`
}

const graphPath = "/api/v1/graph-query"

var graphOperations = []openapi.Operation{
	{Pattern: "GET " + graphPath + "/health", Tag: "Graph", Summary: "Whether the stores that graph queries need answer", Answers: map[int]any{200: object{}}},
	read(openapi.Operation{Pattern: "POST " + graphPath + "/{db_name}", Tag: "Graph", Summary: "Follow links from instances of a class", Body: graphBody{}, Params: []openapi.Param{branchParam, positionParam}}, graphquery.Answer{}),
	read(openapi.Operation{Pattern: "POST " + graphPath + "/{db_name}/simple", Tag: "Graph", Summary: "Instances of a class", Body: simpleBody{}, Params: []openapi.Param{branchParam, positionParam}}, simpleAnswer{}),
	read(openapi.Operation{Pattern: "POST " + graphPath + "/{db_name}/multi-hop", Tag: "Graph", Summary: "Follow links; documents stand beside the nodes", Body: multiHopBody{}, Params: []openapi.Param{branchParam, positionParam}}, multiHopAnswer{}),
	read(openapi.Operation{Pattern: "GET " + graphPath + "/{db_name}/paths", Tag: "Graph", Summary: "Chains of relationships between two classes", Params: []openapi.Param{
		{Name: "source_class", Required: true}, {Name: "target_class", Required: true}, {Name: "max_depth", Type: "integer", Default: 5}, branchParam}}, schemaPaths{}),
}

type queryBody = describe.QueryBody

type rawQueryBody struct {
	Type string `json:"type" enum:"select,count,exists"`
	queryBody
}

const queryPath = onePath + "/query"

var queryOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "POST " + queryPath, Tag: "Query", Summary: "Instances of a class by their properties", Body: queryBody{}, Params: []openapi.Param{branchParam, positionParam}}, queryAnswer{}),
	read(openapi.Operation{Pattern: "POST " + queryPath + "/raw", Tag: "Query", Summary: "Rows, their number, or whether there is any", Body: rawQueryBody{}, Params: []openapi.Param{branchParam, positionParam}}, rawQueryAnswer{}),
	read(openapi.Operation{Pattern: "GET " + queryPath + "/builder", Tag: "Query", Summary: "What a query may hold"}, object{}),
}
