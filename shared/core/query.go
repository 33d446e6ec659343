package core

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/labelquery"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/search"
)

// Queries answers queries by label over the instances of one class.
type Queries struct {
	*Core
	service *labelquery.Service
}

// OpenQueries reads the limits out of the environment.
func OpenQueries(p *platform.Platform, c *Core, client *search.Client) (*Queries, error) {
	scan, err := labelquery.MaxScanFromEnv(p.Config.Env)
	if err != nil {
		return nil, err
	}
	return &Queries{Core: c, service: &labelquery.Service{Search: client, Kinds: &labelquery.Kinds{Log: c.Log}, MaxScan: scan}}, nil
}

var textQueryClass = problem.Define("query.unknown_class", "Class not found: {class}", "클래스를 찾을 수 없습니다: {class}")

// Query runs a request on the database and the branch that r names. field is what
// the request calls the class.
func (q *Queries) Query(r *httpapi.Request, request *labelquery.Request) (labelquery.Result, error) {
	if err := q.RequireTarget(r); err != nil {
		return labelquery.Result{}, err
	}
	database := r.PathValue("db_name")
	d, err := q.class(r, database, request)
	if err != nil {
		return labelquery.Result{}, err
	}
	resolved, err := request.Resolve(d.Class, labels(d.Schema.Class, r.Lang))
	if err != nil {
		return labelquery.Result{}, err
	}
	return q.service.Run(r.Context(), database, d, resolved)
}

// class finds the class by id, or by its label: in the reader's language, else in
// English, else in Korean. What is no label may be an id.
func (q *Queries) class(r *httpapi.Request, database string, request *labelquery.Request) (*classes.Definition, error) {
	field, id := "class_id", request.ClassID
	if id == "" {
		field = "class_label"
		var err error
		if id, err = q.classByLabel(r.Context(), database, request.ClassLabel, r.Lang); err != nil {
			return nil, err
		}
	}
	unknown := problem.InvalidParameter([]any{"body", field}, textQueryClass.With("class", id), id)
	if ontology.CheckClassID(id) != nil {
		return nil, unknown
	}
	d, err := q.Classes.Get(r.Context(), database, r.Branch(), id)
	if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
		return nil, unknown
	}
	return d, err
}

// classByLabel gives the id of the class of a label, or the label itself. Of
// several classes the first by id is meant.
func (q *Queries) classByLabel(ctx context.Context, database, label string, lang problem.Lang) (string, error) {
	found := map[problem.Lang]string{}
	err := q.service.Search.Scan(ctx, search.ClassesAlias(database), func(_ string, source json.RawMessage) error {
		var d struct {
			Deleted bool
			Data    struct {
				ID    string
				Label ontology.Localized
			}
		}
		if err := json.Unmarshal(source, &d); err != nil {
			return fmt.Errorf("core: class: %w", err)
		}
		for language, text := range d.Data.Label {
			if l := problem.Lang(language); !d.Deleted && text == label && found[l] == "" {
				found[l] = d.Data.ID
			}
		}
		return nil
	})
	if err != nil {
		return "", problem.Unavailable(problem.ServiceUnavailable, "search", err)
	}
	for _, l := range []problem.Lang{lang, problem.English, problem.Korean} {
		if id := found[l]; id != "" {
			return id, nil
		}
	}
	return label, nil
}
