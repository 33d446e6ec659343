package classes_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

func declared(id, more string) string {
	return fmt.Sprintf(`{"id":%q,"label":%q,"properties":[{"name":"%s_p","type":"string","label":"P"}]%s}`, id, id, id, more)
}

func TestFamily(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", declared("Top", ""))
	w.Class("shop", declared("Middle", `,"parent_class":"Top","relationships":[{"predicate":"self","target":"Middle","label":"S"}]`))
	w.Class("shop", declared("Bottom", `,"parent_class":"Middle","relationships":[{"predicate":"up","target":"Top","label":"U"}]`))
	w.Class("shop", declared("Gone", `,"parent_class":"Top"`))
	w.DeleteClass("shop", "Gone")
	w.Database("shop2")
	w.Class("shop2", declared("Other", `,"parent_class":"Top"`)) // another database's
	r, _ := fresh(w)
	f, err := r.Family(t.Context(), "shop", "main")
	if err != nil || len(f) != 3 {
		t.Fatalf("%v, %v", f, err)
	}
	if names := fmt.Sprint(f.Whole("Bottom").Properties[0].Name, f.Whole("Bottom").Properties[1].Name, f.Whole("Bottom").Properties[2].Name, len(f.Whole("Bottom").Relationships)); names != "Top_pMiddle_pBottom_p2" {
		t.Errorf("whole: %s", names)
	}
	for pair, want := range map[[2]string]bool{
		{"Bottom", "Top"}: true, {"Bottom", "Bottom"}: true, {"Top", "Bottom"}: false, {"Nothing", "Top"}: false, {"Middle", "Nothing"}: false,
	} {
		if f.Descends(pair[0], pair[1]) != want {
			t.Errorf("Descends(%v) = %v", pair, !want)
		}
	}
	for id, want := range map[string]string{
		"Top":    `[{"class_id":"Bottom","kind":"relationship","predicate":"up"},{"class_id":"Middle","kind":"parent_class"}]`,
		"Middle": `[{"class_id":"Bottom","kind":"parent_class"}]`,
		"Bottom": `[]`,
	} {
		if text, err := json.Marshal(f.References(id)); err != nil || string(text) != want {
			t.Errorf("References(%s) = %s, %v", id, text, err)
		}
	}
	// A database that was deleted and made again has none of the old classes.
	w.Append("shop", event.DatabaseAggregate("shop"), event.Deletes, writes.DatabaseFact{Database: "shop"})
	if f, err := r.Family(t.Context(), "shop", "main"); err != nil || len(f) != 0 {
		t.Errorf("deleted: %v, %v", f, err)
	}
	w.Database("shop")
	w.Class("shop", declared("New", ""))
	if f, err := r.Family(t.Context(), "shop", "main"); err != nil || len(f) != 1 {
		t.Errorf("made again: %v, %v", f, err)
	}
}

func TestParents(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", base)
	w.Class("shop", leaf)
	r, _ := fresh(w)
	leafClass := get(t, r, "Leaf").Class
	whole, require, err := r.Parents(t.Context(), "shop", "main", leafClass)
	if err != nil || len(require) != 1 || len(whole.Properties) != 3 || whole.PrimaryKey()[0] != "key" {
		t.Errorf("%+v, %v, %v", whole, require, err)
	}
	if whole, require, err := r.Parents(t.Context(), "shop", "main", get(t, r, "Base").Class); err != nil || require != nil || len(whole.Properties) != 2 {
		t.Errorf("without a parent: %+v, %v, %v", whole, require, err)
	}
	for parent, class := range map[string]string{"Nothing": "Leaf", "Leaf": "Base"} {
		changed := get(t, r, class).Class
		changed.ParentClass = &parent
		_, _, err := r.Parents(t.Context(), "shop", "main", changed)
		if p, ok := problem.AsProblem(err); !ok || p.Code != problem.ValidationFailed || problem.Path(p.Errors[0].Loc) != "body.parent_class" {
			t.Errorf("%s below %s: %v", class, parent, err)
		}
	}
	// A chain of parents has an end.
	last := "Base"
	for i := range 40 {
		next := fmt.Sprint("C", i)
		_, _, err := r.Parents(t.Context(), "shop", "main", ontology.Class{ID: next, Label: ontology.Localize(next), ParentClass: &last})
		if err != nil {
			if p, ok := problem.AsProblem(err); !ok || p.Code != problem.ValidationFailed || i < 30 {
				t.Errorf("%d: %v", i, err)
			}
			return
		}
		w.Class("shop", declared(next, `,"parent_class":"`+last+`"`))
		last = next
	}
	t.Error("a class of 40 ancestors")
}
