package lineage

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
	"spiceharvester/shared/writes"
)

// The types of nodes.
const (
	EventNode     = "event"
	AggregateNode = "aggregate"
	ArtifactNode  = "artifact"
)

// The kinds of artifacts.
const (
	ElasticsearchDocument = "es"
	GraphDocument         = "terminus"
	Object                = "s3"
	File                  = "file" // an uploaded file, by its content
	Row                   = "row"  // of a dataset version
)

// The types of edges, each from cause to effect.
const (
	AggregateEmitted = "aggregate_emitted_event"      // an aggregate → what happened to it
	Stored           = "event_stored_in_object_store" // an event → its segment
	Caused           = "command_caused_domain_event"
	Changed          = "event_changed_aggregate" // a fact → the instance that it made
	Materialized     = "event_materialized_es_document"
	Unmaterialized   = "event_deleted_es_document"
	Wrote            = "event_wrote_terminus_document"
	Unwrote          = "event_deleted_terminus_document"
	Shown            = "aggregate_shown_in_document" // an instance or class → its documents
	Submitted        = "objectify_job_submitted_command"
	RowBecame        = "dataset_row_became_event"      // a row → the fact made of it
	VersionRow       = "dataset_version_contains_row"  //
	FileVersion      = "file_became_dataset_version"   //
	DatasetVersion   = "dataset_has_version"           //
	ArtifactStored   = "dataset_artifact_stored"       // a version → its object in the lake
	DatasetMapped    = "dataset_mapping_spec"          //
	SpecTarget       = "mapping_spec_targets_class"    //
	VersionJob       = "dataset_version_objectify_job" //
	SpecJob          = "objectify_job_mapping_spec"    // a mapping → the job that follows it
)

// Node is a node of the graph, as clients read it. Times are those of the log.
type Node struct {
	ID         string         `json:"node_id"`
	Type       string         `json:"node_type"`
	Label      string         `json:"label"`
	CreatedAt  *string        `json:"created_at"`
	RecordedAt *string        `json:"recorded_at"`
	Metadata   map[string]any `json:"metadata"`
}

func (n *Node) at(t time.Time) {
	text := problem.Timestamp(t)
	n.CreatedAt, n.RecordedAt = &text, &text
}

// Kind is the kind of an artifact, else "".
func (n *Node) Kind() string {
	rest, ok := strings.CutPrefix(n.ID, "artifact:")
	if !ok {
		return ""
	}
	kind, _, _ := strings.Cut(rest, ":")
	return kind
}

// Edge leads from a cause to its effect.
type Edge struct {
	ID         string         `json:"edge_id"`
	From       string         `json:"from_node_id"`
	To         string         `json:"to_node_id"`
	Type       string         `json:"edge_type"`
	OccurredAt string         `json:"occurred_at"`
	RecordedAt string         `json:"recorded_at"`
	Metadata   map[string]any `json:"metadata"`
}

// edgeID derives the id of an edge.
func edgeID(from, to, edgeType string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("spice:lineage:"+edgeType+"\n"+from+"\n"+to)).String()
}

// EventID names the node of an event.
func EventID(id event.ID) string { return "event:" + string(id) }

// AggregateID names the node of an aggregate.
func AggregateID(a event.Aggregate) string { return "agg:" + string(a.Type) + ":" + a.ID }

// RowID names the node of a row of a dataset version, from 1 without the header.
func RowID(version string, row int64) string {
	return fmt.Sprintf("artifact:%s:%s:%d", Row, version, row)
}

// FileID names the node of an uploaded file.
func FileID(database, sha256 string) string {
	return "artifact:" + File + ":" + database + ":" + sha256
}

// ObjectID names the node of an object.
func ObjectID(bucket, key string) string { return "artifact:" + Object + ":" + bucket + ":" + key }

// documents names the documents of an aggregate: in the read model and in the
// graph. Aggregates without any have none.
func documents(a event.Aggregate, database, branch string) (es, graph string, ok bool) {
	switch a.Type {
	case writes.Instances:
		ref, err := instance.ParseAggregateID(a.ID)
		if err != nil {
			return "", "", false
		}
		return "artifact:es:" + search.InstancesAlias(ref.Database) + ":" + ref.Class + "/" + ref.ID,
			"artifact:terminus:" + ref.Database + ":" + ref.Branch + ":" + ref.Class + "/" + ref.ID, true
	case classes.Type:
		id, found := strings.CutPrefix(a.ID, ontology.AggregateID(database, branch, ""))
		if !found {
			return "", "", false
		}
		return "artifact:es:" + search.ClassesAlias(database) + ":" + id, "artifact:terminus:" + database + ":" + branch + ":ontology:" + id, true
	}
	return "", "", false
}

// name is a node's id, taken apart.
type name struct {
	event     event.ID
	aggregate event.Aggregate
	document  event.Aggregate // what a document shows
	version   string          // and row, of a row
	row       int64
	chain     int // and segment, of an object that holds a segment
	segment   uint64
	isSegment bool
}

// parse takes a node's id apart; ids of other nodes give the zero name.
func (r *Reader) parse(id string) (n name) {
	if rest, ok := strings.CutPrefix(id, "event:"); ok {
		n.event = event.ID(rest)
		return n
	}
	if rest, ok := strings.CutPrefix(id, "agg:"); ok {
		t, id, _ := strings.Cut(rest, ":")
		n.aggregate = event.Aggregate{Type: event.AggregateType(t), ID: id}
		return n
	}
	rest, _ := strings.CutPrefix(id, "artifact:")
	kind, rest, _ := strings.Cut(rest, ":")
	first, rest, _ := strings.Cut(rest, ":")
	switch kind {
	case ElasticsearchDocument:
		if db, ok := strings.CutSuffix(first, search.InstancesAlias("")); ok {
			n.document = instanceOf(db, ontology.MainBranch, rest)
		} else if db, ok := strings.CutSuffix(first, search.ClassesAlias("")); ok {
			n.document = classes.Aggregate(db, ontology.MainBranch, rest)
		}
	case GraphDocument:
		branch, document, _ := strings.Cut(rest, ":")
		if class, ok := strings.CutPrefix(document, "ontology:"); ok {
			n.document = classes.Aggregate(first, branch, class)
		} else {
			n.document = instanceOf(first, branch, document)
		}
	case Row:
		n.version = first
		n.row, _ = strconv.ParseInt(rest, 10, 64)
	case Object:
		if first == r.Bucket {
			n.chain, n.segment, n.isSegment = eventlog.ParseSegmentKey(rest)
		}
	}
	return n
}

func instanceOf(database, branch, document string) event.Aggregate {
	class, id, _ := strings.Cut(document, "/")
	return writes.InstanceAggregate(instance.Ref{Database: database, Branch: branch, Class: class, ID: id})
}
