package rest

import (
	"crypto/sha1"
	"encoding/hex"
	"math"
	"net/http"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

func digest(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func encode(name string) string { return schema.EncodeID(name) }

func (c *call) branch() error {
	c.class = "api:BranchErrorResponse"
	path := strings.Join(c.segments, "/")
	r, err := parseResource(c.segments)
	if err != nil || r.branch == "" || len(c.segments) > 5 || strings.Contains(r.branch, "/") {
		return terr.New("BadTargetAbsoluteDescriptor", map[string]any{"absolute_descriptor": path}, "Invalid target absolute resource descriptor: '%s'", path)
	}
	if c.method == http.MethodDelete {
		return c.deleteBranch(r)
	}
	if c.params, err = c.object(); err != nil {
		return err
	}
	d := c.h.store.Database(r.organization, r.database)
	if d == nil {
		return terr.New("UnknownOriginDatabase", map[string]any{"database_name": r.database, "organization_name": r.organization}, "Unknown origin database: %s/%s", r.organization, r.database)
	}
	if err := c.allow(d, "branch"); err != nil {
		return err
	}
	err = d.Write(func() error {
		if d.Head(r.branch) != nil {
			return terr.New("BranchExistsError", map[string]any{"branch_name": r.branch}, "Branch %s already exists", r.branch)
		}
		at, err := c.origin(d)
		if err != nil {
			return err
		}
		return d.Branch(r.branch, at)
	})
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, success("api:BranchResponse", nil))
	return nil
}

// origin is the commit that a new branch begins with, nil for an empty one.
func (c *call) origin(d *store.Database) (*store.Commit, error) {
	text := c.text("origin")
	if text == "" {
		return nil, nil
	}
	r, err := parseResource(strings.Split(text, "/"))
	if err != nil || r.commits {
		return nil, terr.New("BadOriginAbsoluteDescriptor", map[string]any{"absolute_descriptor": text}, "Invalid origin absolute resource descriptor: '%s'", text)
	}
	if o := c.h.store.Database(r.organization, r.database); o != d {
		return nil, terr.New("UnknownOriginDatabase", map[string]any{"database_name": r.database, "organization_name": r.organization}, "Unknown origin database: %s/%s", r.organization, r.database)
	}
	if r.commit != "" {
		if at := d.Commit(r.commit); at != nil {
			return at, nil
		}
		return nil, terr.New("OriginCommitDoesNotExist", map[string]any{"commit_id": r.commit}, "Origin commit does not exist as specified %s", r.commit)
	}
	if at := d.Head(r.branch); at != nil {
		return at, nil
	}
	return nil, terr.New("OriginBranchDoesNotExist", map[string]any{"branch": r.branch}, "Origin branch does not exist as specified %s", r.branch)
}

func (c *call) deleteBranch(r resource) error {
	d, err := c.find(r)
	if err != nil {
		return err
	}
	if err := c.allow(d, "branch"); err != nil {
		return err
	}
	if r.branch == "main" {
		return terr.New("BranchMainDeletionError", nil, "Branch 'main' should not be deleted as it is special")
	}
	err = d.Write(func() error {
		if d.Head(r.branch) == nil {
			return terr.New("BranchDoesNotExistError", map[string]any{"branch_name": r.branch}, "Branch %s does not exist", r.branch)
		}
		return d.DeleteBranch(r.branch)
	})
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, success("api:BranchResponse", nil))
	return nil
}

// commitID is the id of a commit in the graph of commits.
func commitID(at *store.Commit) string {
	if at.Initial {
		return "InitialCommit/" + at.ID
	}
	return "ValidCommit/" + at.ID
}

// layer names a layer as the real server does; it is made up.
func layer(kind, id string) string {
	return "layer_data:Layer_" + digest(kind+id) + digest(id + kind)[:24]
}

func commitDocument(at *store.Commit) map[string]any {
	kind, _, _ := strings.Cut(commitID(at), "/")
	m := map[string]any{
		"@id": commitID(at), "@type": kind, "author": at.Author, "identifier": at.ID, "message": at.Message, "timestamp": at.Time,
		"schema": layer("schema", at.ID),
	}
	if at.HasInstance {
		m["instance"] = layer("instance", at.ID)
	}
	if at.Parent != nil {
		m["parent"] = commitID(at.Parent)
	}
	return m
}

// log shows the commits of a branch, the newest first.
func (c *call) log() error {
	c.class = "api:LogErrorResponse"
	_, at, err := c.readable()
	if err != nil {
		return err
	}
	start, err := c.count("start", 0)
	if err != nil {
		return err
	}
	count, err := c.count("count", math.MaxInt)
	if err != nil {
		return err
	}
	list := []any{}
	for i := 0; at != nil && len(list) < count; i++ {
		if i >= start {
			list = append(list, commitDocument(at))
		}
		at = at.Parent
	}
	writeJSON(c.w, http.StatusOK, list)
	return nil
}

