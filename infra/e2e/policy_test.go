package e2e

import (
	"testing"

	"spiceharvester/infra/e2e/client"
)

// With proposals required, a protected branch takes no direct change.
func TestProtectedBranchesNeedProposals(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "ONTOLOGY_REQUIRE_PROPOSALS", "true")
	bff, db := w.asBFF(t), w.database(t)
	thing := object{"id": "Thing", "label": "Thing", "properties": list{object{"name": "thing_id", "type": "string", "label": "Id", "primary_key": true}}}
	reason := client.Header("X-Change-Reason", "because")
	for lang, text := range map[string]string{"en": "Protected branch. Use proposal workflow for changes.", "ko": "보호된 브랜치입니다. 변경하려면 제안(proposal) 절차를 사용하세요."} {
		if r := bff.call(409, "POST", ontology(db), thing, client.Lang(lang), reason); r.Text("message") != text || r.Text("code") != "CONFLICT" {
			t.Errorf("%s", r)
		}
	}
	w.asOMS(t).call(409, "POST", "/api/v1/database/"+db+"/ontology", thing, reason)
	bff.call(409, "POST", "/api/v1/databases/"+db+"/classes", object{"@id": "Thing", "label": "Thing"})
	bff.call(404, "GET", ontology(db)+"/Thing", nil)
	// To validate changes nothing. Where proposals are needed, a name is no key.
	if r := bff.call(200, "POST", ontology(db)+"/validate", thing); r.Get("data", "lint_report", "ok") != true {
		t.Errorf("%s", r)
	}
	implicit := object{"id": "Loose", "label": "Loose", "properties": list{object{"name": "loose_id", "type": "string", "label": "Id"}}}
	if r := bff.call(200, "POST", ontology(db)+"/validate", implicit); r.Text("data", "lint_report", "errors", 0, "rule_id") != "ONT001" {
		t.Errorf("implicit key: %s", r)
	}
}

// Another list of protected branches leaves main open.
func TestTheListOfProtectedBranchesIsASetting(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "ONTOLOGY_REQUIRE_PROPOSALS", "true", "ONTOLOGY_PROTECTED_BRANCHES", "release, stable", "DISPATCH", "single")
	bff, db := w.asBFF(t), w.database(t)
	product(bff, db)
	bff.done("PUT", ontology(db)+"/Product?expected_seq=1", object{"properties": list{object{"name": "product_id", "type": "string", "label": "Id", "primary_key": true}}})
	bff.done("DELETE", ontology(db)+"/Product?expected_seq=2", nil)
}

// While no delivery arrives at all, commands stay open and can be cancelled.
func TestOpenCommands(t *testing.T) {
	t.Parallel()
	w := ownWorld(t, "CHAOS", "seed=1,drop=1")
	bff, db := w.asBFF(t), databaseName(t)
	first := bff.call(202, "POST", "/api/v1/databases", object{"name": db}, client.Wait(1), client.Key("first"))
	status := "/api/v1/commands/" + first.Command() + "/status"
	if r := bff.call(200, "GET", status, nil); r.Text("status") != "PENDING" || r.Get("completed_at") != nil {
		t.Errorf("open: %s", r)
	}
	if r := bff.call(202, "POST", "/api/v1/databases", object{"name": db}, client.Key("first")); r.Command() != first.Command() {
		t.Errorf("the same again: %s", r)
	}
	second := bff.call(409, "POST", "/api/v1/databases", object{"name": db}, client.Lang("en"))
	if second.Text("context", "detail", "pending_command_id") != first.Command() || second.Text("context", "detail", "error") != "optimistic_concurrency_conflict" ||
		second.Text("context", "detail", "actual_seq") != "0" || second.Header.Get("Retry-After") != "1" {
		t.Errorf("the same expectation: %s", second)
	}
	cancelled := bff.call(200, "POST", "/api/v1/commands/"+first.Command()+"/cancel", nil)
	if cancelled.Text("status") != "CANCELLED" || cancelled.Text("completed_at") == "" {
		t.Errorf("cancelled: %s", cancelled)
	}
	if r := bff.call(409, "POST", "/api/v1/commands/"+first.Command()+"/cancel", nil); r.Text("context", "status") != "CANCELLED" {
		t.Errorf("cancelled twice: %s", r)
	}
	if r := bff.call(200, "POST", "/api/v1/databases", object{"name": db}, client.Key("first"), client.Wait(1)); r.Text("status") != "CANCELLED" {
		t.Errorf("the key after it: %s", r)
	}
	third := bff.call(202, "POST", "/api/v1/databases", object{"name": db}, client.Wait(1))
	bff.call(200, "POST", "/api/v1/commands/"+third.Command()+"/cancel", nil)
	if r := bff.call(200, "GET", "/api/v1/databases/"+db+"/expected-seq", nil); r.Text("data", "expected_seq") != "0" {
		t.Errorf("what was cancelled has changed something: %s", r)
	}
}
