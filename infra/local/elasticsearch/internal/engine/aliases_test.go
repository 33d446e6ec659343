package engine

import (
	"fmt"
	"sync"
	"testing"

	"spiceharvester/infra/local/elasticsearch/internal/search"
)

func TestAliasesAllOrNothing(t *testing.T) {
	e, _ := newTestEngine(t, "")
	mustCreate(t, e, "v1", "")
	err := e.UpdateAliases(value(t, `{"actions":[{"add":{"index":"v1","alias":"good"}},{"add":{"index":"missing","alias":"bad"}}]}`))
	if err == nil || err.Status != 404 {
		t.Fatalf("got %v", err)
	}
	if e.Exists("good") {
		t.Error("the first action was kept")
	}
}

func TestRemoveIndexAndTakeItsName(t *testing.T) {
	e, _ := newTestEngine(t, t.TempDir())
	mustCreate(t, e, "name", "")
	mustCreate(t, e, "name_v2", "")
	if err := e.UpdateAliases(value(t, `{"actions":[{"remove_index":{"index":"name"}},{"add":{"index":"name_v2","alias":"name"}}]}`)); err != nil {
		t.Fatal(err)
	}
	out := write(t, e, Op{Action: IndexDoc, Index: "name", ID: "a", Source: `{}`, RequireAlias: true})
	if out.Err != nil || out.Index != "name_v2" {
		t.Errorf("%+v", out)
	}
}

func TestRequireAlias(t *testing.T) {
	e, _ := newTestEngine(t, "")
	for _, name := range []string{"concrete", "missing"} {
		if name == "concrete" {
			mustCreate(t, e, name, "")
		}
		out := write(t, e, Op{Action: IndexDoc, Index: name, ID: "a", Source: `{}`, RequireAlias: true})
		if out.Err == nil || out.Err.Status != 404 {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if e.Exists("missing") {
		t.Error("the index was created")
	}
}

// TestSwapUnderLoad writes and searches while an alias moves between two
// indices: nobody ever finds the alias missing. Run it with -race.
func TestSwapUnderLoad(t *testing.T) {
	e, _ := newTestEngine(t, t.TempDir())
	mustCreate(t, e, "v1", `{"mappings":{"properties":{"k":{"type":"keyword"},"t":{"type":"text"}}}}`)
	mustCreate(t, e, "v2", `{"mappings":{"properties":{"k":{"type":"keyword"},"t":{"type":"text"}}}}`)
	if err := e.PutAlias([]string{"v1"}, "al", value(t, `{}`)); err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	for w := range 4 {
		work.Go(func() {
			for n := range 50 {
				ops := make([]*Op, 10)
				for k := range ops {
					v := int64(n)
					ops[k] = &Op{Action: IndexDoc, Index: "al", ID: fmt.Sprint(w, k), Source: fmt.Sprintf(`{"k":"k%d","t":"word%d and more","extra_%d":1}`, n, n, k), VersionType: ExternalGTE, Version: &v, RequireAlias: true}
				}
				outs, err := e.Write(t.Context(), ops, RefreshNow)
				if err != nil {
					t.Error(err)
					return
				}
				for _, o := range outs {
					if o.Err != nil && o.Err.Status != 409 {
						t.Error(o.Err)
						return
					}
				}
			}
		})
		work.Go(func() {
			for range 100 {
				err := e.Search(Expression{Names: []string{"al"}}, false, func(readers []*search.Reader) {
					q, err := search.ParseRequest(`{"query":{"simple_query_string":{"query":"word1 | more","fields":["t"]}},"sort":["k"],"aggs":{"a":{"terms":{"field":"k"}}}}`)
					if err == nil {
						_, err = q.Run(readers)
					}
					if err != nil {
						t.Error(err)
					}
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for n := range 50 {
		from, to := "v1", "v2"
		if n%2 == 1 {
			from, to = to, from
		}
		body := fmt.Sprintf(`{"actions":[{"remove":{"index":%q,"alias":"al"}},{"add":{"index":%q,"alias":"al"}}]}`, from, to)
		if err := e.UpdateAliases(value(t, body)); err != nil {
			t.Error(err)
		}
	}
	work.Wait()
}
