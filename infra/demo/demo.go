// Package demo walks through the platform with real data, over the public API
// alone: files become datasets, rows become linked instances, and an instance is
// traced to the row that it came from. It is also a client to learn from.
//
//	demo.go    the walk
//	api.go     HTTP: JSON, uploads, what to do about errors
//	models.go  the two classes and how rows become their instances
//	show.go    what a person sees
//
// Everything is sent under an Idempotency-Key, so a second run changes nothing.
//
// The files under testdata come from vega-datasets 3.2.1 (BSD-3-Clause).
package demo

import (
	"context"
	_ "embed" // the files
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

//go:embed testdata/airports.csv
var airports []byte

//go:embed testdata/flights-airport.csv
var flights []byte

// Database is where the demo works.
const Database = "demo"

// Options say where the platform is.
type Options struct {
	BaseURL string // of the public API, without /api/v1
	Token   string
	Out     io.Writer
}

// walk is a demo under way.
type walk struct {
	*api
	show
}

// Run walks through the platform. The error says which step failed and why.
func Run(ctx context.Context, o Options) error {
	w := &walk{api: &api{base: o.BaseURL + "/api/v1", token: o.Token, client: &http.Client{}}, show: show{o.Out}}
	if err := w.database(ctx); err != nil {
		return err
	}
	before, err := w.head(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{w.classes, w.airports, w.routes, w.search, w.trace, w.lineage, w.connections, w.mistakes} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	after, err := w.head(ctx)
	if err != nil {
		return err
	}
	w.heads(before, after)
	return nil
}

// database makes the demo's database, unless it is there.
func (w *walk) database(ctx context.Context) error {
	w.title("A database")
	err := w.write(ctx, http.MethodPost, "/databases", map[string]any{"name": Database, "description": "Airports and the routes between them"})
	var e *apiError
	if errors.As(err, &e) && e.status == http.StatusConflict {
		err = nil // an earlier run made it
	}
	if err != nil {
		return err
	}
	w.line("%s is there.", Database)
	return nil
}

// head is where the last event of the database stands in the log.
func (w *walk) head(ctx context.Context) (string, error) {
	var report struct {
		Databases []struct {
			Position string `json:"position"`
		} `json:"databases"`
	}
	if err := w.get(ctx, "/monitoring/projections?db_name="+Database, &report); err != nil {
		return "", err
	}
	if len(report.Databases) != 1 {
		return "", fmt.Errorf("the report on %s is missing", Database)
	}
	return report.Databases[0].Position, nil
}

// classes declares what an airport and a route are.
func (w *walk) classes(ctx context.Context) error {
	w.title("Two classes, with links")
	for _, c := range []class{airport, route} {
		err := w.get(ctx, "/databases/"+Database+"/ontology/"+c.ID, nil)
		var e *apiError
		if errors.As(err, &e) && e.status == http.StatusNotFound {
			err = w.write(ctx, http.MethodPost, "/databases/"+Database+"/ontology", c)
		}
		if err != nil {
			return err
		}
		w.class(c)
	}
	return nil
}

func (w *walk) airports(ctx context.Context) error {
	w.title("airports.csv becomes airports")
	u, err := w.upload(ctx, "airports.csv", "airports", airports)
	if err != nil {
		return err
	}
	w.types(u)
	_, err = w.objectify(ctx, u, airport.ID, airportMappings)
	return err
}

func (w *walk) routes(ctx context.Context) error {
	w.title("flights-airport.csv becomes routes between airports")
	u, err := w.upload(ctx, "flights-airport.csv", "flights", flights)
	if err != nil {
		return err
	}
	w.types(u)
	_, err = w.objectify(ctx, u, route.ID, routeMappings)
	return err
}

// objectify turns the rows of a version into instances and shows how it goes.
func (w *walk) objectify(ctx context.Context, u *uploaded, class string, mappings []mapping) (*job, error) {
	spec := map[string]any{"dataset_id": u.Dataset.ID, "target_class_id": class, "mappings": mappings, "auto_sync": false}
	if err := w.post(ctx, "/objectify/mapping-specs", "", spec, nil); err != nil {
		return nil, err
	}
	var started struct {
		Data job `json:"data"`
	}
	run := map[string]any{"dataset_version_id": u.Version.ID, "allow_partial": true}
	if err := w.post(ctx, "/objectify/datasets/"+u.Dataset.ID+"/run", "demo", run, &started); err != nil {
		return nil, err
	}
	for {
		var now struct {
			Data job `json:"data"`
		}
		if err := w.get(ctx, "/objectify/jobs/"+started.Data.ID, &now); err != nil {
			return nil, err
		}
		j := &now.Data
		w.progress(j)
		if j.ended() {
			w.counts(j)
			if j.Status == "FAILED" {
				return j, fmt.Errorf("the job failed: %s", j.Job.Error)
			}
			return j, w.settled(ctx, class, j.Job.Counts.Position)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// settled waits until reads see what the job has written.
func (w *walk) settled(ctx context.Context, class, position string) error {
	for {
		err := w.get(ctx, "/databases/"+Database+"/class/"+class+"/instances?limit=1&min_position="+position, nil)
		var e *apiError
		if !errors.As(err, &e) || e.code != "READ_BEHIND" {
			return err
		}
	}
}

func (w *walk) search(ctx context.Context) error {
	w.title("Search: airports with \"Chicago\"")
	var found struct {
		Total     int        `json:"total"`
		Instances []document `json:"instances"`
	}
	if err := w.get(ctx, "/databases/"+Database+"/class/"+airport.ID+"/instances?limit=5&search=Chicago", &found); err != nil {
		return err
	}
	for _, d := range found.Instances {
		w.line("%-5s %s, %s %s", d.ID, d.Data["name"], d.Data["city"], d.Data["state"])
	}
	w.line("%d in all.", found.Total)
	return nil
}

// trace shows an instance, its links and the row that it came from.
func (w *walk) trace(ctx context.Context) error {
	const id = "ORD:SFO"
	w.title("One instance, its links, its origin: route " + id)
	var found struct {
		Data document `json:"data"`
	}
	path := "/databases/" + Database + "/class/" + route.ID + "/instance/" + id
	if err := w.get(ctx, path, &found); err != nil {
		return err
	}
	w.instance(&found.Data)
	var origin struct {
		Data struct {
			Source source `json:"source"`
		} `json:"data"`
	}
	if err := w.get(ctx, path+"/origin", &origin); err != nil {
		return err
	}
	w.origin(&origin.Data.Source)
	return nil
}

// connections follows the links from an airport over routes to other airports.
func (w *walk) connections(ctx context.Context) error {
	w.title("A graph query: from Anchorage, two links away")
	query := map[string]any{
		"start_class": airport.ID, "filters": map[string]any{"iata": "ANC"}, "limit": 3, "include_paths": true, "include_documents": false,
		"hops": []map[string]any{
			{"predicate": "origin", "target_class": route.ID, "direction": "reverse"}, {"predicate": "destination", "target_class": airport.ID},
		},
	}
	var found struct {
		Paths []path `json:"paths"`
	}
	if err := w.post(ctx, "/graph-query/"+Database, "", query, &found); err != nil {
		return err
	}
	for _, p := range found.Paths {
		w.path(p)
	}
	return nil
}

// mistakes imports a copy with three rows that are wrong.
func (w *walk) mistakes(ctx context.Context) error {
	w.title("A copy with three mistakes")
	u, err := w.upload(ctx, "flights-with-mistakes.csv", "flights with mistakes", withMistakes(flights))
	if err != nil {
		return err
	}
	j, err := w.objectify(ctx, u, route.ID, routeMappings)
	if err != nil {
		return err
	}
	var refused struct {
		Data struct {
			Errors []rowError `json:"errors"`
		} `json:"data"`
	}
	if err := w.get(ctx, "/objectify/jobs/"+j.ID+"/errors", &refused); err != nil {
		return err
	}
	w.refused(refused.Data.Errors)
	return nil
}

// withMistakes spoils three rows: an airport that does not exist, a key that is
// missing, a text where a number belongs.
func withMistakes(file []byte) []byte {
	lines := strings.Split(string(file), "\n")
	spoil := func(row int, column int, cell string) {
		cells := strings.Split(strings.TrimSuffix(lines[row], "\r"), ",")
		cells[column] = cell
		lines[row] = strings.Join(cells, ",")
	}
	spoil(10, 0, "XXXX")
	spoil(20, 1, "")
	spoil(30, 2, "many")
	return []byte(strings.Join(lines, "\n"))
}
