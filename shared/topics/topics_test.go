package topics_test

import (
	"slices"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/topics"
)

func TestOf(t *testing.T) {
	for _, c := range []struct {
		kind  event.Kind
		typ   event.AggregateType
		want  string
		known bool
	}{
		{event.Command, "Instance", "instance_commands", true},
		{event.Command, "OntologyClass", "ontology_commands", true},
		{event.Command, event.Database, "database_commands", true},
		{event.Command, "Dataset", "events-quarantine", false},
		{event.Domain, "Instance", "instance_events", true},
		{event.Domain, "OntologyClass", "ontology_events", true},
		{event.Domain, event.Database, "ontology_events", true},
		{event.Domain, "OntologyDeployment", "ontology_events", true},
		{event.Domain, "Dataset", "pipeline-events", true},
		{event.Domain, "DatasetVersion", "pipeline-events", true},
		{event.Domain, "Pipeline", "pipeline-events", true},
		{event.Domain, "MappingSpec", "pipeline-events", true},
		{event.Domain, "ObjectifyJob", "objectify-jobs", true},
		{event.Domain, "Unheard", "events-quarantine", false},
	} {
		topic, known := topics.Of(&event.Event{Kind: c.kind, Aggregate: event.Aggregate{Type: c.typ, ID: "x"}})
		if topic != c.want || known != c.known {
			t.Errorf("%s of %s: %s, %t", c.kind, c.typ, topic, known)
		}
		if !slices.Contains(topics.All, topic) {
			t.Errorf("%s is not in the list of all topics", topic)
		}
	}
}
