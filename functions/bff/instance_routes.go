package bff

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/describe"
	"spiceharvester/shared/openapi"
)

// instanceRoutes are lists, exports, earlier states and the aliases with one noun a
// level (bff-api 9, number 17).
func (f *Function) instanceRoutes(instances *core.InstanceWrites) {
	lists := &core.InstanceLists{Core: f.core, Reads: f.reads}
	f.Handle("GET "+readsPath+"/instances", lists.List)
	f.Handle("GET "+readsPath+"/instances/export", lists.Export)
	f.Handle("GET "+readsPath+"/instance/{instance_id}/history", f.instanceHistory)
	f.Handle("POST "+writesPath+"/{instance_id}/restore", instances.Restore)

	byClass := &core.InstanceWrites{Core: f.core, ClassParam: "class_id", Labels: true}
	f.Handle("GET "+aliasPath, lists.List)
	f.Handle("POST "+aliasPath, byClass.Create)
	f.Handle("GET "+aliasPath+"/{instance_id}", f.getInstance)
	f.Handle("PUT "+aliasPath+"/{instance_id}", byClass.Update)
	f.Handle("DELETE "+aliasPath+"/{instance_id}", byClass.Delete)
}

const aliasPath = onePath + "/classes/{class_id}/instances"

// The words of package describe for them.
type (
	restoreBody   = describe.RestoreBody
	changesBody   = describe.ChangesBody
	deletionsBody = describe.DeletionsBody
	exactList     = describe.ExactList
)

const filterAbout = describe.Filter

var (
	listParams, asOfParams                          = describe.ListParams, describe.AsOfParams
	sortParam, orderParam, searchParam, cursorParam = describe.Sort, describe.Order, describe.Search, describe.Cursor
)

var instanceMoreOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instances", Tag: "Instances", Summary: "Instances of a class, newest first", About: filterAbout, Params: listParams}, exactList{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instances/export", Tag: "Instances", Summary: "All instances of a class as a file", About: filterAbout,
		Params: []openapi.Param{{Name: "format", Enum: []string{"csv", "json", "jsonl"}, Default: "json"}, {Name: "bom", Type: "boolean", About: "Begin CSV with a byte order mark."}, searchParam, sortParam, orderParam, positionParam}}, []object{}),
	read(openapi.Operation{Pattern: "GET " + readsPath + "/instance/{instance_id}/history", Tag: "Instances", Summary: "What changed an instance, newest first", Params: []openapi.Param{{Name: "limit", Type: "integer", Default: 50}, cursorParam}}, object{}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/{instance_id}/restore", Tag: "Instances", Summary: "Make an older version the present one, also of a deleted instance", Hidden: true, Body: restoreBody{}, Params: []openapi.Param{expectedParam, branchParam}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-update", Tag: "Instances", Summary: "Change many instances", Hidden: true, Body: changesBody{}, Params: []openapi.Param{branchParam}}),
	write(openapi.Operation{Pattern: "POST " + writesPath + "/bulk-delete", Tag: "Instances", Summary: "Delete many instances", Hidden: true, Body: deletionsBody{}, Params: []openapi.Param{branchParam}}),
	read(openapi.Operation{Pattern: "GET " + aliasPath, Tag: "Instances", Summary: "Instances of a class (alias)", Hidden: true, Params: listParams}, exactList{}),
	write(openapi.Operation{Pattern: "POST " + aliasPath, Tag: "Instances", Summary: "Create an instance (alias)", Hidden: true, Body: instanceBody{}, Params: []openapi.Param{branchParam}}),
	read(openapi.Operation{Pattern: "GET " + aliasPath + "/{instance_id}", Tag: "Instances", Summary: "One instance (alias)", Hidden: true, Params: asOfParams}, object{}),
	write(openapi.Operation{Pattern: "PUT " + aliasPath + "/{instance_id}", Tag: "Instances", Summary: "Change fields of an instance (alias)", Hidden: true, Body: instanceBody{}, Params: []openapi.Param{expectedParam, branchParam}}),
	write(openapi.Operation{Pattern: "DELETE " + aliasPath + "/{instance_id}", Tag: "Instances", Summary: "Delete an instance (alias)", Hidden: true, Params: []openapi.Param{expectedParam, branchParam}}),
}
