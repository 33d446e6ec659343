package bff

import (
	"context"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// instanceOrigin answers where the present state of an instance comes from: the
// fact in the log, the command behind it, and, if a file was imported, the
// dataset, the version, the row and the line.
func (f *Function) instanceOrigin(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := f.instance(r)
	if err != nil {
		return nil, err
	}
	a := writes.InstanceAggregate(ref)
	states, _, err := f.core.Log.States(r.Context(), ref.Database, a)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if !states[a].Exists {
		return nil, problem.NotFound(problem.KindInstance, ref.ID)
	}
	e, err := f.core.Log.Event(r.Context(), states[a].Position)
	if err != nil {
		return nil, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	origin := map[string]any{
		"class_id": ref.Class, "instance_id": ref.ID, "sequence": e.Sequence, "position": e.Position.String(), "event_id": e.ID, "event_type": e.Type,
		"recorded_at": problem.Timestamp(e.Time), "actor": e.Actor, "command_id": e.Command, "source": nil,
	}
	if e.Origin != "" {
		if origin["source"], err = f.source(r.Context(), &e); err != nil {
			return nil, err
		}
	}
	return httpapi.OK(map[string]any{"status": "success", "data": origin}), nil
}

// source describes the row of a file that a fact was made of.
func (f *Function) source(ctx context.Context, e *event.Event) (map[string]any, error) {
	uri, row, line, err := writes.ParseOrigin(e.Origin)
	if err != nil {
		return nil, problem.Internal(err)
	}
	source := map[string]any{"type": "dataset_row", "uri": e.Origin, "row": row, "line": line, "objectify_job_id": e.Correlation}
	parts := strings.Split(strings.TrimPrefix(uri, "/datasets/"), "/versions/")
	if len(parts) != 2 {
		return source, nil
	}
	dataset, errD := uuid.Parse(parts[0])
	version, errV := uuid.Parse(parts[1])
	if errD != nil || errV != nil {
		return source, nil
	}
	source["dataset_id"], source["dataset_version_id"] = dataset, version
	v, err := f.ingest.Store.Version(ctx, dataset, version)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return source, nil // the log remembers what the registry has lost
	}
	if err != nil {
		return nil, err
	}
	d, err := f.ingest.Store.Get(ctx, dataset)
	if err != nil {
		return nil, err
	}
	file, err := ingest.SourceOf(v)
	if err != nil {
		return nil, problem.Internal(err)
	}
	source["dataset_name"], source["version_number"], source["lakefs_commit_id"], source["artifact_key"] = d.Name, v.Number, v.Commit, v.ArtifactKey
	source["filename"], source["content_sha256"] = file.File, file.SHA256
	source["download"] = "/api/v1/pipelines/datasets/" + dataset.String() + "/versions/" + version.String() + "/file"
	return source, nil
}

// instance reads and checks the instance that a path names.
func (f *Function) instance(r *httpapi.Request) (instance.Ref, error) {
	database, class, err := f.class(r)
	if err != nil {
		return instance.Ref{}, err
	}
	id := r.PathValue("instance_id")
	if err := instance.CheckID(id); err != nil {
		return instance.Ref{}, problem.InvalidParameter([]any{"path", "instance_id"}, err, id)
	}
	return instance.Ref{Database: database, Branch: r.Branch(), Class: class, ID: id}, nil
}
