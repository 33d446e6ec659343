package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/document"
	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// reading is a request for documents.
type reading struct {
	asList      bool
	skip, count int
	form        document.Form
}

func (c *call) readDocuments() error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	d, err := c.find(r)
	if err != nil {
		return err
	}
	if c.r.ContentLength != 0 && c.r.Header.Get("Content-Type") != "" {
		if c.params, err = c.optionalObject(); err != nil {
			return err
		}
	}
	kind, err := c.graphType()
	if err != nil {
		return err
	}
	if err := c.allow(d, kind+"_read_access"); err != nil {
		return err
	}
	q, err := c.reading()
	if err != nil {
		return err
	}
	if r.commits {
		return c.readCommits(d, q)
	}
	at, err := head(d, r)
	if err != nil {
		return err
	}
	if err := c.compareVersion(version(r, at)); err != nil {
		return err
	}
	v := d.View(at)
	a := &answer{c: c, q: q, version: version(r, at)}
	if kind == "schema" {
		err = c.readSchema(v, a)
	} else {
		err = c.readInstances(v, a)
	}
	if err != nil {
		return err
	}
	return a.end()
}

func (c *call) optionalObject() (map[string]any, error) {
	b, err := io.ReadAll(c.r.Body)
	if err != nil || len(bytes.TrimSpace(b)) == 0 {
		return nil, err
	}
	c.r.Body = io.NopCloser(bytes.NewReader(b))
	return c.object()
}

func (c *call) reading() (q reading, err error) {
	if q.asList, err = c.flag("as_list", false); err != nil {
		return q, err
	}
	if q.skip, err = c.count("skip", 0); err != nil {
		return q, err
	}
	if q.count, err = c.count("count", math.MaxInt); err != nil {
		return q, err
	}
	if q.form.Unfold, err = c.flag("unfold", true); err != nil {
		return q, err
	}
	q.form.Compress, err = c.flag("compress_ids", true)
	return q, err
}

func (c *call) readSchema(v *store.View, a *answer) error {
	if id := c.text("id"); id != "" {
		class := v.Schema.Class(v.Schema.Context.Name(id))
		if class == nil {
			return notFound(id)
		}
		a.add(class.Raw)
		return nil
	}
	// Asked for a class of classes, the real server finds nothing.
	if c.text("type") != "" {
		return nil
	}
	for _, doc := range schemaDocuments(v.Schema) {
		if !a.next() {
			continue
		}
		a.add(doc)
	}
	return nil
}

func notFound(id string) error {
	return terr.NotFound("DocumentNotFound", map[string]any{"document_id": id}, "Document not found: '%s'", id)
}

func (c *call) readInstances(v *store.View, a *answer) error {
	x := v.Schema.Context
	if id, ok := c.param("id"); ok {
		text, _ := id.(string)
		node := graph.Node(x.Data(text))
		doc := document.Read(v, node, a.q.form)
		switch {
		case doc != nil:
			a.add(doc)
			return nil
		case v.Commit.Deleted(v.Terms.Lookup(node)):
			return a.deleted(notFound(text))
		}
		return notFound(text)
	}
	if ids, ok := c.param("ids"); ok {
		return c.readIDs(v, a, ids)
	}
	nodes := everything(v)
	if kind := c.text("type"); kind != "" {
		nodes = c.ofClass(v, kind)
	}
	if template, ok := c.params["query"].(map[string]any); ok {
		var err error
		if nodes, err = c.fitting(v, template); err != nil {
			return err
		}
	}
	for node := range nodes {
		if a.full() || c.r.Context().Err() != nil {
			break
		}
		if a.next() {
			a.add(document.Read(v, node, a.q.form))
		}
	}
	return nil
}

func (c *call) readIDs(v *store.View, a *answer, ids any) error {
	list, ok := ids.([]any)
	if text, isText := ids.(string); isText {
		ok = json.Unmarshal([]byte(text), &list) == nil
	}
	if !ok {
		return badType("ids", "list of ids", ids)
	}
	for _, id := range list {
		text, _ := id.(string)
		if doc := document.Read(v, graph.Node(v.Schema.Context.Data(text)), a.q.form); doc != nil && a.next() {
			a.add(doc)
		}
	}
	return nil
}

// plainKey is a key that the real server's messages show without quotes.
var plainKey = regexp.MustCompile(`"([a-z]\w*)":`)

