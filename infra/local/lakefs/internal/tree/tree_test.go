package tree

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// memory is Objects in memory; it counts what is written.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	puts    int
}

func (m *memory) Put(_ context.Context, id string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[id] = body
	m.puts++
	return nil
}

func (m *memory) Get(_ context.Context, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.objects[id]
	if !ok {
		return nil, errors.New("missing " + id)
	}
	return b, nil
}

func newTrees() (*Trees, *memory) {
	m := &memory{objects: map[string][]byte{}}
	return New(m, NewCache()), m
}

// content is a tree as a map from keys to identities.
type content map[string]string

func set(key, identity string) Change {
	return Change{Key: key, Record: &Record{Key: key, Identity: identity, Value: []byte(`{}`)}}
}

func (c content) changes() (list []Change) {
	for k, v := range c {
		list = append(list, set(k, v))
	}
	return list
}

type fataler interface{ Fatal(...any) }

func apply(t fataler, trees *Trees, id string, changes ...Change) string {
	id, err := trees.Apply(context.Background(), id, changes)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func get(t fataler, trees *Trees, id, key string) *Record {
	r, err := trees.Get(context.Background(), id, key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t fataler, trees *Trees, id, from string) content {
	c := content{}
	last := ""
	for r, err := range trees.All(context.Background(), id, from) {
		if err != nil || r.Key <= last && last != "" {
			t.Fatal("out of order or", err)
		}
		last = r.Key
		c[r.Key] = r.Identity
	}
	return c
}

// many makes a tree of several ranges.
func many(n int) content {
	c := content{}
	for i := range n {
		c[fmt.Sprintf("path/%05d", i)] = "v"
	}
	return c
}

// TestTheModel compares trees with maps: changes one after the other give the
// tree that the result alone gives.
func TestTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		trees, _ := newTrees()
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("path/%05d", rapid.IntRange(0, 3000).Draw(t, "key")) })
		want := many(rapid.IntRange(0, 2500).Draw(t, "size"))
		id := apply(t, trees, Empty, want.changes()...)
		for range 3 {
			before, beforeID := maps.Clone(want), id
			changes := map[string]Change{}
			for _, k := range rapid.SliceOfN(key, 0, 40).Draw(t, "keys") {
				if rapid.Bool().Draw(t, "delete") {
					changes[k] = Change{Key: k}
					delete(want, k)
				} else {
					v := rapid.SampledFrom([]string{"v", "w"}).Draw(t, "value")
					changes[k] = set(k, v)
					want[k] = v
				}
			}
			id = apply(t, trees, id, slices.Collect(maps.Values(changes))...)
			if got := read(t, trees, id, ""); !maps.Equal(got, want) {
				t.Fatalf("%d records, want %d", len(got), len(want))
			}
			if fresh := apply(t, trees, Empty, want.changes()...); fresh != id {
				t.Fatalf("the same content has two names, %s and %s", id, fresh)
			}
			checkDiff(t, trees, beforeID, id, before, want, key.Draw(t, "from"))
			k := key.Draw(t, "look up")
			r := get(t, trees, id, k)
			if (r == nil) != (want[k] == "") || (r != nil && r.Identity != want[k]) {
				t.Fatalf("%s is %v, want %q", k, r, want[k])
			}
		}
	})
}

func checkDiff(t *rapid.T, trees *Trees, left, right string, before, after content, from string) {
	got := map[string][2]string{}
	for d, err := range trees.Diff(context.Background(), left, right, from) {
		if err != nil {
			t.Fatal(err)
		}
		got[d.Key] = [2]string{identity(d.Left), identity(d.Right)}
	}
	want := map[string][2]string{}
	for k := range before {
		want[k] = [2]string{before[k], after[k]}
	}
	for k := range after {
		want[k] = [2]string{before[k], after[k]}
	}
	maps.DeleteFunc(want, func(k string, v [2]string) bool { return v[0] == v[1] || k < from })
	if !maps.Equal(got, want) {
		t.Fatalf("differences %v, want %v", got, want)
	}
}

func identity(r *Record) string {
	if r == nil {
		return ""
	}
	return r.Identity
}

func TestASmallChangeWritesLittle(t *testing.T) {
	trees, objects := newTrees()
	id := apply(t, trees, Empty, many(20_000).changes()...)
	before := objects.puts
	apply(t, trees, id, set("path/10000", "w"))
	// A range, or two if its end moved, and the list.
	if n := objects.puts - before; n < 2 || n > 3 {
		t.Errorf("%d objects written", n)
	}
	if before < 20 {
		t.Errorf("20000 records lie in %d objects", before)
	}
}

func TestMerge(t *testing.T) {
	const base, ours, theirs = "base", "ours", "theirs"
	for _, c := range []struct {
		name                      string
		base, source, destination string // identity of the key, "" for none
		resolve                   Resolve
		want                      string // or "conflict"
	}{
		{"nothing", base, base, base, Refuse, base},
		{"source changes", base, theirs, base, Refuse, theirs},
		{"source adds", "", theirs, "", Refuse, theirs},
		{"source deletes", base, "", base, Refuse, ""},
		{"destination changes", base, base, ours, Refuse, ours},
		{"both the same", base, ours, ours, Refuse, ours},
		{"both delete", base, "", "", Refuse, ""},
		{"both change", base, theirs, ours, Refuse, "conflict"},
		{"both add", "", theirs, ours, Refuse, "conflict"},
		{"change and delete", base, theirs, "", Refuse, "conflict"},
		{"delete and change", base, "", ours, Refuse, "conflict"},
		{"source wins", base, theirs, ours, TakeSource, theirs},
		{"source deletes and wins", base, "", ours, TakeSource, ""},
		{"destination wins", base, theirs, ours, TakeDestination, ours},
		{"destination wins, elsewhere source", base, theirs, base, TakeDestination, theirs},
	} {
		t.Run(c.name, func(t *testing.T) {
			trees, _ := newTrees()
			build := func(identity, other string) string {
				content := many(600)
				if content["key"] = identity; identity == "" {
					delete(content, "key")
				}
				content[other] = "only here"
				return apply(t, trees, Empty, content.changes()...)
			}
			id, conflict, err := trees.Merge(t.Context(), build(c.base, "x"), build(c.source, "x"), build(c.destination, "y"), c.resolve)
			if err != nil {
				t.Fatal(err)
			}
			got := "conflict"
			if !conflict {
				got = identity(get(t, trees, id, "key"))
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDamageIsNoticed(t *testing.T) {
	trees, objects := newTrees()
	id := apply(t, trees, Empty, many(10).changes()...)
	objects.objects[id] = append(objects.objects[id], '\n')
	fresh := New(objects, NewCache())
	if _, err := fresh.Get(t.Context(), id, "path/00001"); err == nil || !strings.Contains(err.Error(), "does not match its name") {
		t.Errorf("a damaged list: %v", err)
	}
	delete(objects.objects, id)
	for _, err := range fresh.All(t.Context(), id, "") {
		if err == nil {
			t.Error("a list that is missing has records")
		}
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	c := NewCache()
	for i := range cached + 10 {
		c.put(fmt.Sprint(i), i)
		c.get("0")
	}
	if c.get("0") == nil || c.get("1") != nil || c.order.Len() != cached || len(c.parts) != cached {
		t.Errorf("%d parts in order, %d by name", c.order.Len(), len(c.parts))
	}
}
