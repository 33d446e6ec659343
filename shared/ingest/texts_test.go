package ingest_test

import (
	"errors"
	"strings"
	"testing"

	"spiceharvester/shared/ingest"
)

// PostgreSQL's texts hold no NUL and UTF-8 only; names and reasons may come with
// anything.
func TestTextsThatPostgreSQLRefuses(t *testing.T) {
	w := newWorld(t)
	u, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	u.Abort(t.Context(), errors.New("bad header \xff\x00"))
	w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")

	if u, err = w.Begin(t.Context(), target("k")); err != nil {
		t.Fatal(err)
	}
	description := "a\x00b"
	said := ingest.Settings{Name: "things", Description: &description}
	if err := u.Receive(t.Context(), "t\x00\xff.csv", strings.NewReader("a\x00,b\n1\x00,2\n"), said); err != nil {
		t.Fatal(err)
	}
	r, err := u.Finish(t.Context(), said)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := r.Version.Columns()
	if err != nil || columns.Columns[0].Name != "a\x00" || *r.Dataset.SourceRef != "t\ufffd\ufffd.csv" || *r.Dataset.Description != "a\ufffdb" {
		t.Errorf("%+v, %+v, %v", r.Dataset, columns, err)
	}
	w.is(clean)
}
