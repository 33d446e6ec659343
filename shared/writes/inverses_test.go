package writes_test

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// related declares a class with relationships "predicate>Target cardinality inverse".
func related(id string, relationships ...string) string {
	var list []string
	for _, r := range relationships {
		f := strings.Fields(r)
		predicate, target, _ := strings.Cut(f[0], ">")
		text := fmt.Sprintf(`{"predicate":%q,"target":%q,"label":"x","cardinality":%q`, predicate, target, f[1])
		if len(f) > 2 {
			text += fmt.Sprintf(`,"inverse_predicate":%q`, f[2])
		}
		list = append(list, text+"}")
	}
	return fmt.Sprintf(`{"id":%q,"label":"x","properties":[{"name":"key","type":"string","label":"Key","primary_key":true}],"relationships":[%s]}`, id, strings.Join(list, ","))
}

// refusedAt gives the rules and fields that a refusal names.
func refusedAt(t *testing.T, err error) string {
	t.Helper()
	p, ok := problem.AsProblem(err)
	if !ok {
		return fmt.Sprint(err)
	}
	var fields []string
	for _, e := range p.Errors {
		fields = append(fields, problem.Path(e.Loc))
	}
	var rules []string
	if report, ok := p.Context["lint_report"].(ontology.LintBody); ok {
		for _, e := range report.Errors {
			rules = append(rules, e.RuleID)
		}
	}
	return fmt.Sprint(p.Status, rules, fields)
}

func TestContradictionsOfInversesAreRefused(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", related("Person", "owns>Car 1:n ownedBy"))
	w.Class("shop", related("House", "holds>Person 1:n"))
	for declaration, want := range map[string]string{
		related("Car", "ownedBy>Person n:1 owns"):                          "<nil>",
		related("Car2", "ownedBy>Person n:1 owns"):                         "400[REL_TARGET_MISMATCH][body.relationships[0].inverse_predicate]",
		related("Car", "x>House n:1", "ownedBy>House n:1"):                 "400[REL_TARGET_MISMATCH][body.relationships[1].predicate]",
		related("Car", "ownedBy>Person 1:n"):                               "400[REL_INCOMPATIBLE_CARDINALITIES][body.relationships[0].cardinality]",
		related("Car", "ownedBy>Person n:1 drives"):                        "400[REL_MISMATCHED_INVERSE_PREDICATE][body.relationships[0].predicate]",
		related("Car3", "owner>Person n:1 owns", "heldBy>House n:1 holds"): "400[REL_MISMATCHED_INVERSE_PREDICATE REL_TARGET_MISMATCH REL_TARGET_MISMATCH][body.relationships[0].inverse_predicate body.relationships[0].inverse_predicate body.relationships[1].inverse_predicate]",
	} {
		_, _, err := w.Writes.CreateClass(t.Context(), writes.Caller{}, "shop", "main", w.Object(declaration), false)
		got := strings.ReplaceAll(refusedAt(t, err), " [", "[")
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", declaration, got, want)
		}
	}
}

// What the validator only wonders about is a warning of the linter, and so is a
// contradiction that stood before the change.
func TestOldContradictionsAreWarnings(t *testing.T) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", related("Dog", "keptBy>Keeper 1:1"))
	declared, _, err := w.Writes.CreateClass(t.Context(), writes.Caller{}, "shop", "main", w.Object(related("Keeper", "keeps>Dog 1:n keptBy")), false)
	if err != nil || !declared.Lint.OK || !warned(declared.Lint, "REL_UNUSUAL_CARDINALITY_PAIR") {
		t.Errorf("%+v, %v", declared.Lint, err)
	}
	w.Class("shop", related("Person", "owns>Car 1:n"))
	w.Class("shop", related("Boat", "ownedBy>Boat n:1", "sails>Person 1:n owns")) // as from a log before this rule
	changed, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Boat", 1, w.Object(`{"label":"Ship"}`))
	if err != nil || !warned(changed.Lint, "REL_TARGET_MISMATCH") {
		t.Errorf("%+v, %v", changed.Lint, err)
	}
	_, err = w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Person", 1, w.Object(`{"relationships":[{"predicate":"owns","target":"Boat","label":"x","cardinality":"1:n","inverse_predicate":"ownedBy"}]}`))
	if got := refusedAt(t, err); !strings.Contains(got, "REL_TARGET_MISMATCH") || !strings.Contains(got, "body.relationships[0].inverse_predicate") {
		t.Error(got)
	}
}

func warned(r ontology.LintReport, rule string) bool {
	for _, i := range r.Warnings {
		if i.RuleID == rule && i.Message.KO != "" {
			return true
		}
	}
	return false
}