// readable is the database and the commit of a path that may be read.
func (c *call) readable() (*store.Database, *store.Commit, error) {
	r, err := c.resource()
	if err != nil {
		return nil, nil, err
	}
	d, err := c.find(r)
	if err != nil {
		return nil, nil, err
	}
	if err := c.allow(d, "instance_read_access"); err != nil {
		return nil, nil, err
	}
	at, err := head(d, r)
	return d, at, err
}

// history shows the commits that changed a document, the newest first.
func (c *call) history() error {
	c.class = "api:HistoryErrorResponse"
	d, at, err := c.readable()
	if err != nil {
		return err
	}
	id, err := c.required("id")
	if err != nil {
		return err
	}
	start, err := c.count("start", 0)
	if err != nil {
		return err
	}
	count, err := c.count("count", math.MaxInt)
	if err != nil {
		return err
	}
	node := d.Terms.Lookup(graph.Node(at.Schema.Context.Data(id)))
	list := []any{}
	for ; at != nil; at = at.Parent {
		if node != 0 && at.Changes(node) {
			list = append(list, map[string]any{"author": at.Author, "identifier": at.ID, "message": at.Message, "timestamp": at.Time})
		}
	}
	created, err := c.flag("created", false)
	if err != nil {
		return err
	}
	updated, err := c.flag("updated", false)
	if err != nil {
		return err
	}
	if created || updated {
		m := map[string]any{}
		if created && len(list) > 0 {
			m["created"] = list[len(list)-1]
		}
		if updated && len(list) > 0 {
			m["updated"] = list[0]
		}
		writeJSON(c.w, http.StatusOK, m)
		return nil
	}
	list = list[min(start, len(list)):]
	writeJSON(c.w, http.StatusOK, list[:min(count, len(list))])
	return nil
}

// reset moves a branch to a commit.
func (c *call) reset() error {
	c.class = "api:ResetErrorResponse"
	r, err := c.resource()
	if err != nil {
		return err
	}
	d, err := c.find(r)
	if err != nil {
		return err
	}
	if c.params, err = c.object(); err != nil {
		return err
	}
	if err := c.allow(d, "branch"); err != nil {
		return err
	}
	text, err := c.required("commit_descriptor")
	if err != nil {
		return err
	}
	if strings.Contains(text, "/") && !strings.Contains(text, "/commit/") {
		return terr.New("NotACommitDescriptorError", map[string]any{"absolute_descriptor": text}, "The path %s is not a commit descriptor", text)
	}
	id := text[strings.LastIndexByte(text, '/')+1:]
	err = d.Write(func() error {
		if d.Head(r.branch) == nil {
			return unresolvable(http.StatusBadRequest, r.path)
		}
		at := d.Commit(id)
		if at == nil {
			return terr.New("UnresolvableCommitId", map[string]any{"commit": id}, "Invalid ref path: %s", id)
		}
		return d.Reset(r.branch, at)
	})
	if err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, success("api:ResetResponse", nil))
	return nil
}

// optimize has nothing to do: there are no layers.
func (c *call) optimize() error {
	c.class = "api:OptimizeErrorResponse"
	if len(c.segments) >= 2 {
		if d := c.h.store.Database(c.segments[0], c.segments[1]); d == nil {
			return unknownDatabase(c.segments[0], c.segments[1])
		} else if err := c.allow(d, "manage_capabilities"); err != nil {
			return err
		}
	}
	writeJSON(c.w, http.StatusOK, success("api:OptimizeResponse", nil))
	return nil
}

// prefixes shows the context.
func (c *call) prefixes() error {
	c.class = "api:PrefixErrorResponse"
	_, at, err := c.readable()
	if err != nil {
		return err
	}
	m := at.Schema.Context.Document("Context")
	delete(m, "@documentation")
	writeJSON(c.w, http.StatusOK, m)
	return nil
}

// frames shows classes with what they inherit.
func (c *call) frames() error {
	c.class = "api:SchemaErrorResponse"
	_, at, err := c.readable()
	if err != nil {
		return err
	}
	s := at.Schema
	if name := c.text("type"); name != "" {
		class := s.Class(s.Context.Name(name))
		if class == nil {
			writeJSON(c.w, http.StatusOK, map[string]any{"@type": "Class"})
			return nil
		}
		writeJSON(c.w, http.StatusOK, s.Frame(class))
		return nil
	}
	m := map[string]any{"@context": s.Context.Document("Context")}
	for _, class := range s.Classes() {
		frame := s.Frame(class)
		if class.Kind == "Enum" {
			delete(frame, "@id")
		}
		m[class.Name] = frame
	}
	writeJSON(c.w, http.StatusOK, m)
	return nil
}
