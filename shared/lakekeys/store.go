// Package lakekeys keeps the credentials with which users and services use lakeFS,
// sealed, and finds those of a request.
//
//	store.go   the records in PostgreSQL
//	seal.go    how a secret is encrypted at rest
//	source.go  which credentials a request to lakeFS uses
package lakekeys

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
)

// The types of principals.
const (
	User    = "user"
	Service = "service"
)

// Open makes the store of an installation; LAKEFS_CREDENTIALS_ENCRYPTION_KEY is its key.
func Open(p *platform.Platform) *Store {
	return &Store{Pool: p.Pool, Sealer: NewSealer(p.Config.Env(KeyVariable), rand.Reader), Now: p.Now}
}

// Credentials are what is known of a principal's credentials, without the secret.
type Credentials struct {
	PrincipalType string
	PrincipalID   string
	AccessKeyID   string
	CreatedBy     string // who stored them first
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// identity is what a sealed secret belongs to. None of the parts has a NUL in it:
// PostgreSQL stores none.
func (c *Credentials) identity() string {
	return c.PrincipalType + "\x00" + c.PrincipalID + "\x00" + c.AccessKeyID
}

// Store keeps credentials. Its errors are problems.
type Store struct {
	Pool   *pgxpool.Pool
	Sealer *Sealer
	Now    func() time.Time
}

func unavailable(err error) error {
	return problem.Unavailable(problem.DBUnavailable, "credential store", err)
}

// Put stores credentials of a principal, in the place of those that it had.
func (s *Store) Put(ctx context.Context, c Credentials, secret string) error {
	sealed, err := s.Sealer.seal(secret, c.identity())
	if err != nil {
		return err
	}
	_, err = s.Pool.Exec(ctx, `insert into spice_access.lakefs_credentials
		(principal_type, principal_id, access_key_id, secret_access_key_enc, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)
		on conflict (principal_type, principal_id) do update
		set access_key_id = excluded.access_key_id, secret_access_key_enc = excluded.secret_access_key_enc, updated_at = excluded.updated_at`,
		c.PrincipalType, c.PrincipalID, c.AccessKeyID, sealed, c.CreatedBy, s.Now().UTC())
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// List gives what is known of all credentials, by principal.
func (s *Store) List(ctx context.Context) ([]Credentials, error) {
	rows, err := s.Pool.Query(ctx, `select principal_type, principal_id, access_key_id, created_by, created_at, updated_at
		from spice_access.lakefs_credentials order by principal_type, principal_id`)
	if err != nil {
		return nil, unavailable(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Credentials])
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// Find gives the keys of a principal; known is false if it has none.
func (s *Store) Find(ctx context.Context, principalType, principalID string) (accessKey, secret string, known bool, err error) {
	c := Credentials{PrincipalType: principalType, PrincipalID: principalID}
	var sealed []byte
	err = s.Pool.QueryRow(ctx, `select access_key_id, secret_access_key_enc from spice_access.lakefs_credentials
		where principal_type = $1 and principal_id = $2`, principalType, principalID).Scan(&c.AccessKeyID, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", "", false, nil
	}
	if err != nil {
		return "", "", false, unavailable(err)
	}
	secret, err = s.Sealer.open(sealed, c.identity())
	return c.AccessKeyID, secret, err == nil, err
}
