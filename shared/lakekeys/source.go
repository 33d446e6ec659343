package lakekeys

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"spiceharvester/shared/config"
	"spiceharvester/shared/problem"
)

var textNone = problem.Define("lakekeys.none",
	"Nobody has stored credentials of lakeFS for the {principals}; an administrator does it with POST /api/v1/admin/lakefs/credentials, or sets LAKEFS_CREDENTIALS_SOURCE=env.",
	"{principals}에 대한 lakeFS 자격 증명이 저장되어 있지 않습니다. 관리자가 POST /api/v1/admin/lakefs/credentials로 저장하거나 LAKEFS_CREDENTIALS_SOURCE=env로 설정해야 합니다.")

type userKey struct{}

// As marks the requests to lakeFS that a user's request leads to; "" marks nothing.
func As(ctx context.Context, user string) context.Context {
	if user == "" {
		return ctx
	}
	return context.WithValue(ctx, userKey{}, user)
}

// Source finds the credentials of a request to lakeFS: those of the user that As
// named, else those of the service.
type Source struct {
	Store   *Store
	Service string
}

// FromEnv tells by LAKEFS_CREDENTIALS_SOURCE whether requests use stored credentials
// (db, the default in production) or those of the environment (env, elsewhere): then
// the source is nil. LAKEFS_SERVICE_PRINCIPAL, else SERVICE_NAME, else bff, names the
// service.
func FromEnv(getenv func(string) string, store *Store) (*Source, error) {
	env := func(name string) string { return strings.TrimSpace(getenv(name)) }
	otherwise := "env"
	if config.Production(getenv) {
		otherwise = "db"
	}
	switch source := cmp.Or(env("LAKEFS_CREDENTIALS_SOURCE"), otherwise); source {
	case "env":
		return nil, nil
	case "db":
		return &Source{Store: store, Service: cmp.Or(env("LAKEFS_SERVICE_PRINCIPAL"), env("SERVICE_NAME"), "bff")}, nil
	default:
		return nil, fmt.Errorf("LAKEFS_CREDENTIALS_SOURCE is %q, not db or env", source)
	}
}

// Credentials gives the keys for a request to lakeFS. Where nobody has stored any the
// answer is 503 and says whose they are.
func (s *Source) Credentials(ctx context.Context) (accessKey, secret string, err error) {
	user, named := ctx.Value(userKey{}).(string)
	if named {
		accessKey, secret, known, err := s.Store.Find(ctx, User, user)
		if known || err != nil {
			return accessKey, secret, err
		}
	}
	accessKey, secret, known, err := s.Store.Find(ctx, Service, s.Service)
	if known || err != nil {
		return accessKey, secret, err
	}
	principals := "service " + s.Service
	if named {
		principals = "user " + user + " or the " + principals
	}
	return "", "", problem.NewCode(problem.ServiceUnavailable, textNone.With("principals", principals))
}
