package oms

import (
	"spiceharvester/shared/core"
	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/labelquery"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

func (f *Function) queryRoutes() {
	f.Handle("POST /api/v1/database/{db_name}/ontology/query", f.query)
	f.Handle("POST /api/v1/query/{db_name}", f.selectQuery)
	f.Handle("GET /api/v1/instances/{db_name}/{class_id}", f.listData)
}

var textQueryRun = problem.Define("oms.query", "The query was executed.", "쿼리를 실행했습니다.")

// queryAnswer are rows; Count is how many.
type queryAnswer struct {
	Status  string           `json:"status"`
	Message string           `json:"message"`
	Data    []labelquery.Row `json:"data"`
	Count   int              `json:"count"`
	Total   int              `json:"total"`
}

func (f *Function) query(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	request, err := labelquery.Parse(body)
	if err != nil {
		return nil, err
	}
	found, err := f.queries.Query(r, request)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(queryAnswer{Status: "success", Message: textQueryRun.With().In(r.Lang), Data: found.Rows, Count: len(found.Rows), Total: found.Total}), nil
}

// selectAnswer are the rows of a SELECT.
type selectAnswer struct {
	Success bool             `json:"success"`
	Data    []labelquery.Row `json:"data"`
	Count   int              `json:"count"`
	Query   string           `json:"query"`
}

func (f *Function) selectQuery(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "query"); err != nil {
		return nil, err
	}
	text, err := core.Text(body, "query", true)
	if err != nil {
		return nil, err
	}
	request, err := labelquery.ParseSelect(text)
	if err != nil {
		return nil, problem.InvalidParameter([]any{"body", "query"}, err, text)
	}
	found, err := f.queries.Query(r, request)
	if err != nil {
		return nil, err
	}
	for _, row := range found.Rows {
		row["_instance_id"], row["_class_id"] = row["instance_id"], row["class_id"]
		for _, name := range []string{"@id", "@type", "instance_id", "class_id"} {
			delete(row, name)
		}
	}
	return httpapi.OK(selectAnswer{Success: true, Data: found.Rows, Count: len(found.Rows), Query: text}), nil
}

// instanceList is a page of a class, each instance as its data.
type instanceList struct {
	Success bool             `json:"success"`
	Data    []map[string]any `json:"data"`
	Total   int              `json:"total"`
	Class   string           `json:"class_id"`
	Limit   int              `json:"limit"`
	Offset  int              `json:"offset"`
}

func (f *Function) listData(r *httpapi.Request) (*httpapi.Response, error) {
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	a := instanceList{Success: true, Data: []map[string]any{}, Class: r.PathValue("class_id")}
	if err := ontology.CheckClassID(a.Class); err != nil {
		return nil, problem.InvalidParameter([]any{"path", "class_id"}, err, a.Class)
	}
	a.Limit, a.Offset = int(r.Int("limit", 100, 1, 1000)), int(r.Int("offset", 0, 0, search.Window-1000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	database := r.PathValue("db_name")
	page, err := f.reads.List(r.Context(), database, sweep.Instances, search.Query{
		Alias: search.InstancesAlias(database), Class: a.Class, Offset: a.Offset, Limit: a.Limit,
	}, event.Position{})
	if err != nil {
		return nil, err
	}
	a.Total = page.Total
	for _, d := range page.Documents {
		row, ok := d["data"].(map[string]any)
		if !ok {
			row = map[string]any{}
		}
		// The log is addressed by position; segments hold many events, so there is no
		// object of one instance to name.
		row["_metadata"] = map[string]any{
			"instance_id": d["instance_id"], "class_id": d["class_id"], "created_at": d["created_at"], "event_sequence": d["event_sequence"], "s3_uri": nil,
		}
		a.Data = append(a.Data, row)
	}
	return httpapi.OK(a), nil
}
