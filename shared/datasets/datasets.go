// Package datasets is the registry of datasets and their versions (PostgreSQL,
// schema spice_datasets) and the ingest that fills it.
//
//	datasets.go  records and reads
//	ingest.go    the steps of one ingest, each repeatable
package datasets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/problem"
)

// Store is the registry.
type Store struct {
	Pool *pgxpool.Pool
	Now  func() time.Time
}

// Column is a column of a dataset: its name in the file, its type as inferred
// and how its cells are written, for the parser that reads them later.
type Column struct {
	Name   string          `json:"name"`
	Type   string          `json:"type"`
	Format json.RawMessage `json:"format,omitempty"`
}

// Schema is the columns of a version.
type Schema struct {
	Columns []Column `json:"columns"`
}

// Dataset is a dataset with the fields of its newest version, as the list shows
// it (data-plane 1.2).
type Dataset struct {
	ID               uuid.UUID       `json:"dataset_id"`
	Database         string          `json:"db_name"`
	Name             string          `json:"name"`
	Description      *string         `json:"description"`
	SourceType       string          `json:"source_type"`
	SourceRef        *string         `json:"source_ref"`
	Branch           string          `json:"branch"`
	Schema           json.RawMessage `json:"schema_json"`
	CreatedAt        time.Time       `json:"created_at"`
	UpdatedAt        time.Time       `json:"updated_at"`
	LatestCommit     *string         `json:"latest_commit_id"`
	LatestVersion    *uuid.UUID      `json:"latest_version_id"`
	ArtifactKey      *string         `json:"artifact_key"`
	RowCount         *int64          `json:"row_count"`
	Sample           json.RawMessage `json:"sample_json"`
	VersionCreatedAt *time.Time      `json:"version_created_at"`
}

// Version is one version of a dataset: a file at a commit, with what was found
// in it.
type Version struct {
	ID          uuid.UUID       `json:"version_id"`
	Dataset     uuid.UUID       `json:"dataset_id"`
	Number      int             `json:"version_number"`
	Commit      string          `json:"lakefs_commit_id"`
	ArtifactKey string          `json:"artifact_key"`
	Schema      json.RawMessage `json:"schema_json"`
	SchemaHash  string          `json:"schema_hash"`
	RowCount    int64           `json:"row_count"`
	Sample      json.RawMessage `json:"sample_json"`
	Source      json.RawMessage `json:"source"`
	Request     *uuid.UUID      `json:"ingest_request_id"`
	Promoted    *uuid.UUID      `json:"promoted_from_artifact_id"`
	CreatedAt   time.Time       `json:"created_at"`
}

// MarshalJSON writes times as all answers do.
func (d Dataset) MarshalJSON() ([]byte, error) {
	type plain Dataset
	var versionCreated *string
	if d.VersionCreatedAt != nil {
		text := problem.Timestamp(*d.VersionCreatedAt)
		versionCreated = &text
	}
	return json.Marshal(struct {
		plain
		CreatedAt        string  `json:"created_at"`
		UpdatedAt        string  `json:"updated_at"`
		VersionCreatedAt *string `json:"version_created_at"`
	}{plain(d), problem.Timestamp(d.CreatedAt), problem.Timestamp(d.UpdatedAt), versionCreated})
}

// MarshalJSON writes times as all answers do.
func (v Version) MarshalJSON() ([]byte, error) {
	type plain Version
	return json.Marshal(struct {
		plain
		CreatedAt string `json:"created_at"`
	}{plain(v), problem.Timestamp(v.CreatedAt)})
}

// Columns reads the version's columns.
func (v *Version) Columns() (Schema, error) {
	var s Schema
	if err := json.Unmarshal(v.Schema, &s); err != nil {
		return s, fmt.Errorf("datasets: schema of version %s: %w", v.ID, err)
	}
	return s, nil
}

const datasetColumns = `d.dataset_id, d.db_name, d.name, d.description, d.source_type, d.source_ref, d.branch, d.schema_json, d.created_at, d.updated_at,
	v.lakefs_commit_id, v.version_id, v.artifact_key, v.row_count, v.sample_json, v.created_at`

const newestVersion = `left join lateral (
	select * from spice_datasets.dataset_versions v where v.dataset_id = d.dataset_id order by version_number desc limit 1) v on true`

func scanDataset(row pgx.CollectableRow) (d Dataset, err error) {
	err = row.Scan(&d.ID, &d.Database, &d.Name, &d.Description, &d.SourceType, &d.SourceRef, &d.Branch, &d.Schema, &d.CreatedAt, &d.UpdatedAt,
		&d.LatestCommit, &d.LatestVersion, &d.ArtifactKey, &d.RowCount, &d.Sample, &d.VersionCreatedAt)
	return d, err
}

// List gives the datasets of a database and branch, newest first.
func (s *Store) List(ctx context.Context, database, branch string) ([]Dataset, error) {
	rows, err := s.Pool.Query(ctx, `select `+datasetColumns+` from spice_datasets.datasets d `+newestVersion+`
		where d.db_name = $1 and d.branch = $2 order by d.created_at desc, d.name`, database, branch)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scanDataset)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Get reads one dataset.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (Dataset, error) {
	rows, err := s.Pool.Query(ctx, `select `+datasetColumns+` from spice_datasets.datasets d `+newestVersion+` where d.dataset_id = $1`, id)
	if err != nil {
		return Dataset{}, unavailable(err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDataset)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, problem.NotFound(problem.KindDataset, id.String())
	}
	if err != nil {
		return d, unavailable(err)
	}
	return d, nil
}

const versionColumns = `version_id, dataset_id, version_number, lakefs_commit_id, artifact_key, schema_json, schema_hash, row_count, sample_json, source_json, ingest_request_id, created_at`

func scanVersion(row pgx.CollectableRow) (v Version, err error) {
	err = row.Scan(&v.ID, &v.Dataset, &v.Number, &v.Commit, &v.ArtifactKey, &v.Schema, &v.SchemaHash, &v.RowCount, &v.Sample, &v.Source, &v.Request, &v.CreatedAt)
	return v, err
}

// Versions gives the versions of a dataset, newest first.
func (s *Store) Versions(ctx context.Context, dataset uuid.UUID, limit, offset int) ([]Version, error) {
	rows, err := s.Pool.Query(ctx, `select `+versionColumns+` from spice_datasets.dataset_versions where dataset_id = $1
		order by version_number desc limit $2 offset $3`, dataset, limit, offset)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scanVersion)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Version reads one version of a dataset.
func (s *Store) Version(ctx context.Context, dataset, version uuid.UUID) (Version, error) {
	rows, err := s.Pool.Query(ctx, `select `+versionColumns+` from spice_datasets.dataset_versions where dataset_id = $1 and version_id = $2`, dataset, version)
	if err != nil {
		return Version{}, unavailable(err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, scanVersion)
	if errors.Is(err, pgx.ErrNoRows) {
		return v, problem.NotFound(KindVersion, version.String())
	}
	if err != nil {
		return v, unavailable(err)
	}
	return v, nil
}

// KindVersion names versions in messages.
var KindVersion = problem.NewKind(problem.Define("kind.dataset_version", "Dataset version", "데이터셋 버전"))

func unavailable(err error) error {
	return problem.Unavailable(problem.DBUnavailable, "dataset registry", err)
}
