package elasticsearch_test

// outOfScope lists the recorded steps that the stand-in deliberately answers
// differently. TestReplay fails if one of them begins to agree.
var outOfScope = map[string]string{
	"create-dynamic-runtime":    "runtime fields are refused",
	"runtime-field-no-painless": "runtime fields are refused",
	"highlight":                 "highlighting is refused",
	"highlight-tags-korean":     "highlighting is refused",
	"explain":                   "scores are not explained",
	"analyze-nori":              "nori is approximated by bigrams",
	"restart-health":            "the recording restarted with replicas in other states; red is checked in faults_test.go",
	"restart-health-yellow":     "the recording restarted with replicas in other states",
}
