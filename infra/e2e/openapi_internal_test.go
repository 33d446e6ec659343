package e2e

import "encoding/json"

// omsRecipes are the recipes of the OMS.
func omsRecipes(s *smoke) map[string]recipe {
	class, async, reads := "/database/{db_name}/ontology", "/instances/{db_name}/async/{class_id}", "/instance/{db_name}"
	many := object{"instances": list{object{"product_id": "p5"}, object{"product_id": "p6"}}, "metadata": object{}}
	return map[string]recipe{
		"GET /database/list":                                         {},
		"GET /database/exists/{db_name}":                             {},
		"POST /database/create":                                      {body: object{"name": databaseName(s.t), "description": "openapi smoke"}},
		"GET " + class:                                               {},
		"POST " + class:                                              {body: smokeClass("SmokeInternal")},
		"POST " + class + "/validate":                                {body: smokeClass("SmokeValidated")},
		"POST " + class + "/create-advanced":                         {body: smokeClass("SmokeAdvanced")},
		"POST " + class + "/validate-relationships":                  {body: smokeClass("SmokeRelated")},
		"POST " + class + "/detect-circular-references":              {body: "null"},
		"GET " + class + "/analyze-network":                          {},
		"GET " + class + "/relationship-paths/{start_entity}":        {},
		"GET " + class + "/reachable-entities/{start_entity}":        {},
		"GET " + class + "/{class_id}":                               {},
		"PUT " + class + "/{class_id}":                               {body: object{"description": object{"en": "d"}}, query: "expected_seq=1"},
		"POST " + class + "/{class_id}/validate":                     {body: object{"description": object{"en": "d"}}},
		"POST " + class + "/query":                                   {body: object{"class_id": "Product", "limit": 5}},
		"POST /query/{db_name}":                                      {body: object{"query": "SELECT * FROM Product"}},
		"GET /instances/{db_name}/{class_id}":                        {},
		"POST " + async + "/create":                                  {body: object{"data": object{"product_id": "p4"}}},
		"POST " + async + "/bulk-create":                             {body: many},
		"POST " + async + "/bulk-create-tracked":                     {body: many},
		"POST " + async + "/bulk-update":                             {body: object{"instances": list{object{"instance_id": "p5", "data": object{"stock": 2}}}}},
		"POST " + async + "/bulk-delete":                             {body: object{"instances": list{"p6"}}},
		"POST " + async + "/{instance_id}/restore":                   {body: object{"sequence": 1}, query: "expected_seq=1", wait: true},
		"PUT " + async + "/{instance_id}/update":                     {body: object{"data": object{"stock": 1}}, query: "expected_seq=1", wait: true},
		"DELETE " + async + "/{instance_id}/delete":                  {query: "expected_seq=2"},
		"GET " + reads + "/class/{class_id}/instances":               {},
		"GET " + reads + "/class/{class_id}/count":                   {},
		"GET " + reads + "/instance/{instance_id}":                   {},
		"GET /commands/{command_id}/status":                          {},
		"GET /instances/{db_name}/async/command/{command_id}/status": {},
		"GET /health/container":                                      {},
		"GET /tasks":                                                 {},
	}
}

// funnelRecipes are the recipes of the funnel: a class is suggested for what it has
// found out itself.
func funnelRecipes(s *smoke) map[string]recipe {
	table := object{"columns": list{"n", "t"}, "data": list{list{"1", "a"}, list{"2", nil}}}
	var found any
	if err := json.Unmarshal(s.api.call(200, "POST", "/api/v1/funnel/analyze", table).Body, &found); err != nil {
		s.t.Fatal(err)
	}
	return map[string]recipe{
		"GET /":                       {},
		"GET /health":                 {},
		"GET /funnel/health":          {},
		"POST /funnel/analyze":        {body: table},
		"POST /funnel/suggest-schema": {body: found, query: "class_name=Thing"},
	}
}
