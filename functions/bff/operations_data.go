package bff

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/describe"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/ontology/relations"
	"spiceharvester/shared/openapi"
)

var ontologyOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST " + onePath + "/ontology", Tag: "Ontology", Summary: "Declare a class", Body: classBody{}, Params: []openapi.Param{branchParam}}),
	read(openapi.Operation{Pattern: "POST " + onePath + "/ontology/validate", Tag: "Ontology", Summary: "What the linter says about a class", Body: classBody{}, Params: []openapi.Param{branchParam}}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "POST " + onePath + "/ontology/{class_label}/validate", Tag: "Ontology", Summary: "What the linter says about a change", Body: object{}, Params: []openapi.Param{branchParam}}, enveloped[object]{}),
	write(openapi.Operation{Pattern: "PUT " + onePath + "/ontology/{class_label}", Tag: "Ontology", Summary: "Change a class", Body: object{}, Params: []openapi.Param{expectedParam, branchParam}}),
	write(openapi.Operation{Pattern: "DELETE " + onePath + "/ontology/{class_label}", Tag: "Ontology", Summary: "Delete a class", Params: []openapi.Param{expectedParam, branchParam}}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/ontology/list", Tag: "Ontology", Summary: "The classes of a database", Params: []openapi.Param{branchParam, {Name: "class_type", Enum: classTypes}, limitParam, offsetParam, positionParam}}, object{}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/ontology/{class_label}", Tag: "Ontology", Summary: "One class in the reader's language", Params: []openapi.Param{branchParam}}, ontology.Response{}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/ontology/{class_label}/expected-seq", Tag: "Ontology", Summary: "Sequence of the last fact about a class", Hidden: true, Params: []openapi.Param{branchParam}}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/ontology/{class_id}/schema", Tag: "Ontology", Summary: "Export a class with what it inherits", Params: []openapi.Param{{Name: "format", Enum: schemaFormats}, branchParam}}, object{}),
	read(openapi.Operation{Pattern: "POST " + onePath + "/suggest-schema-from-data", Tag: "Suggestions", Summary: "A class that fits a table", Body: suggestBody{}}, object{}),
}

// mappingBody is a note about a mapping; more members are allowed.
type mappingBody struct {
	Timestamp         string  `json:"timestamp,omitempty"`
	SourceFile        string  `json:"sourceFile,omitempty"`
	MappingsCount     int     `json:"mappingsCount,omitempty"`
	AverageConfidence float64 `json:"averageConfidence,omitempty"`
	MappingDetails    any     `json:"mappingDetails,omitempty"`
}

var relationOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST " + onePath + "/ontology-advanced", Tag: "Ontology", Summary: "Declare a class whose relationships are checked first", Body: classBody{}, Params: describe.Advanced}),
	write(openapi.Operation{Pattern: "POST " + onePath + "/ontology/{class_id}/mapping-metadata", Tag: "Ontology", Summary: "Note in a class that data was mapped to it", Body: mappingBody{}, Params: []openapi.Param{branchParam}, Answers: map[int]any{200: enveloped[object]{}}}),
	read(openapi.Operation{Pattern: "POST " + onePath + "/validate-relationships", Tag: "Ontology", Summary: "What the relationship validator says about a class", Body: classBody{}, Params: []openapi.Param{branchParam}}, enveloped[core.RelationReport]{}),
	read(openapi.Operation{Pattern: "POST " + onePath + "/check-circular-references", Tag: "Ontology", Summary: "The circles of the schema, with a class that is not declared yet if one is sent", Body: classBody{}, Params: []openapi.Param{branchParam}}, enveloped[core.CycleReport]{}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/relationship-network/analyze", Tag: "Ontology", Summary: "The relationships of a database as a whole", Params: []openapi.Param{branchParam}}, networkReport{}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/relationship-paths", Tag: "Ontology", Summary: "Ways from one class to others", Params: []openapi.Param{
		{Name: "start_entity", Required: true, About: "Id or label of a class."}, {Name: "end_entity", About: "Id or label; all that can be reached without."},
		{Name: "max_depth", Type: "integer", Default: 3, About: "1 to 5 relationships."}, {Name: "path_type", Enum: relations.PathTypes, Default: "shortest"}, branchParam,
	}}, pathReport{}),
}

var classOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + onePath + "/classes", Tag: "Classes", Summary: "The classes of a database as they were declared", Params: []openapi.Param{branchParam, positionParam}}, object{}),
	write(openapi.Operation{Pattern: "POST " + onePath + "/classes", Tag: "Classes", Summary: "Declare a class in the older shape: @id for the id", Body: object{}, Params: []openapi.Param{branchParam}, Answers: map[int]any{200: object{}}}),
	read(openapi.Operation{Pattern: "GET " + onePath + "/classes/{class_id}", Tag: "Classes", Summary: "One class as it was declared", Params: []openapi.Param{branchParam}}, enveloped[core.ClassDocument]{}),
}

const (
	writesPath = onePath + "/instances/{class_label}"
	readsPath  = onePath + "/class/{class_id}"
)

var instanceOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST " + writesPath + "/create", Tag: "Instances", Summary: "Create an instance", Body: instanceBody{}, Params: []openapi.Param{branchParam}}),
	write(openapi.Operation{Pattern: "PUT " + writesPath + "/{instance_id}/update", Tag: "Instances", Summary: "Change fields of an instance", Body: instanceBody{}, Params: []openapi.Param{expectedParam, branchParam}}),
	write(openapi.Operation{Pattern: "DELETE " + writesPath + "/{instance_id}/delete", Tag: "Instances", Summary: "Delete an instance", Params: []openapi.Param{expectedParam, branchParam}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-create", Tag: "Instances", Summary: "Create or change many instances", Body: bulkBody{}, Params: []openapi.Param{branchParam}}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instance/{instance_id}", Tag: "Instances", Summary: "One instance with its links, both ways", Params: asOfParams}, object{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instance/{instance_id}/expected-seq", Tag: "Instances", Summary: "Sequence of the last fact about an instance", Hidden: true}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instance/{instance_id}/origin", Tag: "Instances", Summary: "The file, version and row that an instance came from", Hidden: true}, object{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/sample-values", Tag: "Instances", Summary: "Values that instances have", Params: []openapi.Param{{Name: "property_name"}, limitParam}}, object{}),
}

type datasetBody struct {
	Dataset datasets.Dataset `json:"dataset"`
}

type datasetList struct {
	Datasets []datasets.Dataset `json:"datasets"`
	Count    int                `json:"count"`
}

type versionBody struct {
	Version datasets.Version `json:"version"`
}

type versionList struct {
	Versions []datasets.Version `json:"versions"`
	Count    int                `json:"count"`
	Limit    int                `json:"limit"`
	Offset   int                `json:"offset"`
}

const datasetsPath = "/api/v1/pipelines/datasets"

var datasetOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + datasetsPath, Tag: "Datasets", Summary: "The datasets of a database", Hidden: true, Params: []openapi.Param{{Name: "db_name", Required: true}, branchParam}}, enveloped[datasetList]{}),
	write(openapi.Operation{Pattern: "POST " + datasetsPath + "/csv-upload", Tag: "Datasets", Summary: "Upload a CSV file", Hidden: true, Answers: map[int]any{200: enveloped[object]{}}, Params: []openapi.Param{{Name: "db_name", Required: true}, branchParam},
		Form: []openapi.Param{{Name: "file", Type: "binary", Required: true}, {Name: "dataset_name"}, {Name: "description"}, {Name: "delimiter"}, {Name: "has_header", Type: "boolean"}}}),
	read(openapi.Operation{Pattern: "GET " + datasetsPath + "/{dataset_id}", Tag: "Datasets", Summary: "One dataset", Hidden: true}, enveloped[datasetBody]{}),
	read(openapi.Operation{Pattern: "GET " + datasetsPath + "/{dataset_id}/versions", Tag: "Datasets", Summary: "The versions of a dataset, newest first", Hidden: true, Params: []openapi.Param{limitParam, offsetParam}}, enveloped[versionList]{}),
	read(openapi.Operation{Pattern: "GET " + datasetsPath + "/{dataset_id}/versions/{version_id}", Tag: "Datasets", Summary: "One version", Hidden: true}, enveloped[versionBody]{}),
	read(openapi.Operation{Pattern: "GET " + datasetsPath + "/{dataset_id}/versions/{version_id}/file", Tag: "Datasets", Summary: "The file as it was uploaded", Hidden: true, Media: "text/csv"}, nil),
}

type specBody struct {
	Dataset     string              `json:"dataset_id"`
	Class       string              `json:"target_class_id"`
	Mappings    []objectify.Mapping `json:"mappings"`
	SchemaHash  string              `json:"schema_hash,omitempty"`
	Status      string              `json:"status,omitempty" enum:"ACTIVE,INACTIVE"`
	AutoSync    bool                `json:"auto_sync,omitempty"`
	Options     object              `json:"options,omitempty"`
	TargetTypes object              `json:"target_field_types,omitempty"`
}

type runBody struct {
	Spec         string `json:"mapping_spec_id,omitempty"`
	Version      string `json:"dataset_version_id,omitempty"`
	BatchSize    int    `json:"batch_size,omitempty"`
	MaxRows      int    `json:"max_rows,omitempty"`
	AllowPartial bool   `json:"allow_partial,omitempty"`
	Options      object `json:"options,omitempty"`
}

var objectifyOperations = []openapi.Operation{
	write(openapi.Operation{Pattern: "POST /api/v1/objectify/mapping-specs", Tag: "Objectify", Summary: "Say how rows become instances", Hidden: true, Body: specBody{}, Answers: map[int]any{200: enveloped[object]{}, 201: enveloped[object]{}}}),
	read(openapi.Operation{Pattern: "GET /api/v1/objectify/mapping-specs", Tag: "Objectify", Summary: "Mapping specs of a dataset", Hidden: true, Params: []openapi.Param{{Name: "dataset_id"}, {Name: "db_name"}}}, enveloped[object]{}),
	write(openapi.Operation{Pattern: "POST /api/v1/objectify/datasets/{dataset_id}/run", Tag: "Objectify", Summary: "Turn the rows of a version into instances", Hidden: true, Body: runBody{}, Maybe: true, Answers: map[int]any{200: enveloped[object]{}}}),
	read(openapi.Operation{Pattern: "GET /api/v1/objectify/jobs/{job_id}", Tag: "Objectify", Summary: "How far a job is", Hidden: true}, enveloped[object]{}),
	read(openapi.Operation{Pattern: "GET /api/v1/objectify/jobs/{job_id}/errors", Tag: "Objectify", Summary: "Refused rows, also as CSV", Hidden: true, Params: []openapi.Param{limitParam, offsetParam, {Name: "format", Enum: []string{"json", "csv"}}}}, enveloped[object]{}),
}
