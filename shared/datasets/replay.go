package datasets

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
)

// Tables are the tables that Replay fills, those that others refer to last.
var Tables = []string{"spice_datasets.dataset_versions", "spice_datasets.datasets"}

// Forget empties the registry before a replay. Ingests that were not published
// are not in the log yet: they stay.
func Forget(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		delete from spice_datasets.dataset_versions;
		delete from spice_datasets.datasets;
		delete from spice_datasets.ingest_requests where status = 'PUBLISHED'`)
	return err
}

// published is the data of DATASET_VERSION_CREATED.
type published struct {
	Dataset     uuid.UUID       `json:"dataset_id"`
	Database    string          `json:"db_name"`
	Branch      string          `json:"branch"`
	Version     uuid.UUID       `json:"dataset_version_id"`
	Commit      string          `json:"lakefs_commit_id"`
	ArtifactKey string          `json:"artifact_key"`
	Schema      json.RawMessage `json:"schema"`
	SchemaHash  string          `json:"schema_hash"`
	Number      int             `json:"version_number"`
	Attempt     int             `json:"attempt"`
	Fingerprint *string         `json:"fingerprint"`
	Record      *Record         `json:"record"`
}

// Replay writes what an event of the log says about datasets; other events are
// nothing to it. It reports whether the event was one.
func Replay(ctx context.Context, tx pgx.Tx, e *event.Event, data []byte) (bool, error) {
	if e.Type != "DATASET_VERSION_CREATED" {
		return false, nil
	}
	var p published
	if err := json.Unmarshal(data, &p); err != nil {
		return true, fmt.Errorf("datasets: event %s: %w", e.ID, err)
	}
	if p.Record == nil {
		return true, fmt.Errorf("datasets: event %s was written by an older release and holds no record of the file", e.ID)
	}
	request, err := uuid.Parse(string(e.ID))
	if err != nil {
		return true, fmt.Errorf("datasets: event %s: %w", e.ID, err)
	}
	at := e.Time.UTC().Truncate(time.Microsecond) // as PostgreSQL keeps it
	_, err = tx.Exec(ctx, `insert into spice_datasets.datasets as d
		(dataset_id, db_name, name, description, source_type, source_ref, branch, schema_json, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		on conflict (dataset_id) do update set schema_json = excluded.schema_json, source_ref = excluded.source_ref, updated_at = excluded.updated_at,
			description = coalesce(excluded.description, d.description)`,
		p.Dataset, p.Database, p.Record.Name, p.Record.Description, p.Record.SourceType, p.Record.SourceRef, p.Branch, p.Schema, at)
	if err != nil {
		return true, err
	}
	_, err = tx.Exec(ctx, `insert into spice_datasets.dataset_versions
		(version_id, dataset_id, version_number, lakefs_commit_id, artifact_key, schema_json, schema_hash, row_count, sample_json, source_json, ingest_request_id, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		p.Version, p.Dataset, p.Number, p.Commit, p.ArtifactKey, p.Schema, p.SchemaHash, p.Record.RowCount, p.Record.Sample, p.Record.Source, request, at)
	if err != nil {
		return true, err
	}
	_, err = tx.Exec(ctx, `insert into spice_datasets.ingest_requests
		(ingest_request_id, db_name, branch, dataset_id, version_id, status, attempt, fingerprint, lakefs_branch, lakefs_commit_id, artifact_key, record, actor,
		 created_at, updated_at, published_at, merged_at)
		values ($1, $2, $3, $4, $5, 'PUBLISHED', $6, $7, $8, $9, $10, $11, $12, $13, $13, $13, null)`,
		request, p.Database, p.Branch, p.Dataset, p.Version, p.Attempt, p.Fingerprint, branchOf(request, p.Attempt), p.Commit, p.ArtifactKey, p.Record, e.Actor, at)
	return true, err
}
