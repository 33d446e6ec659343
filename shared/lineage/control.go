package lineage

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
)

// The aggregate types of the control plane whose events' data hold edges.
const (
	datasetType event.AggregateType = "Dataset"
	versionType event.AggregateType = "DatasetVersion"
	specType    event.AggregateType = "MappingSpec"
	jobType     event.AggregateType = "ObjectifyJob"
)

// NeedsData reports whether an event's data holds nodes and edges.
func NeedsData(e *event.Event) bool {
	switch e.Aggregate.Type {
	case datasetType, versionType, specType, jobType:
		return e.Kind == event.Domain
	}
	return false
}

// StoredNode is a node that the data of an event tells.
type StoredNode struct {
	ID, Type, Label, Database string
	Time                      time.Time
	Metadata                  map[string]any
}

// StoredEdge is an edge that the data of an event tells.
type StoredEdge struct {
	From, To, Type, Database string
	Time                     time.Time
	Metadata                 map[string]any
}

// Control is what the data of an event of the control plane tells.
type Control struct {
	Nodes []StoredNode
	Edges []StoredEdge
}

// builder collects what one event tells.
type builder struct {
	Control
	e *event.Event
}

func (b *builder) node(id, nodeType, label string, metadata map[string]any) {
	b.Nodes = append(b.Nodes, StoredNode{ID: id, Type: nodeType, Label: label, Database: b.e.Database, Time: b.e.Time, Metadata: metadata})
}

func (b *builder) edge(from, to, edgeType string) {
	b.Edges = append(b.Edges, StoredEdge{
		From: from, To: to, Type: edgeType, Database: b.e.Database, Time: b.e.Time, Metadata: map[string]any{"event_id": b.e.ID},
	})
}

// ControlOf gives what an event's data tells, see [NeedsData]. The error says that
// the data is not what its type promises.
func ControlOf(e *event.Event, data []byte) (Control, error) {
	b := &builder{e: e}
	read := func(into any) error {
		if err := json.Unmarshal(data, into); err != nil {
			return fmt.Errorf("lineage: %s %s: %w", e.Type, e.ID, err)
		}
		return nil
	}
	id := AggregateID(e.Aggregate)
	switch e.Aggregate.Type {
	case datasetType:
		var d struct{ Name string }
		if err := read(&d); err != nil {
			return Control{}, err
		}
		b.node(id, AggregateNode, d.Name, map[string]any{"dataset_id": e.Aggregate.ID, "name": d.Name, "branch": e.Branch})
	case versionType:
		var v version
		if err := read(&v); err != nil {
			return Control{}, err
		}
		b.version(id, &v)
	case specType:
		var s struct {
			Dataset string `json:"dataset_id"`
			Version int    `json:"version"`
			Class   string `json:"target_class_id"`
		}
		if err := read(&s); err != nil {
			return Control{}, err
		}
		b.node(id, AggregateNode, fmt.Sprintf("%s, version %d", s.Class, s.Version), map[string]any{
			"mapping_spec_id": e.Aggregate.ID, "dataset_id": s.Dataset, "version": s.Version, "target_class_id": s.Class, "branch": e.Branch,
		})
		b.edge(AggregateID(event.Aggregate{Type: datasetType, ID: s.Dataset}), id, DatasetMapped)
		b.edge(id, AggregateID(classes.Aggregate(e.Database, e.Branch, s.Class)), SpecTarget)
	case jobType:
		var j struct {
			Job struct {
				Dataset string `json:"dataset_id"`
				Version string `json:"dataset_version_id"`
				Spec    string `json:"mapping_spec_id"`
				Status  string `json:"status"`
				Attempt int    `json:"attempt"`
			} `json:"job"`
		}
		if err := read(&j); err != nil {
			return Control{}, err
		}
		b.node(id, AggregateNode, e.Aggregate.ID, map[string]any{
			"job_id": e.Aggregate.ID, "dataset_id": j.Job.Dataset, "dataset_version_id": j.Job.Version, "mapping_spec_id": j.Job.Spec,
			"status": j.Job.Status, "attempt": j.Job.Attempt, "branch": e.Branch,
		})
		b.edge(AggregateID(event.Aggregate{Type: versionType, ID: j.Job.Version}), id, VersionJob)
		b.edge(AggregateID(event.Aggregate{Type: specType, ID: j.Job.Spec}), id, SpecJob)
	}
	return b.Control, nil
}

// version is what DATASET_VERSION_CREATED tells.
type version struct {
	Dataset  string `json:"dataset_id"`
	Version  string `json:"dataset_version_id"`
	Name     string `json:"name"`
	Commit   string `json:"lakefs_commit_id"`
	Artifact string `json:"artifact_key"`
	Rows     int64  `json:"row_count"`
	Source   struct {
		File   string `json:"filename"`
		SHA256 string `json:"content_sha256"`
		Size   int64  `json:"size_bytes"`
	} `json:"source"`
}

func (b *builder) version(id string, v *version) {
	b.node(id, AggregateNode, fmt.Sprintf("%s, %d rows of %s", v.Name, v.Rows, v.Source.File), map[string]any{
		"dataset_id": v.Dataset, "dataset_version_id": v.Version, "dataset_name": v.Name, "lakefs_commit_id": v.Commit,
		"row_count": v.Rows, "filename": v.Source.File, "branch": b.e.Branch,
	})
	b.edge(AggregateID(event.Aggregate{Type: datasetType, ID: v.Dataset}), id, DatasetVersion)
	if v.Source.SHA256 != "" {
		file := FileID(b.e.Database, v.Source.SHA256)
		b.node(file, ArtifactNode, v.Source.File, map[string]any{
			"kind": File, "filename": v.Source.File, "content_sha256": v.Source.SHA256, "size_bytes": v.Source.Size, "db_name": b.e.Database,
		})
		b.edge(file, id, FileVersion)
	}
	if bucket, key, ok := strings.Cut(strings.TrimPrefix(v.Artifact, "s3://"), "/"); ok {
		object := ObjectID(bucket, key)
		b.node(object, ArtifactNode, v.Artifact, map[string]any{"kind": Object, "bucket": bucket, "key": key, "lakefs_commit_id": v.Commit})
		b.edge(id, object, ArtifactStored)
	}
}
