package datasets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/event"
	"spiceharvester/shared/outbox"
	"spiceharvester/shared/problem"
)

// Publisher is the function that brings what happens here into the log.
const Publisher = "dataset-ingest-outbox-worker"

// Alive is how long an ingest may be silent before it counts as abandoned.
const Alive = time.Minute

// The states of an ingest request (data-plane 1.5).
const (
	Received     = "RECEIVED"
	RawCommitted = "RAW_COMMITTED"
	Published    = "PUBLISHED"
	Failed       = "FAILED"
)

// Request is one ingest: an upload under its Idempotency-Key. Its attempt is the
// fencing token: a step of an older attempt changes nothing.
type Request struct {
	ID          uuid.UUID
	Database    string
	Branch      string
	Dataset     uuid.UUID
	Version     uuid.UUID
	Status      string
	Attempt     int
	Fingerprint *string
	LakeBranch  string
	Commit      *string
	ArtifactKey *string
	Record      *Record
	Actor       string
	UpdatedAt   time.Time
	MergedAt    *time.Time
	Answer      json.RawMessage // what the client was told that may change later
}

// Record is what an ingest found in the bytes and will publish.
type Record struct {
	Name        string          `json:"name"`
	Description *string         `json:"description"`
	SourceType  string          `json:"source_type"`
	SourceRef   string          `json:"source_ref"`
	Schema      Schema          `json:"schema"`
	RowCount    int64           `json:"row_count"`
	Sample      json.RawMessage `json:"sample"`
	Source      json.RawMessage `json:"source"`
	Analysis    json.RawMessage `json:"analysis"`
}

var (
	textInProgress = problem.Define("ingest.in_progress", "An upload with this Idempotency-Key is in progress; wait and repeat it.", "이 Idempotency-Key로 업로드가 진행 중입니다. 잠시 후 다시 시도하세요.")
	textKeyReused  = problem.Define("ingest.key_reused", "The Idempotency-Key was used for another file or other settings; choose a new one.", "이 Idempotency-Key는 다른 파일 또는 다른 설정에 이미 사용되었습니다. 새 키를 사용하세요.")
)

// KeyReused is the refusal of a key that stands for another upload.
func KeyReused() *problem.Problem {
	return problem.Conflict(textKeyReused.With()).WithContext("code", "IDEMPOTENCY_KEY_REUSED")
}

// RequestID derives the id of an ingest from where and under which key it was
// sent.
func RequestID(database, branch, endpoint, key string) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("spice:ingest:"+database+"|"+branch+"|"+endpoint+"|"+key))
}

const requestColumns = `ingest_request_id, db_name, branch, dataset_id, version_id, status, attempt, fingerprint, lakefs_branch, lakefs_commit_id, artifact_key, record, actor, updated_at, merged_at, answer`

func scanRequest(row pgx.CollectableRow) (r Request, err error) {
	err = row.Scan(&r.ID, &r.Database, &r.Branch, &r.Dataset, &r.Version, &r.Status, &r.Attempt, &r.Fingerprint, &r.LakeBranch, &r.Commit, &r.ArtifactKey, &r.Record, &r.Actor, &r.UpdatedAt, &r.MergedAt, &r.Answer)
	return r, err
}

// branchOf names the branch of the lake that an attempt works on.
func branchOf(id uuid.UUID, attempt int) string { return fmt.Sprintf("ingest-%s-%d", id, attempt) }

// Superseded names the branches of the attempts before: they may still be there,
// with an upload that goes on.
func (r *Request) Superseded() []string {
	var branches []string
	for n := 1; n < r.Attempt; n++ {
		branches = append(branches, branchOf(r.ID, n))
	}
	return branches
}

