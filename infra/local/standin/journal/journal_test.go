package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type record struct{ N int }

var format = Format{Header: "test 1\n", Advice: "ask for help"}

func open(t *testing.T, path string) (j *Journal[record], numbers []int, torn bool) {
	t.Helper()
	j, torn, err := Open(path, format, func(r *record) error { numbers = append(numbers, r.N); return nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j, numbers, torn
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _, _ := open(t, path)
	if err := errors.Join(j.Append(&record{1}, &record{2}), j.Append(&record{3}), j.Close()); err != nil {
		t.Fatal(err)
	}
	j, numbers, torn := open(t, path)
	if !slices.Equal(numbers, []int{1, 2, 3}) || torn || j.Records() != 3 {
		t.Errorf("read %v, torn %v", numbers, torn)
	}
	if err := errors.Join(j.Replace(slices.Values([]*record{{9}})), j.Append(&record{10}), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, numbers, _ = open(t, path); !slices.Equal(numbers, []int{9, 10}) {
		t.Errorf("after a replacement %v", numbers)
	}
}

func TestHalfARecordIsCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _, _ := open(t, path)
	if err := errors.Join(j.Append(&record{1}), j.Append(&record{2}), j.Close()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	j, numbers, torn := open(t, path)
	if !slices.Equal(numbers, []int{1}) || !torn {
		t.Errorf("read %v, torn %v", numbers, torn)
	}
	if err := errors.Join(j.Append(&record{3}), j.Close()); err != nil {
		t.Fatal(err)
	}
	if _, numbers, torn = open(t, path); !slices.Equal(numbers, []int{1, 3}) || torn {
		t.Errorf("then read %v, torn %v", numbers, torn)
	}
}

func TestDamageAndOtherFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, _, _ := open(t, path)
	if err := errors.Join(j.Append(&record{1}, &record{2}), j.Close()); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(format.Header)+frameSize] ^= 1
	for content, want := range map[string]string{string(whole): "ask for help", "something else": "not a journal"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(path, format, func(*record) error { return nil }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestABrokenJournalTakesNoWrites(t *testing.T) {
	j, _, _ := open(t, filepath.Join(t.TempDir(), "journal"))
	if err := j.file.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := j.Append(&record{1}); err == nil || !strings.Contains(err.Error(), "start again") {
			t.Errorf("got %v", err)
		}
	}
	var none *Journal[record]
	if err := errors.Join(none.Append(&record{1}), none.Close()); err != nil || none.Records() != 0 {
		t.Errorf("no journal: %v", err)
	}
}
