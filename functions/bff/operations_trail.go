package bff

import (
	"spiceharvester/shared/audit"
	"spiceharvester/shared/lineage"
	"spiceharvester/shared/openapi"
)

type auditList struct {
	Items []object `json:"items"`
	Count int      `json:"count"`
}

// Parameters of walks through lineage.
var (
	rootParam      = openapi.Param{Name: "root", Required: true, About: "A node: event:<id>, agg:<Type>:<id>, artifact:<kind>:<…>; an event id alone will do."}
	directionParam = openapi.Param{Name: "direction", Enum: []string{lineage.Upstream, lineage.Downstream, lineage.Both}}
	depthParam     = openapi.Param{Name: "max_depth", Type: "integer", About: "How many edges away at most."}
	nodesParam     = openapi.Param{Name: "max_nodes", Type: "integer", About: "How many nodes at most."}
	edgesParam     = openapi.Param{Name: "max_edges", Type: "integer", About: "How many edges at most."}
	databaseParam  = openapi.Param{Name: "db_name", About: "Only of this database."}
	partitionParam = openapi.Param{Name: "partition_key", About: "One chain of hashes, for example db:shop."}
)

var lineageOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/lineage/graph", Tag: "Lineage", Summary: "What a node came of and what came of it",
		Params: []openapi.Param{rootParam, databaseParam, directionParam, depthParam, nodesParam, edgesParam}}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/lineage/impact", Tag: "Lineage", Summary: "The documents and objects that depend on a node",
		Params: []openapi.Param{rootParam, databaseParam, directionParam, depthParam, {Name: "artifact_kind", About: "Only of this kind: es, terminus, s3, file or row."}, nodesParam, edgesParam}}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/lineage/metrics", Tag: "Lineage", Summary: "How much lineage was recorded, and how far it is behind the log",
		Params: []openapi.Param{databaseParam, {Name: "window_minutes", Type: "integer", Default: 60}}}, enveloped[lineage.Coverage]{}),
}

var auditOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/audit/logs", Tag: "Audit", Summary: "Who did what, the newest first", Params: []openapi.Param{
		partitionParam, {Name: "action", About: "The type of the event."}, {Name: "status", Enum: []string{audit.Success, audit.Failure}}, {Name: "resource_type"}, {Name: "resource_id"},
		{Name: "event_id"}, {Name: "command_id"}, {Name: "actor"}, {Name: "since", About: "ISO 8601, inclusive."}, {Name: "until", About: "ISO 8601, inclusive."}, limitParam, offsetParam,
	}}, enveloped[auditList]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/audit/chain-head", Tag: "Audit", Summary: "The last hash of a chain", Params: []openapi.Param{required(partitionParam)}}, enveloped[audit.ChainHead]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/audit/verify", Tag: "Audit", Summary: "Compute a chain of hashes again", Hidden: true, Params: []openapi.Param{required(partitionParam)}}, enveloped[audit.Verification]{}),
}

func required(p openapi.Param) openapi.Param {
	p.Required = true
	return p
}

var summaryOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/summary", Tag: "Summary", Summary: "Context, policy and whether the services are there",
		Params: []openapi.Param{{Name: "db", About: "Tells of its branch too."}, branchParam}}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/ops/status", Tag: "Ops", Summary: "What waits in the outboxes, and how jobs are doing"}, enveloped[object]{}),
}
