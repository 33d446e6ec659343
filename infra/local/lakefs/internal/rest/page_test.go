package rest

import (
	"errors"
	"slices"
	"testing"
)

func TestPages(t *testing.T) {
	paths := []string{"a", "d/1", "d/2", "d/e/1", "d/e/2", "d/f", "e", "f/1"}
	for _, c := range []struct {
		name   string
		paging paging
		want   []string // of all pages together
	}{
		{"all", paging{}, paths},
		{"prefix", paging{prefix: "d/"}, paths[1:6]},
		{"delimiter", paging{delimiter: "/"}, []string{"a", "d/", "e", "f/"}},
		{"prefix and delimiter", paging{prefix: "d/", delimiter: "/"}, []string{"d/1", "d/2", "d/e/", "d/f"}},
		{"after", paging{after: "d/2"}, paths[3:]},
		{"long delimiter", paging{delimiter: "/e/"}, []string{"a", "d/1", "d/2", "d/e/", "d/f", "e", "f/1"}},
		{"nothing", paging{prefix: "x"}, nil},
	} {
		for _, amount := range []int{1, 2, 3, 100} {
			p := c.paging
			p.amount = amount
			var got []string
			for pages := 0; ; pages++ {
				items, more, err := take(each(paths), func(s string) string { return s }, p)
				if err != nil || len(items) > amount || pages > len(paths) {
					t.Fatalf("%s: %d items, page %d, %v", c.name, len(items), pages, err)
				}
				for _, it := range items {
					got = append(got, it.path)
					p.after = it.path
				}
				if !more {
					break
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s, %d a page: %q, want %q", c.name, amount, got, c.want)
			}
		}
	}
}

func TestAPageThatFails(t *testing.T) {
	broken := errors.New("broken")
	seq := func(yield func(string, error) bool) { _ = yield("a", nil) && yield("", broken) }
	if _, _, err := take(seq, func(s string) string { return s }, paging{amount: 10}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
