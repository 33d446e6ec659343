package terminusdb_test

import (
	"fmt"
	"net/http"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// BenchmarkFencedBatch applies batches behind a fence; half of a batch is new.
func BenchmarkFencedBatch(b *testing.B) {
	for _, size := range []int{1, 100, 200} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := start(b, terminusdb.Config{Dir: b.TempDir()})
			s.fenceDatabase()
			position := 0
			for b.Loop() {
				from := position * size / 2
				s.must("POST", fencedPath, fenced(position, position+1, upserts(from, from+size)...))
				position++
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}

// BenchmarkQueries asks a database of 100,000 documents.
func BenchmarkQueries(b *testing.B) {
	s := start(b, terminusdb.Config{})
	s.fenceDatabase()
	for i := 0; i < 100_000; i += 2_000 {
		s.must("POST", fencedPath, fenced(i/2_000, i/2_000+1, upserts(i, i+2_000)...))
	}
	v := func(name string) object { return object{"@type": "Value", "variable": name} }
	triple := func(s, o object, p string) object {
		return object{"@type": "Triple", "subject": s, "predicate": node(p), "object": o}
	}
	times := func(n int, pattern object) object {
		return object{"@type": "Distinct", "variables": []string{"o"}, "query": object{
			"@type": "Path", "subject": node("Item/k5"), "object": v("o"), "pattern": object{"@type": "PathTimes", "from": 1, "to": n, "times": pattern},
		}}
	}
	parent := object{"@type": "PathPredicate", "predicate": "parent"}
	for name, q := range map[string]object{
		"literal":      triple(v("s"), text("k777"), "key"),
		"join":         object{"@type": "Limit", "limit": 20, "query": all(triple(v("s"), text("c7"), "cat"), triple(v("s"), v("o"), "parent"))},
		"3 hops":       times(3, parent),
		"2 hops back":  object{"@type": "Limit", "limit": 100, "query": times(2, object{"@type": "InversePathPredicate", "predicate": "parent"})},
		"to the root":  object{"@type": "Path", "subject": node("Item/k99999"), "object": v("o"), "pattern": object{"@type": "PathPlus", "plus": parent}},
		"count":        object{"@type": "Count", "count": v("n"), "query": object{"@type": "IsA", "element": v("s"), "type": node("Item")}},
		"read 20":      object{"@type": "Limit", "limit": 20, "query": all(triple(v("s"), text("c7"), "cat"), object{"@type": "ReadDocument", "identifier": v("s"), "document": v("d")})},
		"order of all": object{"@type": "Limit", "limit": 10, "query": object{"@type": "OrderBy", "ordering": []object{{"@type": "OrderTemplate", "variable": "n", "order": "desc"}}, "query": triple(v("s"), v("n"), "n")}},
	} {
		b.Run(name, func(b *testing.B) {
			body := query(q)
			for b.Loop() {
				if a := s.ask(http.MethodPost, fencedPath, body); a.status != 200 || len(bindings(a)) == 0 {
					b.Fatalf("%d %.300s", a.status, a.text)
				}
			}
		})
	}
}

// BenchmarkRestart opens a database of 50,000 documents written in batches of 200.
func BenchmarkRestart(b *testing.B) {
	dir := b.TempDir()
	s := start(b, terminusdb.Config{Dir: dir})
	s.fenceDatabase()
	for i := range 250 {
		s.must("POST", fencedPath, fenced(i, i+1, upserts(i*200, i*200+200)...))
	}
	s.stop()
	for b.Loop() {
		s := start(b, terminusdb.Config{Dir: dir})
		s.stop()
	}
}
