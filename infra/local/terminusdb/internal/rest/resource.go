package rest

import (
	"fmt"
	"net/http"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// versionHeader tells the commit that an answer is of.
const versionHeader = "Terminusdb-Data-Version"

// resource is what a path below an endpoint names.
type resource struct {
	organization, database string
	branch, commit         string // one of them; both "" with commits
	commits                bool   // the graph of commits
	path                   string
}

// resource reads the path.
func (c *call) resource() (resource, error) { return parseResource(c.segments) }

func parseResource(s []string) (resource, error) {
	path := strings.Join(s, "/")
	if len(s) < 2 {
		return resource{}, terr.New("InvalidResourcePath", map[string]any{"resource_path": path}, "Resource path invalid: %s", path)
	}
	r := resource{organization: s[0], database: s[1], path: path}
	switch rest := s[2:]; {
	case len(rest) == 0, len(rest) == 1 && rest[0] == "local":
		r.branch = "main"
	case rest[0] == "local" && len(rest) == 3 && rest[1] == "branch":
		r.branch = rest[2]
	case rest[0] == "local" && len(rest) == 3 && rest[1] == "commit":
		r.commit = rest[2]
	case rest[0] == "local" && len(rest) == 2 && rest[1] == "_commits":
		r.commits = true
	default:
		if len(rest) == 1 {
			path += "/branch/main"
		}
		return resource{}, unresolvable(http.StatusNotFound, path)
	}
	return r, nil
}

func unresolvable(status int, path string) error {
	e := terr.New("UnresolvableAbsoluteDescriptor", map[string]any{"absolute_descriptor": path}, "The following descriptor could not be resolved to a resource: '%s'", path)
	if status == http.StatusBadRequest {
		e.Message = fmt.Sprintf("The branch does not exist for '%s'", path)
	}
	e.Status = status
	return e
}

func unknownDatabase(organization, name string) *terr.Error {
	return terr.NotFound("UnknownDatabase", map[string]any{"database_name": name, "organization_name": organization}, "Unknown database: %s/%s", organization, name)
}

// find answers the database of a resource.
func (c *call) find(r resource) (*store.Database, error) {
	d := c.h.store.Database(r.organization, r.database)
	if d == nil {
		return nil, unknownDatabase(r.organization, r.database)
	}
	return d, nil
}

// head answers the commit that a resource names.
func head(d *store.Database, r resource) (*store.Commit, error) {
	if r.commit != "" {
		if at := d.Commit(r.commit); at != nil {
			return at, nil
		}
		return nil, terr.Unexpected("commit_does_not_exist(commit_descriptor{commit_id:%q})", r.commit)
	}
	if at := d.Head(r.branch); at != nil {
		return at, nil
	}
	return nil, unresolvable(http.StatusBadRequest, r.path)
}

func version(r resource, at *store.Commit) string {
	if r.commit != "" {
		return "commit:" + at.ID
	}
	return "branch:" + at.ID
}

// compareVersion refuses a request that expects another commit. Like the real
// server it looks once, before the work begins: it is no lock.
func (c *call) compareVersion(actual string) error {
	want := c.r.Header.Get(versionHeader)
	if want == "" || want == actual {
		return nil
	}
	if label, id, ok := strings.Cut(want, ":"); !ok || label == "" || id == "" {
		return terr.New("BadDataVersion", map[string]any{"data_version": want}, "Bad data version: %s", want)
	}
	return terr.New("DataVersionMismatch", map[string]any{"actual_data_version": actual, "requested_data_version": want},
		"Requested data version in header does not match actual data version.")
}
