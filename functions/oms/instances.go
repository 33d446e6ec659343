package oms

import (
	"net/http"

	"spiceharvester/shared/core"
	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

var (
	textSeveral  = problem.Define("oms.several_classes", "Instances of several classes have this id; name one with class_id.", "같은 ID의 인스턴스가 여러 클래스에 있습니다. class_id로 지정하세요.")
	textNoSPARQL = problem.Define("oms.no_sparql", "SPARQL is not supported; lists with search and filters, and graph queries of the BFF, answer what it would.", "SPARQL은 지원하지 않습니다. 검색·필터 목록이나 BFF의 그래프 쿼리를 사용하세요.")
)

// instanceRoutes are the reads of instances (bff-api 7.6).
func (f *Function) instanceRoutes() {
	const path = "/api/v1/instance/{db_name}"
	f.lists = &core.InstanceLists{Core: f.core, Reads: f.reads}
	f.Handle("GET "+path+"/class/{class_id}/instances", f.listInstances)
	f.Handle("GET "+path+"/class/{class_id}/count", f.countInstances)
	f.Handle("GET "+path+"/instance/{instance_id}", f.getInstance)
	f.Handle("POST "+path+"/sparql", f.sparql)
}

func (f *Function) listInstances(r *httpapi.Request) (*httpapi.Response, error) {
	resp, err := f.lists.List(r)
	if err != nil {
		return nil, err
	}
	body, _ := resp.Body.(map[string]any)
	body["status"], body["source"] = "success", "search"
	return resp, nil
}

func (f *Function) countInstances(r *httpapi.Request) (*httpapi.Response, error) {
	database, class, err := f.core.ClassOf(r)
	if err != nil {
		return nil, err
	}
	minPosition, err := f.core.MinPosition(r, database)
	if err != nil {
		return nil, err
	}
	list, err := f.reads.List(r.Context(), database, sweep.Instances, search.Query{Alias: search.InstancesAlias(database), Class: class}, minPosition)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(map[string]any{"status": "success", "class_id": class, "count": list.Total}), nil
}

// getInstance reads an instance by its id. Without class_id its class is looked for,
// and must be the only one with such an instance.
func (f *Function) getInstance(r *httpapi.Request) (*httpapi.Response, error) {
	ref := instance.Ref{Database: r.PathValue("db_name"), Branch: r.Branch(), Class: r.Query("class_id", ""), ID: r.PathValue("instance_id")}
	if err := writes.CheckTarget(ref.Database, ref.Branch); err != nil {
		return nil, err
	}
	if err := instance.CheckID(ref.ID); err != nil {
		return nil, problem.InvalidParameter([]any{"path", "instance_id"}, err, ref.ID)
	}
	if ref.Class == "" {
		found, err := f.reads.List(r.Context(), ref.Database, sweep.Instances, search.Query{
			Alias: search.InstancesAlias(ref.Database), Filter: []search.Equal{{Field: "instance_id", Term: ref.ID}}, Limit: 2,
		}, event.Position{})
		switch {
		case err != nil:
			return nil, err
		case found.Total == 0:
			return nil, problem.NotFound(problem.KindInstance, ref.ID)
		case found.Total > 1:
			return nil, problem.InvalidParameter([]any{"query", "class_id"}, textSeveral.With(), nil)
		}
		ref.Class, _ = found.Documents[0]["class_id"].(string)
	}
	d, err := f.reads.Instance(r.Context(), ref, 0)
	if err != nil {
		return nil, err
	}
	f.core.Labelled(r, ref.Database, ref.Class, []reads.Document{d})
	return httpapi.OK(map[string]any{"status": "success", "data": d, "source": "search"}), nil
}

func (f *Function) sparql(*httpapi.Request) (*httpapi.Response, error) {
	return nil, problem.New(http.StatusNotImplemented, textNoSPARQL.With())
}
