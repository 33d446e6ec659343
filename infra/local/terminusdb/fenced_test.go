package terminusdb_test

import (
	"fmt"
	"sync"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

const fencedPath = "/api/woql/admin/fence"

func (s server) position() string {
	s.t.Helper()
	m := s.must("GET", "/api/document/admin/fence?id=Fence/f", "").json.(map[string]any)
	return fmt.Sprint(m["position"])
}

// TestFence: a batch is applied at its position, once.
func TestFence(t *testing.T) {
	s := start(t, terminusdb.Config{})
	s.fenceDatabase()
	for _, step := range []struct {
		from, to int
		applied  bool
	}{{0, 5, true}, {0, 5, false}, {4, 5, false}, {6, 7, false}, {5, 6, true}} {
		a := s.must("POST", fencedPath, fenced(step.from, step.to, upserts(0, 20)...))
		if got := len(bindings(a)) == 1; got != step.applied {
			t.Errorf("%d to %d: applied %v, want %v", step.from, step.to, got, step.applied)
		}
	}
	for name, ops := range map[string][]object{
		"bad value":         {upsert(item(30)), upsert(append(item(31), field{"tags", object{"@type": "Value", "list": []any{object{"@type": "Value", "data": object{"@type": "xsd:int", "@value": "1"}}}}}))},
		"missing link":      {upsert(item(30)), upsert([]field{{"@type", "Item"}, {"@id", "Item/x"}, {"key", "k"}, {"title", "t"}, {"owner", "Owner/nobody"}})},
		"delete and insert": {deleteDocument("Item/k3"), insertDocument(item(3))},
		"same twice":        {upsert(item(30)), upsert([]field{{"@type", "Item"}, {"@id", "Item/k30"}, {"key", "k30"}, {"title", "another"}})},
		"boolean as such":   {upsert([]field{{"@type", "Item"}, {"@id", "Item/x"}, {"key", "k"}, {"title", "t"}, {"flag", object{"@type": "Value", "data": object{"@type": "xsd:boolean", "@value": true}}}})},
		"unknown class":     {upsert([]field{{"@type", "Nope"}, {"@id", "Nope/1"}})},
		"update of nothing": {updateDocument(item(77))},
	} {
		if a := s.ask("POST", fencedPath, fenced(6, 7, ops...)); a.status != 400 && a.status != 404 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
		if s.position() != "6" {
			t.Fatalf("%s moved the fence", name)
		}
	}
	if a := s.ask("GET", "/api/document/admin/fence?id=Item/k30", ""); a.status != 404 {
		t.Errorf("a refused batch left %s", a.text)
	}
	mixed := append(item(40),
		field{"tags", object{"@type": "Value", "list": []object{text("b"), text("a")}}},
		field{"nums", object{"@type": "Value", "list": []object{{"@type": "Value", "data": object{"@type": "xsd:int", "@value": "7"}}}}},
		field{"knows", object{"@type": "Value", "list": []object{{"@type": "Value", "node": "Item/k41"}}}},
	)
	s.must("POST", fencedPath, fenced(6, 7, upsert(mixed), upsert(item(41)), deleteDocument("Item/k2"), deleteDocument("Item/never-was")))
	got := s.must("GET", "/api/document/admin/fence?id=Item/k40", "").json.(map[string]any)
	if fmt.Sprintf("%v %v %v %v %v %v", got["tags"], got["nums"], got["knows"], got["n"], got["flag"], got["price"]) != "[a b] [7] [Item/k41] 40 true 40.25" {
		t.Errorf("values of all kinds: %v", got)
	}
}

// TestFenceRace: each position is taken by exactly one of several writers, and
// with all of its batch.
func TestFenceRace(t *testing.T) {
	s := start(t, terminusdb.Config{})
	s.fenceDatabase()
	const writers, positions = 8, 20
	won := make([]int, positions)
	var mu sync.Mutex
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for p := range positions {
				mine := []field{{"@type", "Item"}, {"@id", fmt.Sprintf("Item/w%d-%d", w, p)}, {"key", "k"}, {"title", "t"}}
				shared := []field{{"@type", "Item"}, {"@id", "Item/shared"}, {"key", "k"}, {"title", fmt.Sprint("w", w)}, {"n", p}}
				a := s.ask("POST", fencedPath, fenced(p, p+1, upsert(shared), insertDocument(mine)))
				if a.status != 200 {
					t.Errorf("%d %s", a.status, a.text)
				}
				if len(bindings(a)) == 1 {
					mu.Lock()
					won[p]++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	for p, n := range won {
		if n != 1 {
			t.Errorf("position %d was taken %d times", p, n)
		}
	}
	list := s.must("GET", "/api/document/admin/fence?type=Item&as_list=true", "").json.([]any)
	if s.position() != fmt.Sprint(positions) || len(list) != positions+1 {
		t.Errorf("fence at %s, %d documents", s.position(), len(list))
	}
}
