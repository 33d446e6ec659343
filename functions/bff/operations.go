package bff

import (
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/monitoring"
	"spiceharvester/shared/openapi"
)

// operations describe every route, by groups.
var operations = [][]openapi.Operation{
	documentationOperations, healthOperations, databaseOperations, ontologyOperations, relationOperations, classOperations, instanceOperations,
	datasetOperations, objectifyOperations, commandOperations, monitoringOperations, monitoring.Operations, taskOperations, adminOperations, lakeCredentialOperations, replayOperations,
	lineageOperations, auditOperations, summaryOperations,
	instanceMoreOperations,
	graphOperations, queryOperations,
}

// object is a body of any members; its shape is told in words where it matters.
type object = map[string]any

// enveloped is a body in the contract's envelope.
type enveloped[T any] struct {
	Status  string   `json:"status" enum:"success,created,accepted,warning,partial,error"`
	Message string   `json:"message"`
	Data    T        `json:"data"`
	Errors  []string `json:"errors"`
}

// Parameters that many routes have.
var (
	branchParam      = openapi.Param{Name: "branch", Default: "main", About: "Branch."}
	limitParam       = openapi.Param{Name: "limit", Type: "integer", Default: 100, About: "How many at most."}
	offsetParam      = openapi.Param{Name: "offset", Type: "integer", Default: 0, About: "How many to leave out."}
	expectedParam    = openapi.Param{Name: "expected_seq", Type: "integer", About: "Sequence of the last fact that the client knows; If-Match says the same."}
	positionParam    = openapi.Param{Name: "min_position", About: "Wait until the answer has what a write has answered as its position."}
	idempotencyParam = openapi.Param{Name: "Idempotency-Key", In: "header", About: "The same key is the same command."}
	waitParam        = openapi.Param{Name: "Prefer", In: "header", About: "wait=n: answer 200 with the outcome if it comes within n seconds."}
)

// accepted are the answers of a write: taken, or its outcome if the client waited.
var accepted = map[int]any{http.StatusAccepted: object{}, http.StatusOK: command.Status{}}

// write describes a write.
func write(o openapi.Operation) openapi.Operation {
	o.Params = append([]openapi.Param{idempotencyParam, waitParam}, o.Params...)
	if o.Answers == nil {
		o.Answers = accepted
	}
	o.Fails = append(o.Fails, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	return o
}

// read describes a read that answers 200.
func read(o openapi.Operation, body any) openapi.Operation {
	o.Answers = map[int]any{http.StatusOK: body}
	o.Fails = append(o.Fails, http.StatusBadRequest, http.StatusNotFound, http.StatusServiceUnavailable)
	return o
}

var documentationOperations = []openapi.Operation{
	{Pattern: "GET /openapi.json", Tag: "Documentation", Summary: "The operations that client programs of the contract know", Hidden: true, Answers: map[int]any{200: object{}}},
	{Pattern: "GET /openapi-full.json", Tag: "Documentation", Summary: "Every operation", Hidden: true, Answers: map[int]any{200: object{}}},
	{Pattern: "GET /docs", Tag: "Documentation", Summary: "Every operation, to read", Hidden: true, Public: true, Answers: map[int]any{200: nil}, Media: "text/html"},
	{Pattern: "GET /redoc", Tag: "Documentation", Summary: "The same page", Hidden: true, Public: true, Answers: map[int]any{200: nil}, Media: "text/html"},
}

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

// classBody is a class as clients declare it (bff-api 3.3).
type classBody struct {
	ID            string             `json:"id,omitempty"`
	Label         any                `json:"label"`
	Description   any                `json:"description,omitempty"`
	ParentClass   *string            `json:"parent_class,omitempty"`
	Abstract      bool               `json:"abstract,omitempty"`
	Properties    []propertyBody     `json:"properties,omitempty"`
	Relationships []relationshipBody `json:"relationships,omitempty"`
	Metadata      object             `json:"metadata,omitempty"`
}

type propertyBody struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Label       any    `json:"label"`
	Required    bool   `json:"required,omitempty"`
	PrimaryKey  bool   `json:"primary_key,omitempty"`
	Default     any    `json:"default,omitempty"`
	Description any    `json:"description,omitempty"`
	Constraints object `json:"constraints,omitempty"`
	LinkTarget  string `json:"linkTarget,omitempty"`
	Cardinality string `json:"cardinality,omitempty"`
	Items       object `json:"items,omitempty"`
}

type relationshipBody struct {
	Predicate        string `json:"predicate"`
	Target           string `json:"target"`
	Label            any    `json:"label"`
	Cardinality      string `json:"cardinality,omitempty" enum:"1:1,1:n,n:1,n:m"`
	Description      any    `json:"description,omitempty"`
	InversePredicate string `json:"inverse_predicate,omitempty"`
	InverseLabel     any    `json:"inverse_label,omitempty"`
}

type suggestBody struct {
	Data                [][]any  `json:"data"`
	Columns             []string `json:"columns"`
	ClassName           string   `json:"class_name,omitempty"`
	IncludeComplexTypes bool     `json:"include_complex_types,omitempty"`
}

type instanceBody struct {
	Data     object `json:"data"`
	Metadata object `json:"metadata,omitempty"`
}

type bulkBody struct {
	Instances []object `json:"instances"`
	Metadata  object   `json:"metadata,omitempty"`
}

type instanceList struct {
	ClassID   string   `json:"class_id"`
	Total     int      `json:"total"`
	Limit     int      `json:"limit"`
	Offset    int      `json:"offset"`
	Search    *string  `json:"search"`
	Instances []object `json:"instances"`
}

var commandOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/commands/{command_id}/status", Tag: "Commands", Summary: "What became of a command", Params: []openapi.Param{waitParam}}, command.Status{}),
	write(openapi.Operation{Pattern: "POST /api/v1/commands/{command_id}/cancel", Tag: "Commands", Summary: "Cancel a command that has not ended", Hidden: true, Answers: map[int]any{200: command.Status{}}}),
}

var monitoringOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/monitoring/projections", Tag: "Monitoring", Summary: "Whether the projections equal the fold of the log", Params: []openapi.Param{{Name: "db_name", About: "One database; all without."}}}, object{}),
}
