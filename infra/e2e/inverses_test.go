package e2e

import (
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
)

// related is a class with one relationship; more are its members.
func related(id, predicate, target, cardinality string, inverse any) object {
	return object{
		"id": id, "label": id, "properties": list{object{"name": "key", "type": "string", "label": "Key", "primary_key": true}},
		"relationships": list{object{"predicate": predicate, "target": target, "label": predicate, "cardinality": cardinality, "inverse_predicate": inverse}},
	}
}

// A class and the one that its inverse predicate names may not contradict each other,
// whichever API declares it.
func TestInversesFitEachOther(t *testing.T) {
	w := sharedWorld(t)
	bff, oms, db := w.asBFF(t), w.asOMS(t), w.database(t)
	internal := "/api/v1/database/" + db + "/ontology"
	bff.done("POST", ontology(db), related("Person", "owns", "Car", "1:n", "owned_by"))
	for name, c := range map[string]struct {
		class       object
		rule, field string
	}{
		"elsewhere":   {related("Car", "owned_by", "Garage", "n:1", nil), "REL_TARGET_MISMATCH", "predicate"},
		"other name":  {related("Car", "owned_by", "Person", "n:1", "drives"), "REL_MISMATCHED_INVERSE_PREDICATE", "predicate"},
		"cardinality": {related("Car", "owned_by", "Person", "n:m", "owns"), "REL_INCOMPATIBLE_CARDINALITIES", "cardinality"},
	} {
		for _, lang := range []string{"en", "ko"} {
			for path, a := range map[string]api{ontology(db): bff, internal: oms} {
				r := a.call(400, "POST", path, c.class, client.Lang(lang))
				if !strings.Contains(r.Text("message"), c.rule) || r.Text("errors", 0, "loc", 1) != "relationships" || r.Text("errors", 0, "loc", 3) != c.field || r.Text("errors", 0, "msg") == "" {
					t.Errorf("%s: %s", name, r)
				}
				checked := a.call(200, "POST", path+"/validate", c.class, client.Lang(lang))
				if checked.Text("data", "lint_report", "errors", 0, "rule_id") != c.rule || checked.Get("data", "lint_report", "ok") != false {
					t.Errorf("%s checked: %s", name, checked)
				}
			}
		}
	}
	bff.call(404, "GET", ontology(db)+"/Car", nil)
	taken := oms.call(202, "POST", internal, related("Car", "owned_by", "Person", "n:1", "owns"))
	if taken.Get("data", "lint_report", "ok") != true {
		t.Errorf("what fits: %s", taken)
	}
	oms.call(200, "GET", "/api/v1/commands/"+taken.Command()+"/status", nil, client.Wait(waitSeconds))
	change := object{"relationships": related("Car", "owned_by", "Person", "1:n", "owns")["relationships"]}
	bff.call(400, "PUT", ontology(db)+"/Car?expected_seq=1", change)
	oms.call(400, "PUT", internal+"/Car?expected_seq=1", change)
	bff.done("PUT", ontology(db)+"/Car?expected_seq=1", object{"label": "Vehicle"})

	// An unusual pair is taken, and the answer warns.
	bff.done("POST", ontology(db), related("Dog", "kept_by", "Keeper", "1:1", nil))
	r := bff.call(202, "POST", ontology(db), related("Keeper", "keeps", "Dog", "1:n", "kept_by"), client.Lang("en"))
	if !strings.Contains(string(r.Body), "REL_UNUSUAL_CARDINALITY_PAIR") || r.Get("data", "lint_report", "ok") != true {
		t.Errorf("unusual: %s", r)
	}
	bff.call(200, "GET", "/api/v1/commands/"+r.Command()+"/status", nil, client.Wait(waitSeconds))
}
