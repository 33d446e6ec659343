package objectify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// Mapping takes columns to one field of the class: one column to a property, or
// the columns that hold a link target's key to a relationship.
type Mapping struct {
	SourceField  string   `json:"source_field,omitempty"`
	SourceFields []string `json:"source_fields,omitempty"`
	TargetField  string   `json:"target_field"`
}

// Sources gives the columns of a mapping.
func (m Mapping) Sources() []string {
	if m.SourceField != "" {
		return []string{m.SourceField}
	}
	return m.SourceFields
}

// Spec is a mapping spec.
type Spec struct {
	ID         uuid.UUID      `json:"mapping_spec_id"`
	Database   string         `json:"db_name"`
	Dataset    uuid.UUID      `json:"dataset_id"`
	Branch     string         `json:"dataset_branch"`
	Output     string         `json:"artifact_output_name"`
	Version    int            `json:"version"`
	Class      string         `json:"target_class_id"`
	SchemaHash string         `json:"schema_hash"`
	Mappings   []Mapping      `json:"mappings"`
	Status     string         `json:"status"`
	AutoSync   bool           `json:"auto_sync"`
	Options    map[string]any `json:"options"`
	CreatedAt  time.Time      `json:"created_at"`
}

// MarshalJSON writes times as all answers do.
func (s Spec) MarshalJSON() ([]byte, error) {
	type plain Spec
	return json.Marshal(struct {
		plain
		CreatedAt string `json:"created_at"`
	}{plain(s), problem.Timestamp(s.CreatedAt)})
}

// The states of a spec.
const (
	Active   = "ACTIVE"
	Inactive = "INACTIVE"
)

var (
	textNoMapping  = problem.Define("mapping.empty", "At least one mapping is needed.", "매핑이 하나 이상 필요합니다.")
	textNoColumn   = problem.Define("mapping.unknown_column", "The dataset has no column '{column}'.", "데이터셋에 '{column}' 열이 없습니다.")
	textNoTarget   = problem.Define("mapping.unknown_target", "The class has no property or relationship '{field}'.", "클래스에 '{field}' 속성이나 관계가 없습니다.")
	textOneSource  = problem.Define("mapping.one_source", "A property takes exactly one column.", "속성에는 정확히 하나의 열만 매핑할 수 있습니다.")
	textTwice      = problem.Define("mapping.twice", "'{field}' is mapped twice.", "'{field}'이(가) 두 번 매핑되었습니다.")
	textLinkKey    = problem.Define("mapping.link_key", "The key of '{class}' has {count} parts: give as many columns.", "'{class}'의 키는 {count}개 부분으로 이루어져 있습니다. 같은 수의 열을 지정하세요.")
	textNotCovered = problem.Define("mapping.not_covered", "'{field}' is required by the class and not mapped.", "'{field}'은(는) 클래스의 필수 항목이지만 매핑되지 않았습니다.")
	textNoKey      = problem.Define("mapping.no_key",
		"'{class}' has no primary key, so its rows could not be recognised when the file comes again. Give the class a key.",
		"'{class}'에는 기본 키가 없어 파일을 다시 가져올 때 행을 식별할 수 없습니다. 클래스에 키를 지정하세요.")
	textNoVersion   = problem.Define("mapping.no_version", "The dataset has no version yet.", "데이터셋에 아직 버전이 없습니다.")
	textHashDiffers = problem.Define("mapping.schema_hash", "The spec was made for another schema of the dataset; make a new one.", "매핑 명세가 데이터셋의 다른 스키마를 기준으로 작성되었습니다. 새로 작성하세요.")
)

