package bff

import (
	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/describe"
	"spiceharvester/shared/monitoring"
	"spiceharvester/shared/openapi"
)

var documentation = openapi.Info{
	Title: "BFF (Backend for Frontend) Service", Version: version, Lang: true,
	About: "The public API of SPICE HARVESTER. Writes answer 202 with a command id; Prefer: wait=n waits for the outcome, Idempotency-Key makes a repetition the same command.",
}

// operations describe every route, by groups.
var operations = [][]openapi.Operation{
	healthOperations, databaseOperations, ontologyOperations, relationOperations, classOperations, instanceOperations,
	datasetOperations, objectifyOperations, commandOperations, monitoringOperations, monitoring.Operations, describe.Tasks, adminOperations, lakeCredentialOperations,
	replayOperations, parkingOperations, letterOperations,
	lineageOperations, auditOperations, summaryOperations,
	instanceMoreOperations,
	graphOperations, queryOperations,
}

// The words of package describe, as the lists of operations use them.
type (
	object           = describe.Object
	enveloped[T any] = describe.Enveloped[T]
	classBody        = describe.ClassBody
	instanceBody     = describe.InstanceBody
	bulkBody         = describe.BulkBody
)

var (
	read, write = describe.Read, describe.Write

	branchParam, limitParam, offsetParam    = describe.Branch, describe.Limit, describe.Offset
	expectedParam, positionParam, waitParam = describe.Expected, describe.Position, describe.Wait
)

var healthOperations = []openapi.Operation{
	{Pattern: "GET /api/v1/{$}", Tag: "Health", Summary: "What this service is", Public: true, Answers: map[int]any{200: object{}}},
	{Pattern: "GET /api/v1/health", Tag: "Health", Summary: "Whether the service and the log behind it answer", Public: true, Answers: map[int]any{200: enveloped[object]{}}},
}

type databaseBody struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Options     object `json:"options,omitempty"`
}

type databaseList struct {
	Databases []core.Database `json:"databases"`
	Count     int             `json:"count"`
}

const (
	dbPath  = "/api/v1/databases"
	onePath = dbPath + "/{db_name}"
)

var databaseOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + dbPath, Tag: "Databases", Summary: "All databases"}, enveloped[databaseList]{}),
	write(openapi.Operation{Pattern: "POST " + dbPath, Tag: "Databases", Summary: "Create a database", Body: databaseBody{}}),
	read(openapi.Operation{Pattern: "GET " + onePath, Tag: "Databases", Summary: "Whether a database exists"}, object{}),
	write(openapi.Operation{Pattern: "DELETE " + onePath, Tag: "Databases", Summary: "Delete a database", Params: []openapi.Param{expectedParam}}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/expected-seq", Tag: "Databases", Summary: "Sequence of the last fact about a database"}, enveloped[object]{}),
}

type suggestBody struct {
	Data                [][]any  `json:"data"`
	Columns             []string `json:"columns"`
	ClassName           string   `json:"class_name,omitempty"`
	IncludeComplexTypes bool     `json:"include_complex_types,omitempty"`
}

var commandOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/commands/{command_id}/status", Tag: "Commands", Summary: "What became of a command", Params: []openapi.Param{waitParam}}, command.Status{}),
	write(openapi.Operation{Pattern: "POST /api/v1/commands/{command_id}/cancel", Tag: "Commands", Summary: "Cancel a command that has not ended", Hidden: true, Answers: map[int]any{200: command.Status{}}}),
}

var monitoringOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/monitoring/projections", Tag: "Monitoring", Summary: "Whether the projections equal the fold of the log", Params: []openapi.Param{{Name: "db_name", About: "One database; all without."}}}, object{}),
}
