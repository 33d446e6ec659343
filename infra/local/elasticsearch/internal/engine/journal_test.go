package engine

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// reopen simulates kill -9: the data folder as it is on disk is opened again,
// without closing anything first.
func reopen(t *testing.T, dir string) *Engine {
	t.Helper()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	e, err := New(Options{Dir: copied})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func TestReplayAfterKill(t *testing.T) {
	dir := t.TempDir()
	e, clock := newTestEngine(t, dir)
	clock.now = time.Now()
	mustCreate(t, e, "i", `{"settings":{"gc_deletes":"1h","analysis":{"analyzer":{"my":{"type":"custom","tokenizer":"standard","filter":["lowercase"]}}}},
		"mappings":{"properties":{"t":{"type":"text","analyzer":"my"}}},"aliases":{"al":{"filter":{"term":{"k.keyword":"x"}}}}}`)
	write(t, e, external(IndexDoc, External, "a", 5))
	write(t, e, Op{Action: IndexDoc, Index: "i", ID: "b", Source: `{"k":"x","fresh":1}`, Routing: "r"})
	write(t, e, external(IndexDoc, External, "gone", 6))
	write(t, e, external(DeleteDoc, External, "gone", 7))
	if err := e.PutTemplate("tpl", `{"index_patterns":["t_*"],"template":{"settings":{"number_of_replicas":0}}}`); err != nil {
		t.Fatal(err)
	}
	if _, err := e.PutClusterSettings(value(t, `{"persistent":{"action.auto_create_index":"false"}}`)); err != nil {
		t.Fatal(err)
	}

	again := reopen(t, dir)
	if n := hits(t, again, "i"); n != 2 {
		t.Errorf("%d documents", n)
	}
	if n := hits(t, again, "al"); n != 1 {
		t.Errorf("%d documents through the filtered alias", n)
	}
	got, err := again.Get("i", "b", "", true)
	if err != nil || got.Record == nil || got.Record.Source != `{"k":"x","fresh":1}` || got.Record.Routing != "r" || got.Record.SeqNo != 1 {
		t.Errorf("document: %+v %v", got.Record, err)
	}
	if out := write(t, again, external(IndexDoc, External, "gone", 6)); out.Err == nil {
		t.Error("the tombstone was lost")
	}
	if out := write(t, again, external(IndexDoc, External, "a", 5)); out.Err == nil {
		t.Error("the version was lost")
	}
	if out := write(t, again, external(IndexDoc, External, "a", 8)); out.SeqNo != 4 {
		t.Errorf("seq_no %d, want 4", out.SeqNo)
	}
	if f, _ := again.indices["i"].Mapping().Field("fresh"); f == nil || f.Type != "long" {
		t.Errorf("dynamic field: %+v", f)
	}
	if len(again.Templates("tpl")) != 1 || again.ClusterSetting("action.auto_create_index") != "false" {
		t.Error("template or cluster setting lost")
	}
}

// TestHalfARecord cuts the journal at every place inside its last record.
func TestHalfARecord(t *testing.T) {
	dir := t.TempDir()
	e, _ := newTestEngine(t, dir)
	i := mustCreate(t, e, "i", "")
	write(t, e, external(IndexDoc, External, "a", 1))
	path := e.journalPath(i.UUID)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, e, external(IndexDoc, External, "b", 1))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{len(before) + 1, len(before) + 7, len(before) + 9, len(whole) - 1} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			copied := t.TempDir()
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(copied, filepath.Base(path))
			if err := os.Truncate(name, int64(cut)); err != nil {
				t.Fatal(err)
			}
			again, err := New(Options{Dir: copied})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			if n := hits(t, again, "i"); n != 1 {
				t.Errorf("%d documents, want the one before the cut", n)
			}
			if out := write(t, again, external(IndexDoc, External, "b", 1)); out.Err != nil {
				t.Error(out.Err)
			}
			if after, _ := os.ReadFile(name); !bytes.Equal(after, whole) {
				t.Error("writing the lost document again does not give the same journal")
			}
		})
	}
}

func TestFlippedByteEndsTheJournal(t *testing.T) {
	dir := t.TempDir()
	e, _ := newTestEngine(t, dir)
	i := mustCreate(t, e, "i", "")
	write(t, e, external(IndexDoc, External, "a", 1))
	path := e.journalPath(i.UUID)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-2] ^= 1
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if n := hits(t, reopen(t, dir), "i"); n != 0 {
		t.Errorf("%d documents from a damaged record", n)
	}
}

// TestBrokenJournalRefusesWrites: after a failed write nothing is acknowledged
// that a restart would lose.
func TestBrokenJournalRefusesWrites(t *testing.T) {
	e, _ := newTestEngine(t, t.TempDir())
	i := mustCreate(t, e, "i", "")
	i.journal.file.Close()
	for range 2 {
		op := external(IndexDoc, External, "a", 1)
		if _, err := e.Write(t.Context(), []*Op{&op}, RefreshNone); err == nil {
			t.Error("a write that is not in the journal was acknowledged")
		}
	}
}

func TestJournalIsRewritten(t *testing.T) {
	dir := t.TempDir()
	e, _ := newTestEngine(t, dir)
	i := mustCreate(t, e, "i", "")
	for round := range 12 {
		ops := make([]*Op, 1000)
		for k := range ops {
			v := int64(round + 1)
			ops[k] = &Op{Action: IndexDoc, Index: "i", ID: itoa(k), Source: `{"pad":"` + strings.Repeat("x", 100) + `"}`, VersionType: External, Version: &v}
		}
		if _, err := e.Write(t.Context(), ops, RefreshNone); err != nil {
			t.Fatal(err)
		}
	}
	if i.journal.records >= rewriteAfter {
		t.Errorf("%d records in the journal of 1000 documents", i.journal.records)
	}
	again := reopen(t, dir)
	if n := hits(t, again, "i"); n != 1000 {
		t.Errorf("%d documents", n)
	}
	if out := write(t, again, external(IndexDoc, External, "7", 12)); out.Err == nil {
		t.Error("version lost")
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	e, _ := newTestEngine(t, dir)
	i := mustCreate(t, e, "i", "")
	if err := os.WriteFile(e.journalPath(i.UUID), []byte("spice-es-journal 9\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Dir: copied}); err == nil || !strings.Contains(err.Error(), "not a journal that this version can read") {
		t.Errorf("got %v", err)
	}
}

func TestOneProcessPerFolder(t *testing.T) {
	dir := t.TempDir()
	newTestEngine(t, dir)
	if e, err := New(Options{Dir: dir}); err == nil {
		e.Close()
		t.Error("the folder was opened twice")
	}
}

func TestDeletedIndexLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	e, _ := newTestEngine(t, dir)
	i := mustCreate(t, e, "i", "")
	if err := e.Delete([]string{"i"}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(e.journalPath(i.UUID)); !os.IsNotExist(err) {
		t.Errorf("journal: %v", err)
	}
	if out := write(t, e, external(DeleteDoc, Internal, "a", 1)); out.Err == nil {
		t.Error("a write to the deleted index succeeded")
	}
}
