package bff

import (
	"slices"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/lakekeys"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

const lakeCredentialsPath = "/api/v1/admin/lakefs/credentials"

func (f *Function) lakeCredentialRoutes() {
	f.Handle("GET "+lakeCredentialsPath, f.admin(f.listLakeCredentials))
	f.Handle("POST "+lakeCredentialsPath, f.admin(f.putLakeCredentials))
}

var (
	textLakeCredentials = problem.Define("lakekeys.listed", "{count} credentials of lakeFS.", "lakeFS 자격 증명 {count}건.")
	textLakeStored      = problem.Define("lakekeys.stored", "The credentials of {principal} are stored.", "{principal}의 자격 증명을 저장했습니다.")
	textLakeText        = problem.Define("lakekeys.text", "Must have 1 to {limit} characters, none of them a control character.", "제어 문자 없이 1~{limit}자여야 합니다.")
	textLakeAccessKey   = problem.Define("lakekeys.access_key", "Must have 1 to {limit} characters, none of them a control character, a space or a colon.", "제어 문자, 공백, 콜론 없이 1~{limit}자여야 합니다.")
)

// maxLakeText bounds the ids and keys of credentials, in characters.
const maxLakeText = 255

// lakeCredentialsBody is the body of POST /admin/lakefs/credentials.
type lakeCredentialsBody struct {
	PrincipalType string `json:"principal_type" enum:"user,service"`
	PrincipalID   string `json:"principal_id"`
	AccessKeyID   string `json:"access_key_id"`
	Secret        string `json:"secret_access_key"`
}

// readLakeCredentials names every mistake of a body. Nothing that might be a secret is
// repeated in the answer, whatever field it stands in.
func readLakeCredentials(body object) (c lakeCredentialsBody, err error) {
	var errs problem.FieldErrors
	text := func(name string, ok func(string) bool, why problem.Message) string {
		loc := []any{"body", name}
		switch v := body[name].(type) {
		case nil:
			errs = append(errs, problem.Missing(loc))
		case string:
			if ok(v) {
				return v
			}
			errs = append(errs, problem.InvalidValue(loc, why, nil))
		default:
			errs = append(errs, problem.WrongType(problem.TypeString, loc, nil))
		}
		return ""
	}
	plain := func(v string) bool {
		return v != "" && utf8.RuneCountInString(v) <= maxLakeText && !strictjson.HasControl(v)
	}
	types := []string{lakekeys.User, lakekeys.Service}
	c.PrincipalType = text("principal_type", func(string) bool { return true }, problem.Message{})
	if _, given := body["principal_type"].(string); given && !slices.Contains(types, c.PrincipalType) {
		errs = append(errs, problem.NotOneOf([]any{"body", "principal_type"}, types, nil))
	}
	c.PrincipalID = text("principal_id", plain, textLakeText.With("limit", maxLakeText))
	// Keys travel as a user name of HTTP's Basic scheme, which ends at a colon.
	c.AccessKeyID = text("access_key_id", func(v string) bool { return plain(v) && !strings.ContainsAny(v, ": ") }, textLakeAccessKey.With("limit", maxLakeText))
	c.Secret = text("secret_access_key", plain, textLakeText.With("limit", maxLakeText))
	return c, errs.Err()
}

// putLakeCredentials stores the keys with which a principal uses lakeFS, in the place
// of those that it had (bff-api 2.11). The secret is sealed before it is stored.
func (f *Function) putLakeCredentials(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "principal_type", "principal_id", "access_key_id", "secret_access_key"); err != nil {
		return nil, err
	}
	c, err := readLakeCredentials(body)
	if err != nil {
		return nil, err
	}
	err = f.lakeKeys.Put(r.Context(), lakekeys.Credentials{
		PrincipalType: c.PrincipalType, PrincipalID: c.PrincipalID, AccessKeyID: c.AccessKeyID, CreatedBy: actor(r),
	}, c.Secret)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textLakeStored.With("principal", c.PrincipalType+" "+c.PrincipalID), lakePrincipal{c.PrincipalType, c.PrincipalID}), nil
}

type lakePrincipal struct {
	Type string `json:"principal_type"`
	ID   string `json:"principal_id"`
}

// lakeCredentials is what is told of credentials: never the secret.
type lakeCredentials struct {
	lakePrincipal
	AccessKeyID string `json:"access_key_id"`
	CreatedBy   string `json:"created_by"`
	CreatedAt   string `json:"created_at"`
	UpdatedAt   string `json:"updated_at"`
}

type lakeCredentialsList struct {
	Credentials []lakeCredentials `json:"credentials"`
	Count       int               `json:"count"`
}

func (f *Function) listLakeCredentials(r *httpapi.Request) (*httpapi.Response, error) {
	stored, err := f.lakeKeys.List(r.Context())
	if err != nil {
		return nil, err
	}
	list := lakeCredentialsList{Credentials: make([]lakeCredentials, len(stored)), Count: len(stored)}
	for i, c := range stored {
		list.Credentials[i] = lakeCredentials{
			lakePrincipal{c.PrincipalType, c.PrincipalID}, c.AccessKeyID, c.CreatedBy, problem.Timestamp(c.CreatedAt), problem.Timestamp(c.UpdatedAt),
		}
	}
	return httpapi.Success(r, textLakeCredentials.With("count", list.Count), list), nil
}

// asLakeUser lets what a request needs of lakeFS be done with its user's credentials.
func asLakeUser(h httpapi.Handler) httpapi.Handler {
	return func(r *httpapi.Request) (*httpapi.Response, error) {
		r.Request = r.WithContext(lakekeys.As(r.Context(), r.Named("X-User-ID", "X-User")))
		return h(r)
	}
}

var lakeCredentialOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + lakeCredentialsPath, Tag: "Admin Operations", Summary: "Who has credentials of lakeFS; never the secrets"}, enveloped[lakeCredentialsList]{}),
	read(openapi.Operation{Pattern: "POST " + lakeCredentialsPath, Tag: "Admin Operations", Summary: "Store a principal's credentials of lakeFS", Body: lakeCredentialsBody{}}, enveloped[lakePrincipal]{}),
}
