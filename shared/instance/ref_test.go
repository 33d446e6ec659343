package instance

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"spiceharvester/shared/problem"
)

func TestAggregateID(t *testing.T) {
	for want, r := range map[string]Ref{
		"demo:main:Product:PROD-1":    {"demo", "main", "Product", "PROD-1"},
		"demo:feature/x:A%3AB:c":      {"demo", "feature/x", "A:B", "c"},
		"demo:main:A:B:c":             {"demo", "main", "A", "B:c"},
		"demo:main:a%253A:%3A 한/'x':": {"demo", "main", "a%3A", "%3A 한/'x':"},
	} {
		if got := r.AggregateID(); got != want {
			t.Errorf("%+v: %q, want %q", r, got, want)
		}
		if got, err := ParseAggregateID(want); err != nil || got != r {
			t.Errorf("parse %q: %+v, %v", want, got, err)
		}
	}
	for _, bad := range []string{"", "a:b:c", "a:b::d", ":b:c:d", "a::c:d", "a:b:c:", "a:b:c%3a:d", "a:b:c%:d", "a:b:c%20:d"} {
		if r, err := ParseAggregateID(bad); err == nil {
			t.Errorf("parse %q gives %+v", bad, r)
		}
	}
}

// Two instances never share an id, and an id leads back to its instance.
func TestAggregateIDsDiffer(t *testing.T) {
	refs := rapid.Custom(func(t *rapid.T) Ref {
		return Ref{rapid.StringMatching(`[a-z_-]{1,5}`).Draw(t, "database"), rapid.StringMatching(`[a-z/_-]{1,5}`).Draw(t, "branch"),
			rapid.StringMatching(`[a-zA-Z:%35A]{1,8}`).Draw(t, "class"), rapid.StringMatching(`[a-z:%/ 한]{1,8}`).Draw(t, "id")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := refs.Draw(t, "a"), refs.Draw(t, "b")
		if (a.AggregateID() == b.AggregateID()) != (a == b) {
			t.Fatalf("%+v and %+v: %s and %s", a, b, a.AggregateID(), b.AggregateID())
		}
		if back, err := ParseAggregateID(a.AggregateID()); err != nil || back != a {
			t.Fatalf("%+v came back as %+v, %v", a, back, err)
		}
	})
}

func FuzzAggregateID(f *testing.F) {
	f.Add("demo:main:A%3AB:c:d")
	f.Add("a:b:%25:%")
	f.Fuzz(func(t *testing.T, s string) {
		if r, err := ParseAggregateID(s); err == nil && r.AggregateID() != s {
			t.Fatalf("%q parses as %+v, which is %q", s, r, r.AggregateID())
		}
	})
}

// Ids that the contract's character rules refused are accepted; its length in
// characters is void too.
func TestCheckID(t *testing.T) {
	for _, id := range []string{"a:b-c", "a b", "a/b", "한", "C#", "it's", "'; --", "%3A", strings.Repeat("x", 512)} {
		if err := CheckID(id); err != nil {
			t.Errorf("%q refused: %v", id, err)
		}
	}
	for _, id := range []string{"", "a\x00", "a\n", "\u0085", "\xff", strings.Repeat("x", 513), strings.Repeat("한", 171)} {
		err := CheckID(id)
		if err == nil {
			t.Errorf("%q accepted", id)
		} else if m := problem.MessageOf(err); m.KO == m.EN {
			t.Errorf("%q: no Korean text", id)
		}
	}
}