// fitting yields the documents that agree with a template: with the values of
// plain properties.
func (c *call) fitting(v *store.View, template map[string]any) (func(func(graph.Term) bool), error) {
	kind, ok := template["@type"].(string)
	if !ok {
		kind = c.text("type")
	}
	if kind == "" {
		text, _ := json.Marshal(template)
		return nil, terr.New("QueryMissingType", nil, "Missing type for query: json%s", plainKey.ReplaceAll(text, []byte("$1:")))
	}
	class := v.Schema.Class(v.Schema.Context.Name(kind))
	want := map[string]graph.Term{}
	for name, value := range template {
		if name == "@type" {
			continue
		}
		if class == nil {
			return nil, terr.Unexpected("query_error(unknown_type(%s))", kind)
		}
		t, err := document.Literal(v.Schema, class, name, value)
		if err != nil {
			return nil, err
		}
		want[v.Schema.Context.Name(name)] = t
	}
	return func(yield func(graph.Term) bool) {
		for node := range c.ofClass(v, kind) {
			fits := true
			for p, o := range want {
				fits = fits && v.Has(store.Statement{S: node, P: graph.Node(p), O: o})
			}
			if fits && !yield(node) {
				return
			}
		}
	}, nil
}

// answer writes documents, as a list or one a line.
type answer struct {
	c       *call
	q       reading
	version string
	seen, n int
	begun   bool
}

// next reports whether the next document shall be shown.
func (a *answer) next() bool {
	a.seen++
	return a.seen > a.q.skip && !a.full()
}

func (a *answer) full() bool { return a.n >= a.q.count }

func (a *answer) begin() {
	if a.begun {
		return
	}
	a.begun = true
	a.c.w.Header().Set(versionHeader, a.version)
	switch {
	case a.c.r.Method == http.MethodHead:
		a.c.w.Header()["Content-Type"] = nil
	case a.q.asList:
		a.c.w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	default:
		a.c.w.Header().Set("Content-Type", "application/json; stream=true; charset=UTF-8")
	}
	a.c.w.WriteHeader(http.StatusOK)
	if a.q.asList {
		io.WriteString(a.c.w, "[")
	}
}

func (a *answer) add(doc any) {
	a.begin()
	b, err := marshal(doc)
	if err != nil {
		return
	}
	switch {
	case !a.q.asList:
		b = append(b, '\n')
	case a.n > 0:
		io.WriteString(a.c.w, ",\n")
	}
	a.c.w.Write(b)
	a.n++
}

func (a *answer) end() error {
	a.begin()
	if a.q.asList {
		io.WriteString(a.c.w, "]\n")
	}
	return nil
}

// deleted answers as the real server does for a document that was deleted: it
// has begun a good answer when it finds out.
func (a *answer) deleted(err error) error {
	a.begin()
	body, _ := marshal(err.(*terr.Error).Body(a.c.class))
	text := "Status: 404\nContent-type: application/json\n\n" + string(body)
	if a.q.asList {
		text = "\n" + text
	}
	io.WriteString(a.c.w, text)
	a.q.asList = false
	return nil
}

// readCommits shows the graph of commits: branches and commits.
func (c *call) readCommits(d *store.Database, q reading) error {
	ids := make([]string, 0, 8)
	for _, name := range d.Branches() {
		if at := d.Head(name); at != nil {
			ids = append(ids, at.ID)
		}
	}
	a := &answer{c: c, q: q, version: "repo:" + digest(strings.Join(ids, " "))}
	if id := c.text("id"); id != "" {
		_, commit, _ := strings.Cut(id, "/")
		at := d.Commit(commit)
		if at == nil || commitID(at) != id {
			return notFound(id)
		}
		a.add(commitDocument(at))
		return a.end()
	}
	switch kind := c.text("type"); kind {
	case "Branch":
		for _, name := range d.Branches() {
			if at := d.Head(name); at != nil && a.next() {
				a.add(map[string]any{"@id": "Branch/" + encode(name), "@type": "Branch", "name": name, "head": commitID(at)})
			}
		}
	case "ValidCommit", "InitialCommit":
		for _, at := range d.Commits() {
			if strings.HasPrefix(commitID(at), kind) && a.next() {
				a.add(commitDocument(at))
			}
		}
	}
	return a.end()
}
