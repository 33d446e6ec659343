package engine

import (
	"strings"
	"testing"
	"time"
)

// TestExternalVersions walks through the table of the version rules.
func TestExternalVersions(t *testing.T) {
	const none, deleted = int64(-1), true
	cases := []struct {
		name    string
		stored  int64
		deleted bool
		action  Action
		version int64
		ext     int // status with external
		gte     int // status with external_gte
	}{
		{"none, 0", none, false, IndexDoc, 0, 201, 201},
		{"9, 8", 9, false, IndexDoc, 8, 409, 409},
		{"9, 9", 9, false, IndexDoc, 9, 409, 200},
		{"9, 10", 9, false, IndexDoc, 10, 200, 200},
		{"deleted 9, 8", 9, deleted, IndexDoc, 8, 409, 409},
		{"deleted 9, 9", 9, deleted, IndexDoc, 9, 409, 201},
		{"deleted 9, 10", 9, deleted, IndexDoc, 10, 201, 201},
		{"none, delete 30", none, false, DeleteDoc, 30, 404, 404},
		{"9, delete 8", 9, false, DeleteDoc, 8, 409, 409},
		{"9, delete 9", 9, false, DeleteDoc, 9, 409, 200},
		{"9, delete 10", 9, false, DeleteDoc, 10, 200, 200},
		{"deleted 9, delete 8", 9, deleted, DeleteDoc, 8, 409, 409},
	}
	for _, c := range cases {
		for typ, want := range map[string]int{External: c.ext, ExternalGTE: c.gte} {
			t.Run(c.name+" "+typ, func(t *testing.T) {
				e, _ := newTestEngine(t, "")
				mustCreate(t, e, "i", "")
				if c.stored != none {
					action := IndexDoc
					if c.deleted {
						action = DeleteDoc
					}
					write(t, e, external(action, External, "a", c.stored))
				}
				out := write(t, e, external(c.action, typ, "a", c.version))
				status := out.Status
				if out.Err != nil {
					status = out.Err.Status
				}
				if status != want {
					t.Errorf("status %d, want %d (%v)", status, want, out.Err)
				}
				if out.Err == nil && out.Version != c.version {
					t.Errorf("version %d, want %d", out.Version, c.version)
				}
			})
		}
	}
}

// TestTombstoneOfMissingDocument shows that deleting what is not there blocks
// older versions.
func TestTombstoneOfMissingDocument(t *testing.T) {
	e, _ := newTestEngine(t, "")
	mustCreate(t, e, "i", "")
	write(t, e, external(DeleteDoc, External, "never", 30))
	out := write(t, e, external(IndexDoc, External, "never", 29))
	if out.Err == nil || !strings.Contains(out.Err.Reason, "current version [30] is higher or equal to the one provided [29]") {
		t.Errorf("got %v", out.Err)
	}
}

// TestTombstonesAreForgotten shows the resurrection after index.gc_deletes.
func TestTombstonesAreForgotten(t *testing.T) {
	e, clock := newTestEngine(t, "")
	mustCreate(t, e, "i", `{"settings":{"gc_deletes":"10m"}}`)
	write(t, e, external(IndexDoc, External, "a", 50))
	write(t, e, external(DeleteDoc, External, "a", 51))
	clock.Advance(9 * time.Minute)
	if out := write(t, e, external(IndexDoc, External, "a", 3)); out.Err == nil {
		t.Error("an old version was accepted while the tombstone lives")
	}
	clock.Advance(2 * time.Minute)
	if out := write(t, e, external(IndexDoc, External, "a", 3)); out.Err != nil || out.Version != 3 {
		t.Errorf("after gc_deletes: %+v", out)
	}
}

func TestInternalVersions(t *testing.T) {
	e, _ := newTestEngine(t, "")
	mustCreate(t, e, "i", "")
	op := Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`}
	for want := int64(1); want <= 3; want++ {
		if out := write(t, e, op); out.Version != want || out.SeqNo != want-1 {
			t.Errorf("version %d seq %d, want %d", out.Version, out.SeqNo, want)
		}
	}
	if out := write(t, e, Op{Action: CreateDoc, Index: "i", ID: "a", Source: `{}`}); out.Err == nil || out.Err.Reason != "[a]: version conflict, document already exists (current version [3])" {
		t.Errorf("create: %v", out.Err)
	}
	if out := write(t, e, Op{Action: DeleteDoc, Index: "i", ID: "a"}); out.Version != 4 || out.Result != "deleted" {
		t.Errorf("delete: %+v", out)
	}
	if out := write(t, e, op); out.Version != 5 || out.Result != "created" {
		t.Errorf("after delete: %+v", out)
	}
}

func TestSequenceConditions(t *testing.T) {
	e, _ := newTestEngine(t, "")
	mustCreate(t, e, "i", "")
	write(t, e, Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`})
	at := func(seq, term int64) Op {
		return Op{Action: IndexDoc, Index: "i", ID: "a", Source: `{}`, IfSeqNo: &seq, IfTerm: &term}
	}
	if out := write(t, e, at(0, 1)); out.Err != nil {
		t.Error(out.Err)
	}
	if out := write(t, e, at(0, 1)); out.Err == nil || out.Err.Status != 409 {
		t.Errorf("old seq_no: %+v", out)
	}
}

func TestProblems(t *testing.T) {
	version, negative, seq, term := int64(3), int64(-1), int64(0), int64(1)
	for name, op := range map[string]Op{
		"external without version": {Action: IndexDoc, VersionType: External},
		"negative version":         {Action: IndexDoc, VersionType: External, Version: &negative},
		"version without type":     {Action: IndexDoc, VersionType: Internal, Version: &version},
		"external create":          {Action: CreateDoc, VersionType: External, Version: &version},
		"external and seq_no":      {Action: IndexDoc, VersionType: External, Version: &version, IfSeqNo: &seq, IfTerm: &term},
		"seq_no without term":      {Action: IndexDoc, VersionType: Internal, IfSeqNo: &seq},
		"external update":          {Action: UpdateDoc, VersionType: ExternalGTE, Version: &version, Doc: "{}"},
		"update without doc":       {Action: UpdateDoc, VersionType: Internal},
		"id of 513 bytes":          {Action: IndexDoc, VersionType: Internal, ID: strings.Repeat("가", 171)},
	} {
		if len(op.Problems()) == 0 {
			t.Errorf("%s is accepted", name)
		}
	}
}