// Begin opens an ingest, or finds what became of it. A request that failed or
// was abandoned begins anew as the next attempt; one that another call works on
// is a 409.
func (s *Store) Begin(ctx context.Context, id uuid.UUID, database, branch, actor string) (r Request, err error) {
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		now := s.Now()
		// One caller at a time, also before there is a row to lock.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 7350003))`, id.String()); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `select `+requestColumns+` from spice_datasets.ingest_requests where ingest_request_id = $1`, id)
		if err != nil {
			return err
		}
		r, err = pgx.CollectExactlyOneRow(rows, scanRequest)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			r = Request{ID: id, Database: database, Branch: branch, Dataset: uuid.New(), Version: uuid.NewSHA1(id, []byte("version")), Status: Received, Actor: actor}
		case err != nil:
			return err
		case r.Status == Published, r.Status == RawCommitted:
			return nil
		case r.Status == Received && now.Sub(r.UpdatedAt) < Alive:
			return problem.Conflict(textInProgress.With()).WithContext("code", "IDEMPOTENCY_IN_PROGRESS").WithRetryAfter(5 * time.Second)
		}
		r.Attempt++
		r.Status, r.LakeBranch, r.MergedAt, r.UpdatedAt = Received, branchOf(id, r.Attempt), nil, now
		_, err = tx.Exec(ctx, `insert into spice_datasets.ingest_requests
			(ingest_request_id, db_name, branch, dataset_id, version_id, status, attempt, lakefs_branch, actor, created_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
			on conflict (ingest_request_id) do update set status = excluded.status, attempt = excluded.attempt, lakefs_branch = excluded.lakefs_branch,
				error = null, merged_at = null, updated_at = excluded.updated_at`,
			r.ID, r.Database, r.Branch, r.Dataset, r.Version, r.Status, r.Attempt, r.LakeBranch, r.Actor, now)
		return err
	})
	if _, ok := problem.AsProblem(err); err != nil && !ok {
		err = unavailable(err)
	}
	return r, err
}

// ErrSuperseded means that another attempt has taken the ingest over.
var ErrSuperseded = errors.New("datasets: another attempt has taken this ingest over")

func (s *Store) step(ctx context.Context, sql string, args ...any) error {
	tag, err := s.Pool.Exec(ctx, sql, args...)
	if err != nil {
		return unavailable(err)
	}
	if tag.RowsAffected() == 0 {
		return ErrSuperseded
	}
	return nil
}

// Touch says that an attempt is alive.
func (s *Store) Touch(ctx context.Context, r Request) error {
	return s.step(ctx, `update spice_datasets.ingest_requests set updated_at = $3 where ingest_request_id = $1 and attempt = $2 and status = 'RECEIVED'`, r.ID, r.Attempt, s.Now())
}

// Committed records that the bytes are in lakeFS, and what they hold.
func (s *Store) Committed(ctx context.Context, r Request) error {
	return s.step(ctx, `update spice_datasets.ingest_requests set status = 'RAW_COMMITTED', fingerprint = $3, lakefs_commit_id = $4, artifact_key = $5, record = $6, updated_at = $7
		where ingest_request_id = $1 and attempt = $2 and status = 'RECEIVED'`, r.ID, r.Attempt, r.Fingerprint, r.Commit, r.ArtifactKey, r.Record, s.Now())
}

// Fail ends an attempt; the key may be used again.
func (s *Store) Fail(ctx context.Context, r Request, cause error) error {
	return s.step(ctx, `update spice_datasets.ingest_requests set status = 'FAILED', error = $3, updated_at = $4
		where ingest_request_id = $1 and attempt = $2 and status = 'RECEIVED'`, r.ID, r.Attempt, Storable(cause.Error()), s.Now())
}

// Answered keeps what a client was told about a published ingest; the first answer
// stays. It gives the one that holds.
func (s *Store) Answered(ctx context.Context, id uuid.UUID, answer json.RawMessage) (held json.RawMessage, err error) {
	err = s.Pool.QueryRow(ctx, `update spice_datasets.ingest_requests set answer = coalesce(answer, $2) where ingest_request_id = $1 returning answer`, id, answer).Scan(&held)
	if err != nil {
		return nil, unavailable(err)
	}
	return held, nil
}

// Merged records that the lake is tidy: the commit, if there is one, is on the
// dataset's branch, and the ingest branch is gone.
func (s *Store) Merged(ctx context.Context, r Request) error {
	return s.step(ctx, `update spice_datasets.ingest_requests set merged_at = $3 where ingest_request_id = $1 and attempt = $2 and status in ('PUBLISHED', 'FAILED')`, r.ID, r.Attempt, s.Now())
}

// Unfinished lists ingests that nobody works on and that left something undone:
// abandoned, not published, not merged, or failed with their branch still there.
func (s *Store) Unfinished(ctx context.Context, limit int) ([]Request, error) {
	rows, err := s.Pool.Query(ctx, `select `+requestColumns+` from spice_datasets.ingest_requests
		where merged_at is null and updated_at < $1 order by updated_at limit $2`, s.Now().Add(-Alive), limit)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scanRequest)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Publish makes dataset, version and outbox rows of a committed ingest, in one
