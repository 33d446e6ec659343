package rest

import "spiceharvester/infra/local/elasticsearch/internal/search"

// table lists all routes. The more exact ones come first.
func (h *Handler) table() []route {
	var t []route
	t = add(t, "GET,HEAD /", "", h.root)
	t = add(t, "GET /_cluster/health", healthParams, h.health)
	t = add(t, "GET /_cluster/health/{index}", healthParams, h.health)
	t = add(t, "GET /_cluster/settings", masterParams+" flat_settings include_defaults", h.getClusterSettings)
	t = add(t, "PUT /_cluster/settings", masterParams+" flat_settings", h.putClusterSettings)
	t = add(t, "GET /_nodes", "timeout", h.nodes)
	t = add(t, "GET /_nodes/http", "timeout", h.nodes)
	t = add(t, "GET /_tasks", "actions detailed group_by nodes parent_task_id timeout wait_for_completion", h.tasks)
	t = add(t, "GET /_resolve/index/{name}", "expand_wildcards ignore_unavailable allow_no_indices", h.resolveIndex)
	t = add(t, "GET /_cat/indices", catParams, h.catIndices)
	t = add(t, "GET /_cat/indices/{index}", catParams, h.catIndices)
	t = add(t, "GET /_cat/aliases", catParams, h.catAliases)
	t = add(t, "GET /_cat/count", catParams, h.catCount)
	t = add(t, "GET /_cat/count/{index}", catParams, h.catCount)

	bulk := writeParams + " pipeline list_executed_pipelines _source _source_includes _source_excludes require_data_stream"
	t = add(t, "POST,PUT /_bulk", bulk, h.bulk)
	t = add(t, "POST,PUT /{index}/_bulk", bulk, h.bulk)
	get := "routing preference realtime refresh _source _source_includes _source_excludes version version_type"
	t = add(t, "GET,POST /_mget", get, h.mget)
	t = add(t, "GET,POST /{index}/_mget", get, h.mget)

	t = add(t, "GET,POST /_search/scroll", "scroll scroll_id rest_total_hits_as_int", h.scroll)
	t = add(t, "DELETE /_search/scroll", "scroll_id", h.clearScroll)
	t = add(t, "GET,POST /_search", search.Parameters, h.search)
	t = add(t, "GET,POST /{index}/_search", search.Parameters, h.search)
	t = add(t, "GET,POST /_msearch", "typed_keys rest_total_hits_as_int max_concurrent_searches", h.msearch)
	t = add(t, "GET,POST /{index}/_msearch", "typed_keys rest_total_hits_as_int max_concurrent_searches", h.msearch)
	t = add(t, "GET,POST /_count", indexParams+" q default_operator routing preference", h.count)
	t = add(t, "GET,POST /{index}/_count", indexParams+" q default_operator routing preference", h.count)
	t = add(t, "GET,POST /{index}/_validate/query", indexParams+" explain q default_operator", h.validate)
	t = add(t, "POST /{index}/_pit", indexParams+" keep_alive routing preference", h.openPIT)
	t = add(t, "DELETE /_pit", "", h.closePIT)
	t = add(t, "GET,POST /_analyze", "", h.analyze)
	t = add(t, "GET,POST /{index}/_analyze", "", h.analyze)
	t = add(t, "GET,POST /{index}/_field_caps", indexParams+" fields include_unmapped", h.fieldCaps)

	t = add(t, "POST /_aliases", masterParams, h.updateAliases)
	t = add(t, "GET,HEAD /_alias", indexParams+" local", h.getAlias)
	t = add(t, "GET,HEAD /_alias/{alias}", indexParams+" local", h.getAlias)
	t = add(t, "GET,HEAD /{index}/_alias", indexParams+" local", h.getAlias)
	t = add(t, "GET,HEAD /{index}/_alias/{alias}", indexParams+" local", h.getAlias)
	t = add(t, "PUT,POST /{index}/_alias/{alias}", masterParams, h.putAlias)
	t = add(t, "DELETE /{index}/_alias/{alias}", masterParams, h.deleteAlias)
	t = add(t, "GET,HEAD /_index_template/{name}", masterParams+" flat_settings", h.getTemplate)
	t = add(t, "GET /_index_template", masterParams+" flat_settings", h.getTemplate)
	t = add(t, "PUT,POST /_index_template/{name}", masterParams+" create cause", h.putTemplate)
	t = add(t, "DELETE /_index_template/{name}", masterParams, h.deleteTemplate)

	t = add(t, "GET /_mapping", indexParams+" master_timeout", h.getMapping)
	t = add(t, "GET /{index}/_mapping", indexParams+" master_timeout", h.getMapping)
	t = add(t, "GET /{index}/_mapping/field/{fields}", indexParams+" include_defaults", h.getFieldMapping)
	t = add(t, "PUT,POST /{index}/_mapping", indexParams+" "+masterParams+" write_index_only", h.putMapping)
	t = add(t, "GET /{index}/_settings", indexParams+" master_timeout flat_settings include_defaults", h.getSettings)
	t = add(t, "PUT /{index}/_settings", indexParams+" "+masterParams+" flat_settings preserve_existing", h.putSettings)
	t = add(t, "PUT /_settings", indexParams+" "+masterParams+" flat_settings preserve_existing", h.putSettings)
	for _, what := range []string{"_refresh", "_flush", "_forcemerge"} {
		params := indexParams + " force wait_if_ongoing max_num_segments only_expunge_deletes flush wait_for_completion"
		t = add(t, "GET,POST /"+what, params, h.refresh)
		t = add(t, "GET,POST /{index}/"+what, params, h.refresh)
	}
	t = add(t, "GET /_stats", indexParams+" level", h.stats)
	t = add(t, "GET /{index}/_stats", indexParams+" level", h.stats)
	t = add(t, "GET /{index}/_stats/{metric}", indexParams+" level", h.stats)
	t = add(t, "POST /{index}/_close", indexParams+" "+masterParams+" wait_for_active_shards", h.close)
	t = add(t, "POST /{index}/_open", indexParams+" "+masterParams+" wait_for_active_shards", h.open)

	t = add(t, "POST /{index}/_doc", writeParams+" op_type pipeline", h.indexDoc)
	t = add(t, "PUT,POST /{index}/_doc/{id}", writeParams+" op_type pipeline", h.indexDoc)
	t = add(t, "PUT,POST /{index}/_create/{id}", writeParams+" pipeline", h.createDoc)
	t = add(t, "GET,HEAD /{index}/_doc/{id}", get, h.getDoc)
	t = add(t, "GET,HEAD /{index}/_source/{id}", get, h.getSource)
	t = add(t, "DELETE /{index}/_doc/{id}", writeParams, h.deleteDoc)
	t = add(t, "POST /{index}/_update/{id}", writeParams+" retry_on_conflict _source _source_includes _source_excludes lang", h.updateDoc)

	t = add(t, "GET /{index}", indexParams+" flat_settings include_defaults master_timeout local features", h.getIndex)
	t = add(t, "PUT /{index}", masterParams+" wait_for_active_shards", h.createIndex)
	t = add(t, "DELETE /{index}", indexParams+" "+masterParams, h.deleteIndex)
	t = add(t, "HEAD /{index}", indexParams+" flat_settings include_defaults local", h.existsIndex)
	return t
}
