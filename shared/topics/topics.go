// Package topics says which Kafka topic carries which event. infra/topics.yaml
// lists the same names with their settings; a test compares the two.
package topics

import "spiceharvester/shared/event"

// The topics of the event log. The key of every record is the aggregate id.
const (
	InstanceCommands = "instance_commands"
	OntologyCommands = "ontology_commands"
	DatabaseCommands = "database_commands"
	InstanceEvents   = "instance_events"
	OntologyEvents   = "ontology_events"
	PipelineEvents   = "pipeline-events"
	ObjectifyJobs    = "objectify-jobs"
	// Quarantine takes events that no rule routes: a newer release wrote them,
	// or a rule is missing. They must never block the log or vanish.
	Quarantine = "events-quarantine"
)

// All lists every topic that the relay publishes to.
var All = []string{InstanceCommands, OntologyCommands, DatabaseCommands, InstanceEvents, OntologyEvents, PipelineEvents, ObjectifyJobs, Quarantine}

var commandTopics = map[event.AggregateType]string{
	"Instance": InstanceCommands, "OntologyClass": OntologyCommands, event.Database: DatabaseCommands,
}

var domainTopics = map[event.AggregateType]string{
	"Instance": InstanceEvents, "OntologyClass": OntologyEvents, event.Database: OntologyEvents, "OntologyDeployment": OntologyEvents,
	"FactDiscard": OntologyEvents,
	"Dataset":     PipelineEvents, "DatasetVersion": PipelineEvents, "Pipeline": PipelineEvents,
	"MappingSpec": PipelineEvents, "ObjectifyJob": ObjectifyJobs,
}

// Of gives the topic of an event, and false with Quarantine if no rule knows it.
func Of(e *event.Event) (topic string, known bool) {
	table := domainTopics
	if e.Kind == event.Command {
		table = commandTopics
	}
	if topic, known = table[e.Aggregate.Type]; known {
		return topic, true
	}
	return Quarantine, false
}