// transaction; done again, it only reads them.
func (s *Store) Publish(ctx context.Context, id uuid.UUID) (d Dataset, v Version, err error) {
	var dataset, version uuid.UUID
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `select `+requestColumns+` from spice_datasets.ingest_requests where ingest_request_id = $1 for update`, id)
		if err != nil {
			return err
		}
		r, err := pgx.CollectExactlyOneRow(rows, scanRequest)
		if err != nil {
			return err
		}
		dataset, version = r.Dataset, r.Version
		if r.Status == Published {
			return nil
		}
		if r.Status != RawCommitted {
			return fmt.Errorf("datasets: ingest %s is %s, not committed", id, r.Status)
		}
		dataset, err = s.publish(ctx, tx, r)
		return err
	})
	if err != nil {
		return d, v, unavailable(err)
	}
	if d, err = s.Get(ctx, dataset); err != nil {
		return d, v, err
	}
	v, err = s.Version(ctx, dataset, version)
	return d, v, err
}

func (s *Store) publish(ctx context.Context, tx pgx.Tx, r Request) (uuid.UUID, error) {
	now := s.Now().UTC()
	schema, err := json.Marshal(r.Record.Schema)
	if err != nil {
		return r.Dataset, err
	}
	var created bool
	err = tx.QueryRow(ctx, `insert into spice_datasets.datasets as d
		(dataset_id, db_name, name, description, source_type, source_ref, branch, schema_json, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
		on conflict (db_name, name, branch) do update set schema_json = excluded.schema_json, source_ref = excluded.source_ref, updated_at = excluded.updated_at,
			description = coalesce(excluded.description, d.description)
		returning dataset_id, xmax = 0`,
		r.Dataset, r.Database, r.Record.Name, r.Record.Description, r.Record.SourceType, r.Record.SourceRef, r.Branch, schema, now).Scan(&r.Dataset, &created)
	if err != nil {
		return r.Dataset, err
	}
	hash := SchemaHash(r.Record.Schema)
	var number int
	err = tx.QueryRow(ctx, `insert into spice_datasets.dataset_versions
		(version_id, dataset_id, version_number, lakefs_commit_id, artifact_key, schema_json, schema_hash, row_count, sample_json, source_json, ingest_request_id, created_at)
		select $1, $2, coalesce(max(version_number), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11 from spice_datasets.dataset_versions where dataset_id = $2
		returning version_number`,
		r.Version, r.Dataset, r.Commit, r.ArtifactKey, schema, hash, r.Record.RowCount, r.Record.Sample, r.Record.Source, r.ID, now).Scan(&number)
	if err != nil {
		return r.Dataset, err
	}
	if created {
		if err := s.announce(ctx, tx, now, r, r.Dataset.String(), "DATASET_CREATED", event.Aggregate{Type: "Dataset", ID: r.Dataset.String()}, nil); err != nil {
			return r.Dataset, err
		}
	}
	err = s.announce(ctx, tx, now, r, r.ID.String(), "DATASET_VERSION_CREATED", event.Aggregate{Type: "DatasetVersion", ID: r.Version.String()}, map[string]any{
		"dataset_version_id": r.Version, "lakefs_commit_id": r.Commit, "artifact_key": r.ArtifactKey, "row_count": r.Record.RowCount,
		"schema": r.Record.Schema, "schema_hash": hash, "source": r.Record.Source,
		"version_number": number, "attempt": r.Attempt, "fingerprint": r.Fingerprint, "record": r.Record,
	})
	if err != nil {
		return r.Dataset, err
	}
	_, err = tx.Exec(ctx, `update spice_datasets.ingest_requests set status = 'PUBLISHED', dataset_id = $2, published_at = $3, updated_at = $3 where ingest_request_id = $1`, r.ID, r.Dataset, now)
	return r.Dataset, err
}

// announce writes the event of a record into the outbox.
func (s *Store) announce(ctx context.Context, tx pgx.Tx, now time.Time, r Request, id, eventType string, a event.Aggregate, more map[string]any) error {
	payload := map[string]any{"dataset_id": r.Dataset, "db_name": r.Database, "branch": r.Branch, "name": r.Record.Name, "source_type": r.Record.SourceType, "source_ref": r.Record.SourceRef}
	for name, value := range more {
		payload[name] = value
	}
	data, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, tx, now, outbox.Entry{Publisher: Publisher, Event: event.Event{
		ID: event.ID(id), Type: eventType, Source: "/functions/bff", Time: now, Kind: event.Domain, Aggregate: a, Lifecycle: event.Creates,
		Database: r.Database, Branch: r.Branch, Actor: r.Actor, Correlation: r.ID.String(), Data: data,
	}})
}
