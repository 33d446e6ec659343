package lakekeys_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/infra/local/postgres/postgrestest"
	"spiceharvester/infra/postgres/pgtest"
	"spiceharvester/shared/lakekeys"
	"spiceharvester/shared/problem"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const (
	key    = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	secret = "planted-lake-secret-5d41402abc4b"
)

func store(pool *pgxpool.Pool, key string) *lakekeys.Store {
	now := time.Date(2026, 5, 6, 7, 0, 0, 0, time.UTC)
	return &lakekeys.Store{Pool: pool, Sealer: lakekeys.NewSealer(key, rand.Reader), Now: func() time.Time { now = now.Add(time.Second); return now }}
}

func TestCredentialsAreKeptSealed(t *testing.T) {
	pool, ctx := pgtest.Pool(t), t.Context()
	s := store(pool, key)
	kim := lakekeys.Credentials{PrincipalType: lakekeys.User, PrincipalID: "kim", AccessKeyID: "AK1", CreatedBy: "root"}
	sealed := func() (b []byte) {
		t.Helper()
		if err := pool.QueryRow(ctx, `select secret_access_key_enc from spice_access.lakefs_credentials where principal_type = 'user'`).Scan(&b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []lakekeys.Credentials{kim, {PrincipalType: lakekeys.Service, PrincipalID: "kim", AccessKeyID: "AK2", CreatedBy: "root"}} {
		if err := s.Put(ctx, c, secret); err != nil {
			t.Fatal(err)
		}
	}
	first := sealed()
	if bytes.Contains(first, []byte(secret)) {
		t.Error("the secret stands in the table")
	}
	access, found, known, err := s.Find(ctx, lakekeys.User, "kim")
	if access != "AK1" || found != secret || !known || err != nil {
		t.Errorf("found %s %t %v", access, known, err)
	}
	if _, _, known, err := s.Find(ctx, lakekeys.User, "lee"); known || err != nil {
		t.Error("lee:", known, err)
	}

	// The same secret again is other bytes, and the principal keeps one record.
	kim.AccessKeyID, kim.CreatedBy = "AK3", "other"
	if err := s.Put(ctx, kim, secret); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first[:12], sealed()[:12]) {
		t.Error("a nonce was used twice")
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != 2 || list[0].PrincipalType != lakekeys.Service || list[1].AccessKeyID != "AK3" || list[1].CreatedBy != "root" || !list[1].UpdatedAt.After(list[1].CreatedAt) {
		t.Errorf("%+v, %v", list, err)
	}
	if text := fmt.Sprintf("%+v", list); strings.Contains(text, secret) {
		t.Error(text)
	}

	// A sealed secret opens for its own record only, whole, and with its own key.
	refused := func(what string, s *lakekeys.Store) {
		t.Helper()
		_, found, known, err := s.Find(ctx, lakekeys.User, "kim")
		p, ok := problem.AsProblem(err)
		if !ok || p.Status != 503 || !strings.Contains(p.Error(), lakekeys.KeyVariable) || strings.Contains(p.Error(), secret) || known || found != "" {
			t.Errorf("%s: %t %v", what, known, err)
		}
	}
	refused("another key", store(pool, strings.Repeat("ab", 32)))
	refused("no key", store(pool, ""))
	for what, sql := range map[string]string{
		"of another principal": `update spice_access.lakefs_credentials u set secret_access_key_enc = s.secret_access_key_enc from spice_access.lakefs_credentials s where u.principal_type = 'user' and s.principal_type = 'service'`,
		"another access key":   `update spice_access.lakefs_credentials set access_key_id = 'AK9' where principal_type = 'user'`,
		"a changed byte":       `update spice_access.lakefs_credentials set secret_access_key_enc = set_byte(secret_access_key_enc, 14, get_byte(secret_access_key_enc, 14) # 1) where principal_type = 'user'`,
	} {
		if err := s.Put(ctx, kim, secret); err != nil {
			t.Fatal(err)
		}
		if _, err := pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
		refused(what, s)
	}
}

func TestAKeyThatIsMissingOrBadIsNamed(t *testing.T) {
	for _, bad := range []string{"", " ", "short", strings.Repeat("a", 63), strings.Repeat("g", 64), base64.StdEncoding.EncodeToString(make([]byte, 16))} {
		err := store(nil, bad).Put(t.Context(), lakekeys.Credentials{PrincipalType: lakekeys.User, PrincipalID: "kim", AccessKeyID: "a"}, secret)
		p, ok := problem.AsProblem(err)
		if !ok || p.Status != 503 || !strings.Contains(p.Message.EN, lakekeys.KeyVariable) || !strings.Contains(p.Message.KO, lakekeys.KeyVariable) || (bad != "" && bad != " " && strings.Contains(p.Error(), bad)) {
			t.Errorf("key %q: %v", bad, err)
		}
	}
}

func TestKeysOfTheUsualForms(t *testing.T) {
	pool, raw := pgtest.Pool(t), bytes.Repeat([]byte{0xfb, 0xef}, 16)
	c := lakekeys.Credentials{PrincipalType: lakekeys.User, PrincipalID: "kim", AccessKeyID: "a", CreatedBy: "x"}
	if err := store(pool, fmt.Sprintf("%x", raw)).Put(t.Context(), c, secret); err != nil {
		t.Fatal(err)
	}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if _, found, _, err := store(pool, e.EncodeToString(raw)).Find(t.Context(), lakekeys.User, "kim"); found != secret || err != nil {
			t.Errorf("%s: %v", e.EncodeToString(raw), err)
		}
	}
}

func TestTheUsersCredentialsComeBeforeTheServices(t *testing.T) {
	s := store(pgtest.Pool(t), key)
	env := map[string]string{"LAKEFS_CREDENTIALS_SOURCE": "db", "SERVICE_NAME": "importer"}
	source, err := lakekeys.FromEnv(func(name string) string { return env[name] }, s)
	if err != nil {
		t.Fatal(err)
	}
	kim := lakekeys.As(t.Context(), "kim")
	_, _, err = source.Credentials(kim)
	if p, ok := problem.AsProblem(err); !ok || p.Status != 503 || !strings.Contains(p.Message.EN, "user kim or the service importer") {
		t.Error("nobody's:", err)
	}
	for _, c := range []lakekeys.Credentials{{PrincipalType: lakekeys.User, PrincipalID: "kim", AccessKeyID: "K"}, {PrincipalType: lakekeys.Service, PrincipalID: "importer", AccessKeyID: "S"}} {
		if err := s.Put(t.Context(), c, secret+c.AccessKeyID); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		user, want string
	}{"the user": {"kim", "K"}, "a user without": {"lee", "S"}, "a worker": {"", "S"}} {
		access, found, err := source.Credentials(lakekeys.As(t.Context(), c.user))
		if access != c.want || found != secret+c.want || err != nil {
			t.Errorf("%s: %s, %v", name, access, err)
		}
	}
}

func TestWhereCredentialsComeFrom(t *testing.T) {
	for _, c := range []struct {
		environment, source string
		stored, fails       bool
	}{
		{"", "", false, false}, {"production", "", true, false}, {"production", "env", false, false},
		{"development", "db", true, false}, {"", "vault", false, true},
	} {
		env := map[string]string{"ENVIRONMENT": c.environment, "LAKEFS_CREDENTIALS_SOURCE": c.source}
		got, err := lakekeys.FromEnv(func(name string) string { return env[name] }, nil)
		if (got != nil) != c.stored || (err != nil) != c.fails {
			t.Errorf("%+v: %v, %v", c, got, err)
		}
		if got != nil && got.Service != "bff" {
			t.Errorf("%+v: service %s", c, got.Service)
		}
	}
}
