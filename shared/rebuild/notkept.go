package rebuild

// NotKept are the tables whose content a total loss of PostgreSQL takes, and why
// nobody misses it. A test compares this list and Rebuilt with the tables.
var NotKept = map[string]string{
	"spice_tasks.tasks":                     "reports of what was done; what was done stands elsewhere",
	"spice_event_registry.processed_events": "what was done with deliveries, for a few days; for readers only",
	"spice_event_registry.parked":           "what failed is tried again, and fails again or does not; what was discarded stands in the log",
	"spice_event_registry.dead_letters":     "bytes of deliveries that were no event, for the operator",
	"spice_event_registry.sweeps":           "where the comparison of watermarks stands; it begins again",
	"spice_access.lakefs_credentials":       "secrets, which the log must not hold; an administrator stores them again",
	"spice_objectify.batches":               "batches of jobs under way; a job begins again and its commands are the same",
}

// Rebuilt are the tables that come back, and the sink that brings them.
var Rebuilt = map[string]string{
	"spice_event_log.log":             "index",
	"spice_event_log.chains":          "index",
	"spice_event_log.aggregates":      "index",
	"spice_event_log.events":          "index",
	"spice_event_log.open_commands":   "index",
	"spice_event_log.outcomes":        "index",
	"spice_event_log.cursors":         "index", // the relay publishes again from the beginning
	"spice_event_registry.watermarks": "search",
	"spice_outbox.outbox":             "registries", // what was published is in the log; the rest is lost with the table
	"spice_datasets.datasets":         "registries",
	"spice_datasets.dataset_versions": "registries",
	"spice_datasets.ingest_requests":  "registries", // those that were published
	"spice_objectify.mapping_specs":   "registries",
	"spice_objectify.jobs":            "registries",
	"spice_objectify.row_errors":      "registries",
	"spice_lineage.places":            "trail",
	"spice_lineage.events":            "trail",
	"spice_lineage.lineage_nodes":     "trail",
	"spice_lineage.lineage_edges":     "trail",
	"spice_audit.audit_logs":          "trail",
	"spice_audit.audit_chain_heads":   "trail",
	"spice_access.database_access":    "trail",
}
