package oms

import (
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/core"
	"spiceharvester/shared/describe"
	"spiceharvester/shared/monitoring"
	"spiceharvester/shared/ontology/relations"
	"spiceharvester/shared/openapi"
)

var documentation = openapi.Info{
	Title: "Ontology Management Service", Version: version, Lang: true,
	About: "The internal API of SPICE HARVESTER: writes and reads of the log, by ids. Writes answer 202 with a command id; Prefer: wait=n waits for the outcome.",
}

// operations describe every route, by groups.
var operations = [][]openapi.Operation{
	healthOperations, databaseOperations, classOperations, relationOperations, instanceOperations, readOperations, commandOperations,
	monitoring.Operations, describe.Tasks,
}

// The words of package describe, as the lists of operations use them.
type object = describe.Object

var read, write = describe.Read, describe.Write

var healthOperations = []openapi.Operation{
	{Pattern: "GET /{$}", Tag: "Health", Summary: "What this service is", Public: true, Answers: map[int]any{200: object{}}},
	{Pattern: "GET /health", Tag: "Health", Summary: "Whether the service and the log behind it answer", Public: true, Answers: map[int]any{200: describe.Enveloped[object]{}}},
	{Pattern: "GET /health/container", Tag: "Health", Summary: "Each backing service, asked now", Answers: map[int]any{200: object{}}},
}

const (
	databasePath = "/api/v1/database"
	ontologyPath = databasePath + "/{db_name}/ontology"
	classPath    = ontologyPath + "/{class_id}"
	asyncPath    = "/api/v1/instances/{db_name}/async"
	writesPath   = asyncPath + "/{class_id}"
	readsPath    = "/api/v1/instance/{db_name}"
	// pairRoute serves two paths that overlap for the router.
	pairRoute = "GET " + databasePath + "/{first}/{second}"
)

type databaseBody struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

type databaseList struct {
	Databases []core.Database `json:"databases"`
}

type existence struct {
	Exists bool `json:"exists"`
}

var databaseOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + databasePath + "/list", Tag: "Databases", Summary: "All databases"}, describe.Enveloped[databaseList]{}),
	read(openapi.Operation{Pattern: "GET " + databasePath + "/exists/{db_name}", Route: pairRoute, Tag: "Databases", Summary: "Whether a database exists"}, describe.Enveloped[existence]{}),
	write(openapi.Operation{Pattern: "POST " + databasePath + "/create", Tag: "Databases", Summary: "Create a database", Body: databaseBody{}}),
	write(openapi.Operation{Pattern: "DELETE " + databasePath + "/{db_name}", Tag: "Databases", Summary: "Delete a database", Params: []openapi.Param{expected}}),
}

// expected must be given here: internal callers know what they change.
var expected = openapi.Param{Name: "expected_seq", Type: "integer", About: "Sequence of the last fact that the caller knows; If-Match says the same. One of both is needed."}

type classList struct {
	Ontologies []object `json:"ontologies"`
	Count      int      `json:"count"`
	Limit      int      `json:"limit"`
	Offset     int      `json:"offset"`
	Branch     string   `json:"branch"`
}

var classOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + ontologyPath, Route: pairRoute, Tag: "Ontology", Summary: "The classes of a database", Params: []openapi.Param{describe.Branch, describe.Limit, describe.Offset}}, describe.Enveloped[classList]{}),
	write(openapi.Operation{Pattern: "POST " + ontologyPath, Tag: "Ontology", Summary: "Declare a class", Body: describe.ClassBody{}, Params: []openapi.Param{describe.Branch}}),
	read(openapi.Operation{Pattern: "POST " + ontologyPath + "/validate", Tag: "Ontology", Summary: "What the linter says about a class", Body: describe.ClassBody{}, Params: []openapi.Param{describe.Branch}}, describe.Enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET " + classPath, Tag: "Ontology", Summary: "One class as it was declared", Params: []openapi.Param{describe.Branch}}, describe.Enveloped[core.ClassDocument]{}),
	write(openapi.Operation{Pattern: "PUT " + classPath, Tag: "Ontology", Summary: "Change a class", Body: object{}, Params: []openapi.Param{expected, describe.Branch}}),
	write(openapi.Operation{Pattern: "DELETE " + classPath, Tag: "Ontology", Summary: "Delete a class", Params: []openapi.Param{expected, describe.Branch}}),
	read(openapi.Operation{Pattern: "POST " + classPath + "/validate", Tag: "Ontology", Summary: "What the linter says about a change", Body: object{}, Params: []openapi.Param{describe.Branch}}, describe.Enveloped[object]{}),
}

// waysParams are those of both walks along relationships.
func waysParams(depth int, about string) []openapi.Param {
	return []openapi.Param{{Name: "max_depth", Type: "integer", Default: depth, About: about}, {Name: "path_type", Enum: relations.PathTypes, Default: "shortest"}, describe.Branch}
}

var relationOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST " + ontologyPath + "/create-advanced", Tag: "Relationships", Summary: "Declare a class whose relationships are checked first", Body: describe.ClassBody{}, Params: describe.Advanced, Fails: []int{http.StatusNotImplemented}}),
	read(openapi.Operation{Pattern: "POST " + ontologyPath + "/validate-relationships", Tag: "Relationships", Summary: "What the relationship validator says about a class", Body: describe.ClassBody{}, Params: []openapi.Param{describe.Branch}}, describe.Enveloped[core.RelationReport]{}),
	read(openapi.Operation{Pattern: "POST " + ontologyPath + "/detect-circular-references", Tag: "Relationships", Summary: "The circles of the schema, with a class that is not declared yet if one is sent", Body: describe.ClassBody{}, Maybe: true, Params: []openapi.Param{describe.Branch}}, describe.Enveloped[core.CycleReport]{}),
	read(openapi.Operation{Pattern: "GET " + ontologyPath + "/analyze-network", Tag: "Relationships", Summary: "The relationships of a database as a whole", Params: []openapi.Param{describe.Branch}}, describe.Enveloped[networkReport]{}),
	read(openapi.Operation{Pattern: "GET " + ontologyPath + "/relationship-paths/{start_entity}", Tag: "Relationships", Summary: "Ways from one class to others",
		Params: append(waysParams(5, "1 to 10 relationships."), openapi.Param{Name: "end_entity", About: "Id of a class; all that can be reached without."})}, describe.Enveloped[pathReport]{}),
	read(openapi.Operation{Pattern: "GET " + ontologyPath + "/reachable-entities/{start_entity}", Tag: "Relationships", Summary: "The classes that can be reached, with their distance", Params: waysParams(3, "1 to 5 relationships.")}, describe.Enveloped[reachableReport]{}),
}

var instanceOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST " + writesPath + "/create", Tag: "Instances", Summary: "Create an instance", Body: describe.InstanceBody{}, Params: []openapi.Param{describe.Branch}}),
	write(openapi.Operation{Pattern: "PUT " + writesPath + "/{instance_id}/update", Tag: "Instances", Summary: "Change fields of an instance", Body: describe.InstanceBody{}, Params: []openapi.Param{expected, describe.Branch}}),
	write(openapi.Operation{Pattern: "DELETE " + writesPath + "/{instance_id}/delete", Tag: "Instances", Summary: "Delete an instance", Params: []openapi.Param{expected, describe.Branch}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/{instance_id}/restore", Tag: "Instances", Summary: "Make an older version the present one, also of a deleted instance", Body: describe.RestoreBody{}, Params: []openapi.Param{expected, describe.Branch}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-create", Tag: "Instances", Summary: "Create or change many instances", Body: describe.BulkBody{}, Params: []openapi.Param{describe.Branch}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-create-tracked", Tag: "Instances", Summary: "The same as a background task", Body: describe.BulkBody{}, Params: []openapi.Param{describe.Branch}, Answers: map[int]any{http.StatusAccepted: object{}}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-update", Tag: "Instances", Summary: "Change many instances", Body: describe.ChangesBody{}, Params: []openapi.Param{describe.Branch}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-delete", Tag: "Instances", Summary: "Delete many instances", Body: describe.DeletionsBody{}, Params: []openapi.Param{describe.Branch}}),
}

type selectBody struct {
	Query string `json:"query" doc:"SELECT … FROM Class [WHERE field > value]"`
}

var readOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + readsPath + "/class/{class_id}/instances", Tag: "Reads", Summary: "Instances of a class, newest first", About: describe.Filter, Params: describe.ListParams}, describe.ExactList{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/class/{class_id}/count", Tag: "Reads", Summary: "How many instances a class has", Params: []openapi.Param{describe.Branch, describe.Position}}, object{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instance/{instance_id}", Tag: "Reads", Summary: "One instance with its links, both ways", Params: []openapi.Param{{Name: "class_id", About: "Needed if instances of several classes have this id."}, describe.Branch}}, object{}),
	{Pattern: "POST " + readsPath + "/sparql", Tag: "Reads", Summary: "Not built: answers 501", Fails: []int{http.StatusNotImplemented}},
	read(openapi.Operation{Pattern: "POST " + ontologyPath + "/query", Tag: "Query", Summary: "Instances of a class by their properties", Body: describe.QueryBody{}, Params: []openapi.Param{describe.Branch}}, queryAnswer{}),
	read(openapi.Operation{Pattern: "POST /api/v1/query/{db_name}", Tag: "Query", Summary: "Rows of a SELECT", Body: selectBody{}, Params: []openapi.Param{describe.Branch}}, selectAnswer{}),
	read(openapi.Operation{Pattern: "GET /api/v1/instances/{db_name}/{class_id}", Tag: "Query", Summary: "The data of the instances of a class", Params: []openapi.Param{describe.Branch, describe.Limit, describe.Offset}}, instanceList{}),
}

var commandOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET /api/v1/commands/{command_id}/status", Tag: "Commands", Summary: "What became of a command", Params: []openapi.Param{describe.Wait}}, command.Status{}),
	read(openapi.Operation{Pattern: "GET " + asyncPath + "/command/{command_id}/status", Tag: "Commands", Summary: "The same beside the instances", Params: []openapi.Param{describe.Wait}}, command.Status{}),
	write(openapi.Operation{Pattern: "POST /api/v1/commands/{command_id}/cancel", Tag: "Commands", Summary: "Cancel a command that has not ended", Answers: map[int]any{200: command.Status{}}}),
}
