package terminusdb_test

import "strings"

// notSent tells why a recorded request is not sent.
func notSent(x exchange) (reason string, skip bool) {
	for prefix, reason := range partsOutOfScope {
		if strings.HasPrefix(x.Step, prefix) {
			return reason, true
		}
	}
	return "", false
}

// partsOutOfScope are beginnings of steps that are not sent, with the reason.
var partsOutOfScope = map[string]string{
	"gql-":                  "the platform asks in WOQL, not in GraphQL",
	"asof-graphql":          "the platform asks in WOQL, not in GraphQL; as of a commit",
	"diff-":                 "differences come from the log",
	"patch-":                "changes come from the log",
	"merge-":                "merges come from the log; the walk made branches without recording it",
	"rebase-":               "merges come from the log; rebase",
	"squash":                "history comes from the log",
	"history-":              "follows patches that are not sent; a test of its own covers it",
	"reset-":                "follows commits that are not recorded; a test of its own covers it",
	"evolve-migration-":     "schemas are replaced, not migrated",
	"fence-schema-triples-": "a query writes no statements about the schema, which the real server does not check against the data",
}

// outOfScope lists the recorded steps that the stand-in deliberately answers
// differently. TestReplay fails if one of them begins to agree, or is not in
// the recording.
var outOfScope = map[string]string{
	"desync-next-request-on-same-connection":    "bodies are read to the end: connections stay in step",
	"wrong-auth-post-then-next":                 "bodies are read to the end: connections stay in step",
	"schema-get-skip-count":                     "the order of classes is that of their making, not one of layers",
	"evolve-restore":                            "a class that is put as it was makes no commit",
	"evolve-after-migration":                    "schemas are replaced, not migrated",
	"evolve-after-migration-schema":             "schemas are replaced, not migrated",
	"evolve-log-verbose":                        "schemas are replaced, not migrated",
	"inst-insert-empty-object":                  "a class with documentation in several languages is no obstacle",
	"inst-raw-json-read":                        "no documents without a class",
	"ver-two-writers-1":                         "was sent while the first was on its way; a test of its own does so",
	"conc-log":                                  "has the commit of the second writer",
	"woql-like":                                 "no similarity of texts",
	"woql-path-times-0-1":                       "{0,1} is the start and one hop, as said, not two and more",
	"woql-streaming":                            "of one predicate, the statements come in the order of their objects, not of their subjects",
	"fence-schema-read-all":                     "follows statements about the schema",
	"fence-schema-full-replace-drops-and-marks": "follows statements about the schema",
	"fence-schema-read-after-full-replace":      "follows statements about the schema",
	"fence-log":                                 "follows statements about the schema",
	"woql-triple-count":                         "the schema is not kept as triples",
}

// insteadOf are writes in place of recorded ones that are out of scope, so that
// what follows finds the same.
var insteadOf = map[string]func(s server) answer{
	"inst-raw-json": func(s server) answer {
		return s.must("POST", "/api/document/admin/walk"+by, `{"@type":"Rnd","v":"instead"}`)
	},
	"inst-raw-json-id": func(s server) answer {
		return s.must("POST", "/api/document/admin/walk"+by, `{"@type":"Rnd","v":"instead"}`)
	},
}
