package bff

import (
	"maps"
	"net/http"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/labelquery"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

func (f *Function) queryRoutes() {
	const query = queryPath
	f.Handle("POST "+query, f.query)
	f.Handle("POST "+query+"/raw", f.rawQuery)
	f.Handle("GET "+query+"/builder", f.queryBuilder)
}

// settled waits for min_position, if the request has one.
func (f *Function) settled(r *httpapi.Request) error {
	if r.Query("min_position", "") == "" {
		return nil
	}
	database := r.PathValue("db_name")
	if err := f.core.RequireTarget(r); err != nil {
		return err
	}
	position, err := f.core.MinPosition(r, database)
	if err != nil {
		return err
	}
	return f.reads.CatchUp(r.Context(), database, sweep.Instances, search.InstancesAlias(database), position)
}

// queryAnswer is a page of rows. Query is what was sent.
type queryAnswer struct {
	Results []labelquery.Row `json:"results"`
	Total   int              `json:"total"`
	Query   map[string]any   `json:"query"`
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
	if err := f.settled(r); err != nil {
		return nil, err
	}
	found, err := f.queries.Query(r, request)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(queryAnswer{Results: found.Rows, Total: found.Total, Query: body}), nil
}

var (
	textQueryRun  = problem.Define("query.executed", "The query was executed.", "쿼리를 실행했습니다.")
	textQueryType = problem.Define("query.type", "Only select, count and exists are allowed, not '{type}'.", "select, count, exists만 허용됩니다: '{type}'")
)

// rawQueryAnswer is what the OMS answers to a query.
type rawQueryAnswer struct {
	Status  string           `json:"status"`
	Message string           `json:"message"`
	Data    []labelquery.Row `json:"data"`
	Count   int              `json:"count"`
}

// rawQuery answers a query with a type: rows, their number, or whether there is
// any.
func (f *Function) rawQuery(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	kind, sent := body["type"].(string)
	switch {
	case body["type"] == nil:
		return nil, problem.Validation(problem.Missing([]any{"body", "type"}))
	case !sent:
		return nil, problem.Validation(problem.WrongType(problem.TypeString, []any{"body", "type"}, body["type"]))
	case kind != "select" && kind != "count" && kind != "exists":
		return nil, problem.New(http.StatusForbidden, textQueryType.With("type", kind))
	}
	body = maps.Clone(body)
	delete(body, "type")
	request, err := labelquery.Parse(body)
	if err != nil {
		return nil, err
	}
	if kind != "select" {
		request.Limit = 0
	}
	if err := f.settled(r); err != nil {
		return nil, err
	}
	found, err := f.queries.Query(r, request)
	if err != nil {
		return nil, err
	}
	a := rawQueryAnswer{Status: "success", Message: textQueryRun.With().In(r.Lang), Data: found.Rows, Count: len(found.Rows)}
	switch kind {
	case "count":
		a.Data, a.Count = []labelquery.Row{{"count": found.Total}}, found.Total
	case "exists":
		a.Data, a.Count = []labelquery.Row{{"exists": found.Total > 0}}, found.Total
	}
	return httpapi.OK(a), nil
}

// queryBuilder tells what a query may hold. It is the same for all databases.
func (f *Function) queryBuilder(r *httpapi.Request) (*httpapi.Response, error) {
	if err := f.core.RequireTarget(r); err != nil {
		return nil, err
	}
	return httpapi.OK(builder), nil
}

var builder = object{
	"operators": object{
		"comparison": []any{"=", "!=", ">", ">=", "<", "<="}, "string": []any{"LIKE", "NOT_LIKE", "STARTS_WITH", "ENDS_WITH", "CONTAINS"},
		"array": []any{"IN", "NOT_IN"}, "null": []any{"IS_NULL", "IS_NOT_NULL"},
	},
	"order_directions": []any{"asc", "desc"},
	"special_fields":   object{"@id": "text", "@type": "text", "@created": "text", "@modified": "text"},
	"examples": object{
		"simple": object{"class_label": "Product", "filters": []any{object{"field": "name", "operator": "=", "value": "Desk"}}, "limit": 10},
		"complex": object{
			"class_label": "Product", "order_by": "price", "order_direction": "desc", "select": []any{"name", "price"}, "limit": 20,
			"filters": []any{
				object{"field_label": "price", "operator": ">=", "value": 10000}, object{"field_label": "name", "operator": "CONTAINS", "value": "desk"},
				object{"field_label": "category", "operator": "IN", "value_labels": []any{"furniture", "office"}},
			},
		},
	},
}
