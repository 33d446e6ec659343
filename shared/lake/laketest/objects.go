package laketest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/lake"
)

// pieces is a reader of unknown length that gives one byte at a time.
func pieces(content string) io.Reader { return iotest.OneByteReader(strings.NewReader(content)) }

func upload(t *testing.T, w *world) {
	w.branch("work", lake.MainBranch)
	for path, content := range map[string]string{
		"plain":                    "content",
		"empty":                    "",
		"데이터/ü x+%20&=?#.txt":      "odd name",
		"deep/er/and/er/file.json": `{"a":1}`,
	} {
		p := lake.Properties{ContentType: "text/csv", Metadata: map[string]string{"created-at": "2026-01-02"}}
		u, err := w.Lake.Upload(t.Context(), w.repo, "work", path, pieces(content), p)
		w.must(err)
		sum := sha256.Sum256([]byte(content))
		if u.Size != int64(len(content)) || u.SHA256 != hex.EncodeToString(sum[:]) || u.Checksum == "" {
			t.Errorf("%s: uploaded %+v", path, u)
		}
		o, err := w.Lake.Stat(t.Context(), w.repo, "work", path)
		w.must(err)
		if o.Path != path || o.Size != u.Size || o.Checksum != u.Checksum || o.ContentType != p.ContentType || !maps.Equal(o.Metadata, p.Metadata) || o.Modified.IsZero() {
			t.Errorf("%s: stat is %+v", path, o)
		}
		w.expectContent("work", path, content)
	}
	w.upload("work", "plain", "replaced")
	w.expectContent("work", "plain", "replaced")
}

// brokenUpload checks that content which ends in an error leaves nothing.
func brokenUpload(t *testing.T, w *world) {
	w.branch("work", lake.MainBranch)
	broken := errors.New("the source broke")
	for _, size := range []int64{0, 10, 3 << 20} {
		content := io.MultiReader(io.LimitReader(endless{}, size), iotest.ErrReader(broken))
		if _, err := w.Lake.Upload(t.Context(), w.repo, "work", "broken", content, lake.Properties{}); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v, want the source's error", size, err)
		}
		_, err := w.Lake.Stat(t.Context(), w.repo, "work", "broken")
		w.expectError(err, lake.ErrNotFound)
	}
}

// endless is content of any length.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func largeObject(t *testing.T, w *world) {
	content := make([]byte, 6<<20+1)
	rand.NewChaCha8([32]byte{1}).Read(content)
	w.branch("work", lake.MainBranch)
	u, err := w.Lake.Upload(t.Context(), w.repo, "work", "large", io.MultiReader(bytes.NewReader(content)), lake.Properties{})
	w.must(err)
	if u.Size != int64(len(content)) {
		t.Errorf("uploaded %d bytes of %d", u.Size, len(content))
	}
	size := int64(len(content))
	for _, r := range []struct {
		lake.Range
		want []byte
	}{
		{lake.Range{}, content},
		{lake.Range{Length: 1}, content[:1]},
		{lake.Range{Offset: 5 << 20, Length: 100}, content[5<<20 : 5<<20+100]},
		{lake.Range{Offset: size - 7}, content[size-7:]},
		{lake.Range{Offset: size - 7, Length: 100}, content[size-7:]},
	} {
		if got := w.get("work", "large", r.Range); got != string(r.want) {
			t.Errorf("range %+v: %d bytes that differ from the %d wanted", r.Range, len(got), len(r.want))
		}
	}
	if _, err := w.Lake.Get(t.Context(), w.repo, "work", "large", lake.Range{Offset: size}); err == nil || lake.Retryable(err) {
		t.Errorf("a range behind the end: %v", err)
	}
}

func missing(t *testing.T, w *world) {
	ctx, l := t.Context(), w.Lake
	none := newName()
	for name, ask := range map[string]func() error{
		"object": func() error {
			_, err := l.Get(ctx, w.repo, lake.MainBranch, "none", lake.Range{})
			return err
		},
		"ref":                 func() error { _, err := l.Stat(ctx, w.repo, "none", "none"); return err },
		"head":                func() error { _, err := l.Head(ctx, w.repo, "none"); return err },
		"source":              func() error { _, err := l.CreateBranch(ctx, w.repo, "new", "none"); return err },
		"branch of an upload": func() error { _, err := l.Upload(ctx, w.repo, "none", "a", pieces("a"), lake.Properties{}); return err },
		"branch of a commit":  func() error { _, err := l.Commit(ctx, w.repo, "none", "m", nil); return err },
		"source of a merge":   func() error { _, err := l.Merge(ctx, w.repo, "none", lake.MainBranch, "m", nil); return err },
		"repository":          func() error { _, err := l.CreateBranch(ctx, none, "new", lake.MainBranch); return err },
		"repository to dump":  func() error { _, err := l.Dump(ctx, none); return err },
		"list": func() error {
			for _, err := range l.List(ctx, w.repo, "none", "") {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) { (&world{t: t}).expectError(ask(), lake.ErrNotFound) })
	}
}

func list(t *testing.T, w *world) {
	const (
		many    = 1010 // more than a page
		writers = 16
	)
	w.branch("work", lake.MainBranch)
	var want []string
	for i := range many {
		want = append(want, fmt.Sprintf("list/%05d", i))
	}
	var group sync.WaitGroup
	for writer := range writers {
		group.Go(func() {
			for i := writer; i < many; i += writers {
				if _, err := w.Lake.Upload(t.Context(), w.repo, "work", want[i], strings.NewReader("x"), lake.Properties{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	w.upload("work", "after", "x")
	check := func(ref string) {
		t.Helper()
		if got := w.paths(w.repo, ref, "list/"); !slices.Equal(got, want) {
			t.Errorf("%s lists %d objects, want %d", ref, len(got), len(want))
		}
		if got := w.paths(w.repo, ref, ""); len(got) != many+1 || got[0] != "after" {
			t.Errorf("%s lists %d objects, the first %v", ref, len(got), got[:min(1, len(got))])
		}
		if got := w.paths(w.repo, ref, "none/"); len(got) != 0 {
			t.Errorf("%s lists %v under a prefix that nothing has", ref, got)
		}
	}
	check("work")
	check(w.commit("work", "all", nil))
}
