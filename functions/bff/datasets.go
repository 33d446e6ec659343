package bff

import (
	"io"
	"strings"

	"github.com/google/uuid"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textDatasets = problem.Define("dataset.listed", "{count} datasets.", "데이터셋 {count}개를 조회했습니다.")
	textDataset  = problem.Define("dataset.read", "Dataset '{name}'.", "데이터셋 '{name}'을(를) 조회했습니다.")
	textVersions = problem.Define("dataset.versions", "{count} versions.", "버전 {count}개를 조회했습니다.")
	textUUID     = problem.Define("param.uuid", "It must be a UUID.", "UUID 형식이어야 합니다.")
)

// id reads a UUID of the path.
func id(r *httpapi.Request, name string) (uuid.UUID, error) {
	text := r.PathValue(name)
	v, err := uuid.Parse(text)
	if err != nil {
		return v, problem.InvalidParameter([]any{"path", name}, textUUID.With(), text)
	}
	return v, nil
}

// queryTarget reads database and branch of endpoints that take both as query
// parameters; the database has to exist.
func (f *Function) queryTarget(r *httpapi.Request) (database, branch string, err error) {
	database, branch = r.Query("db_name", ""), r.Branch()
	if database == "" {
		return "", "", problem.Validation(problem.Missing([]any{"query", "db_name"}))
	}
	if err := ontology.CheckDatabase(database); err != nil {
		return "", "", problem.InvalidParameter([]any{"query", "db_name"}, err, database)
	}
	if err := writes.CheckTarget(database, branch); err != nil {
		return "", "", err
	}
	exists, _, err := f.core.DatabaseExists(r.Context(), database)
	if err == nil && !exists {
		err = problem.NotFound(problem.KindDatabase, database)
	}
	return database, branch, err
}

func (f *Function) listDatasets(r *httpapi.Request) (*httpapi.Response, error) {
	database, branch, err := f.queryTarget(r)
	if err != nil {
		return nil, err
	}
	list, err := f.ingest.Store.List(r.Context(), database, branch)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textDatasets.With("count", len(list)), map[string]any{"datasets": list, "count": len(list)}), nil
}

func (f *Function) getDataset(r *httpapi.Request) (*httpapi.Response, error) {
	dataset, err := id(r, "dataset_id")
	if err != nil {
		return nil, err
	}
	d, err := f.ingest.Store.Get(r.Context(), dataset)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textDataset.With("name", d.Name), map[string]any{"dataset": d}), nil
}

func (f *Function) listVersions(r *httpapi.Request) (*httpapi.Response, error) {
	dataset, err := id(r, "dataset_id")
	if err != nil {
		return nil, err
	}
	limit, offset := int(r.Int("limit", 20, 1, 100)), int(r.Int("offset", 0, 0, 1<<31))
	if err := r.Check(); err != nil {
		return nil, err
	}
	if _, err := f.ingest.Store.Get(r.Context(), dataset); err != nil {
		return nil, err
	}
	list, err := f.ingest.Store.Versions(r.Context(), dataset, limit, offset)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textVersions.With("count", len(list)), map[string]any{"versions": list, "count": len(list), "limit": limit, "offset": offset}), nil
}

// version reads the version that a path names.
func (f *Function) version(r *httpapi.Request) (datasets.Version, error) {
	dataset, err := id(r, "dataset_id")
	if err != nil {
		return datasets.Version{}, err
	}
	version, err := id(r, "version_id")
	if err != nil {
		return datasets.Version{}, err
	}
	return f.ingest.Store.Version(r.Context(), dataset, version)
}

func (f *Function) getVersion(r *httpapi.Request) (*httpapi.Response, error) {
	v, err := f.version(r)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textVersions.With("count", 1), map[string]any{"version": v}), nil
}

// downloadVersion answers the file as it was uploaded, byte for byte.
func (f *Function) downloadVersion(r *httpapi.Request) (*httpapi.Response, error) {
	v, err := f.version(r)
	if err != nil {
		return nil, err
	}
	source, err := ingest.SourceOf(v)
	if err != nil {
		return nil, problem.Internal(err)
	}
	content, err := f.ingest.Repository.Open(r.Context(), v)
	if err != nil {
		return nil, err
	}
	return httpapi.Download(httpapi.Content{Type: "text/csv", File: source.File, Write: func(w io.Writer) error {
		defer content.Close()
		_, err := io.Copy(w, content)
		return err
	}}), nil
}

// stem is a file's name without its folder and its suffix.
func stem(file, suffix string) string {
	file = file[strings.LastIndexAny(file, `/\`)+1:]
	return file[:len(file)-len(suffix)]
}
