package search

// InstancesAlias names the read model of a database's instances. It is an alias
// over a versioned index, so that a rebuilt index can take its place.
func InstancesAlias(database string) string { return database + "_instances" }

// ClassesAlias names the read model of a database's classes.
func ClassesAlias(database string) string { return database + "_ontologies" }

// firstVersion is the suffix of an alias's first index.
const firstVersion = "_v1"

type object = map[string]any

// mapping gives the settings and the mapping of an index. Both kinds of
// documents share it: user-named fields lie below "idx", one flattened field,
// so the mapping never grows. Dates and numbers there are texts that sort as
// the values do (value.SortKey).
func mapping(alias string, shards, replicas int) object {
	keyword := object{"type": "keyword"}
	words := object{"type": "text", "analyzer": "standard", "fields": object{"cjk": object{"type": "text", "analyzer": "cjk"}}}
	return object{
		"settings": object{"number_of_shards": shards, "number_of_replicas": replicas, "refresh_interval": "1s"},
		"aliases":  object{alias: object{}},
		"mappings": object{
			"dynamic": "strict",
			"properties": object{
				"instance_id": object{"type": "keyword", "ignore_above": 8191}, "class_id": keyword, "db_name": keyword, "branch": keyword,
				"event_id": keyword, "event_sequence": object{"type": "long"}, "position": keyword, "version": object{"type": "long"},
				"event_timestamp": object{"type": "date"}, "created_at": object{"type": "date"}, "updated_at": object{"type": "date"},
				"deleted": object{"type": "boolean"},
				"data":    object{"type": "object", "enabled": false},
				"idx":     object{"type": "flattened", "ignore_above": 1024, "depth_limit": 40},
				"text":    words,
				"links":   keyword, "targets": keyword,
				"label": words, "parent_class": keyword,
			},
		},
	}
}