// AddSpec stores a checked spec as the next version for its dataset and class. A
// spec that says the same as the newest one is that one.
func (st *Store) AddSpec(ctx context.Context, s Spec, actor string) (Spec, error) {
	err := pgx.BeginFunc(ctx, st.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1, 7350004))`, s.Dataset.String()+s.Class); err != nil {
			return err
		}
		newest, err := querySpec(ctx, tx, `where dataset_id = $1 and target_class_id = $2 order by version desc limit 1`, s.Dataset, s.Class)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err == nil && sameSpec(newest, s) {
			s = newest
			return nil
		}
		s.ID, s.Version, s.CreatedAt = uuid.New(), newest.Version+1, st.Now().UTC()
		body, err := json.Marshal(s)
		if err != nil {
			return err
		}
		if err := insertSpec(ctx, tx, s, body); err != nil {
			return err
		}
		return announce(ctx, tx, event.Event{
			ID: event.ID(s.ID.String()), Type: "MAPPING_SPEC_CREATED", Time: s.CreatedAt, Lifecycle: event.Creates,
			Aggregate: event.Aggregate{Type: "MappingSpec", ID: s.ID.String()}, Database: s.Database, Branch: s.Branch, Actor: actor, Data: body,
		})
	})
	if err != nil {
		return s, unavailable(err)
	}
	return s, nil
}

// insertSpec stores a spec. One at a time says how rows of a schema become
// instances of a class.
func insertSpec(ctx context.Context, tx pgx.Tx, s Spec, body []byte) error {
	if s.Status == Active {
		_, err := tx.Exec(ctx, `update spice_objectify.mapping_specs set status = 'INACTIVE'
			where dataset_id = $1 and target_class_id = $2 and schema_hash = $3 and status = 'ACTIVE'`, s.Dataset, s.Class, s.SchemaHash)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `insert into spice_objectify.mapping_specs values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.Dataset, s.Version, s.Class, s.SchemaHash, s.Status, body, s.CreatedAt)
	return err
}

// sameSpec compares what specs say.
func sameSpec(a, b Spec) bool {
	a.ID, a.Version, a.CreatedAt = b.ID, b.Version, b.CreatedAt
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

type queryer interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func scanSpec(row pgx.CollectableRow) (s Spec, err error) {
	var body []byte
	var status string
	if err = row.Scan(&body, &status); err == nil {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.UseNumber() // options keep their numbers' text
		err = decoder.Decode(&s)
		s.Status = status // a later spec may have taken its place
	}
	return s, err
}

func querySpec(ctx context.Context, q queryer, where string, args ...any) (Spec, error) {
	rows, err := q.Query(ctx, `select spec, status from spice_objectify.mapping_specs `+where, args...)
	if err != nil {
		return Spec{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanSpec)
}

// Spec reads a spec.
func (st *Store) Spec(ctx context.Context, id uuid.UUID) (Spec, error) {
	s, err := querySpec(ctx, st.Pool, `where mapping_spec_id = $1`, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, problem.NotFound(KindSpec, id.String())
	}
	if err != nil {
		return s, unavailable(err)
	}
	return s, nil
}

// Specs lists the specs of a dataset, or of all (uuid.Nil), newest first.
func (st *Store) Specs(ctx context.Context, dataset uuid.UUID, inactive bool) ([]Spec, error) {
	rows, err := st.Pool.Query(ctx, `select spec, status from spice_objectify.mapping_specs
		where ($1 = '00000000-0000-0000-0000-000000000000'::uuid or dataset_id = $1) and ($2 or status = 'ACTIVE') order by created_at desc limit 1000`, dataset, inactive)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, scanSpec)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// CheckSchema refuses a spec that was made for another schema.
func CheckSchema(s Spec, v datasets.Version) error {
	if s.SchemaHash != v.SchemaHash {
		return problem.Conflict(textHashDiffers.With())
	}
	return nil
}

// SpecFor chooses the spec of a run: the given one, or the newest active one
// that fits the version's schema.
func (st *Store) SpecFor(ctx context.Context, id *uuid.UUID, v datasets.Version) (Spec, error) {
	if id != nil {
		s, err := st.Spec(ctx, *id)
		if err != nil {
			return s, err
		}
		return s, CheckSchema(s, v)
	}
	s, err := querySpec(ctx, st.Pool, `where dataset_id = $1 and schema_hash = $2 and status = 'ACTIVE' order by created_at desc limit 1`, v.Dataset, v.SchemaHash)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, problem.Conflict(textNoSpec.With())
	}
	if err != nil {
		return s, unavailable(err)
	}
	return s, nil
}

var textNoSpec = problem.Define("mapping.no_active", "The dataset has no active mapping spec for this schema.", "데이터셋에 이 스키마에 맞는 활성 매핑 명세가 없습니다.")

// NoVersion is the refusal of a dataset without data.
func NoVersion() *problem.Problem { return problem.Conflict(textNoVersion.With()) }
