package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/infra/real/realtest"
	"spiceharvester/shared/event"
	"spiceharvester/shared/graph"
	"spiceharvester/shared/graph/graphtest"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/search"
)

func TestElasticsearch(t *testing.T) {
	graphtest.Suite(t, func(t *testing.T) graphtest.World {
		server, err := elasticsearch.Start(t.Context(), elasticsearch.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { server.Stop(t.Context()) })
		client, err := search.New(server.URL(), http.DefaultTransport, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := &store{client: client}
		return graphtest.World{
			Engine: graph.NewElasticsearch(client), Put: s.put, Delete: s.delete,
			Break: func() func() {
				server.Faults().Answer(http.StatusServiceUnavailable, 1000)
				return server.Faults().Clear
			},
		}
	})
}

// The same against the real one.
func TestRealElasticsearch(t *testing.T) {
	if realtest.Elasticsearch(t) == "" {
		t.Skip("make test-real runs it")
	}
	graphtest.Suite(t, func(t *testing.T) graphtest.World {
		client, err := search.New(realtest.Elasticsearch(t), http.DefaultTransport, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		s := &store{client: client}
		return graphtest.World{Engine: graph.NewElasticsearch(client), Put: s.put, Delete: s.delete}
	})
}

// store writes documents as the projection does.
type store struct {
	client *search.Client
	serial uint64
}

func (s *store) put(t testing.TB, database string, instances ...graphtest.Instance) {
	t.Helper()
	docs := make([]search.Document, len(instances))
	for i, in := range instances {
		docs[i] = s.document(t, database, in, event.Changes)
	}
	s.write(t, docs)
}

func (s *store) delete(t testing.TB, database string, nodes ...graph.Node) {
	t.Helper()
	docs := make([]search.Document, len(nodes))
	for i, n := range nodes {
		docs[i] = s.document(t, database, graphtest.Instance{Node: n}, event.Deletes)
	}
	s.write(t, docs)
}

func (s *store) document(t testing.TB, database string, in graphtest.Instance, lifecycle event.Lifecycle) search.Document {
	t.Helper()
	s.serial++
	ref := instance.Ref{Database: database, Branch: "main", Class: in.Node.Class, ID: in.Node.ID}
	fact := instance.Fact{Ref: ref, Data: map[string]any{}}
	for _, l := range in.Links {
		fact.Links = append(fact.Links, instance.Link{Predicate: l.Predicate, Class: l.To.Class, ID: l.To.ID})
	}
	body, err := fact.Encode()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := search.OfInstance(&event.Event{
		ID: event.ID(fmt.Sprint(s.serial)), Time: time.Unix(0, 0), Created: time.Unix(0, 0), Database: database, Branch: "main", Sequence: s.serial, Lifecycle: lifecycle,
	}, body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func (s *store) write(t testing.TB, docs []search.Document) {
	t.Helper()
	for i, err := range s.client.Write(t.Context(), docs) {
		if err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
	}
	if len(docs) > 0 {
		if err := s.client.Refresh(t.Context(), docs[0].Alias); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFromEnv(t *testing.T) {
	opened := ""
	engines := map[string]func() (graph.Engine, error){}
	for _, name := range []string{graph.Elasticsearch, graph.TerminusDB} {
		engines[name] = func() (graph.Engine, error) { opened = name; return nil, nil }
	}
	for value, want := range map[string]string{"": "elasticsearch", " TerminusDB ": "terminusdb", "elasticsearch": "elasticsearch"} {
		name, _, err := graph.FromEnv(func(string) string { return value }, engines)
		if err != nil || name != want || opened != want {
			t.Errorf("%q: %s, opened %s, %v", value, name, opened, err)
		}
	}
	if _, _, err := graph.FromEnv(func(string) string { return "neo4j" }, engines); err == nil || !strings.Contains(err.Error(), "elasticsearch, terminusdb") {
		t.Errorf("an unknown engine: %v", err)
	}
}
