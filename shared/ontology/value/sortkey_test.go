package value

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func typeOf(t *testing.T, name string) Type {
	t.Helper()
	typ, err := ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func TestSortKeys(t *testing.T) {
	for _, tt := range []struct{ typ, in, want string }{
		{"integer", `0`, "5"},
		{"decimal", `0.5`, "6500005"},
		{"decimal", `12`, "65000212"},
		{"decimal", `-12`, "44999787~"},
		{"decimal", `1.50`, "65000115"},
		{"decimal", `1.5e0`, "65000115"},
		{"decimal", `1e999999`, "699999"},
		{"decimal", `-1e999999`, "400000~"},
		{"decimal", `1e-999999`, "600000"},
		{"date", `"2024-01-31"`, "2024-01-31"},
		{"datetime", `"2024-01-01T08:30:00.5+09:00"`, "2023-12-31T23:30:00.500000000Z"},
		{"boolean", `false`, "false"},
		{"money", `{"amount":12,"currency":"USD"}`, "USD:65000212"},
		{"ip", `"10.0.0.1"`, "4:0a000001"},
		{"string", `null`, ""},
		{"json", `{"b":1,"a":2}`, `{"a":2,"b":1}`},
		{"enum", `12`, "65000212"},
	} {
		if got := SortKey(typeOf(t, tt.typ), decode(t, tt.in)); got != tt.want {
			t.Errorf("SortKey(%s, %s) = %q, want %q", tt.typ, tt.in, got, tt.want)
		}
	}
}

func TestIndexKeys(t *testing.T) {
	got := IndexKeys(typeOf(t, "list<integer>"), decode(t, `[2,null,10]`))
	if strings.Join(got, " ") != "6500012 6500021" {
		t.Errorf("keys of a list: %q", got)
	}
	if got := IndexKeys(typeOf(t, "array"), decode(t, `["a",[1]]`)); len(got) != 2 || got[0] != "a" || got[1] != "[1]" {
		t.Errorf("keys of a mixed list: %q", got)
	}
	if got := IndexKeys(typeOf(t, "string"), nil); got != nil {
		t.Errorf("keys of null: %q", got)
	}
}

// numbers draws JSON numbers: signs, up to 60 digits, points and exponents.
func numbers() *rapid.Generator[string] {
	return rapid.StringMatching(`-?(0|[1-9][0-9]{0,39})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?`)
}

func rat(t *rapid.T, s string) *big.Rat {
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

func TestNumberKeysKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers().Draw(t, "a"), numbers().Draw(t, "b")
		if rapid.Bool().Draw(t, "near") { // neighbours differ in the last digit only
			b = a
			if !strings.ContainsAny(a, ".eE") {
				b = a + "." + rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "tail")
			}
		}
		want := rat(t, a).Cmp(rat(t, b))
		x, y := numberKey(json.Number(a)), numberKey(json.Number(b))
		if got := cmp.Compare(x, y); got != want {
			t.Fatalf("%s and %s compare %d, their keys %s and %s compare %d", a, b, want, x, y, got)
		}
		if got := parseDecimal(a).compare(parseDecimal(b)); got != want {
			t.Fatalf("%s and %s compare %d, as decimals %d", a, b, want, got)
		}
		if len(x) > maxKeyDigits+8 {
			t.Fatalf("the key of %s has %d bytes", a, len(x))
		}
	})
}

// Beyond the limits keys may be equal but never turn the order round.
func TestNumberKeysNeverTurnTheOrder(t *testing.T) {
	huge := rapid.StringMatching(`-?[1-9](\.[0-9]{0,3}[0-9]{90})?([eE][+-]?[0-9]{4,6})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := huge.Draw(t, "a"), huge.Draw(t, "b")
		want := parseDecimal(a).compare(parseDecimal(b))
		if got := cmp.Compare(numberKey(json.Number(a)), numberKey(json.Number(b))); got != 0 && got != want {
			t.Fatalf("%s and %s: order %d, keys %d", a, b, want, got)
		}
	})
}

func TestTextKeysKeepTheOrder(t *testing.T) {
	text := rapid.StringN(0, -1, 3000)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		if rapid.Bool().Draw(t, "shared") {
			prefix := strings.Repeat("가", 400)
			a, b = prefix+a, prefix+b
		}
		want, got := cmp.Compare(a, b), cmp.Compare(textKey(a), textKey(b))
		if got != 0 && got != want || got == 0 && want != 0 && len(a) < MaxKeyBytes-4 && len(b) < MaxKeyBytes-4 {
			t.Fatalf("order %d, keys %d", want, got)
		}
		if key := textKey(a); len(key) > MaxKeyBytes || !strings.HasPrefix(a, key) {
			t.Fatalf("key of %d bytes", len(key))
		}
	})
}

func TestDatetimeKeysKeepTheOrder(t *testing.T) {
	datetimes := rapid.Custom(func(t *rapid.T) time.Time {
		sec := rapid.Int64Range(-62135596800, 253402300799).Draw(t, "sec")
		offset := rapid.IntRange(-14*60, 14*60).Draw(t, "offset")
		nanos := rapid.Int64Range(0, 999_999_999).Draw(t, "nanos")
		return time.Unix(sec, nanos).In(time.FixedZone("", offset*60))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := datetimes.Draw(t, "a"), datetimes.Draw(t, "b")
		if a.Year() > 9999 || b.Year() > 9999 || a.Year() < 0 || b.Year() < 0 {
			t.Skip("a year that the type does not have")
		}
		key := func(x time.Time) string {
			v, bad := normalizeDatetime(x.Format(time.RFC3339Nano))
			if bad != nil {
				t.Fatalf("%s: %s", x, bad.msg.EN)
			}
			return datetimeKey(v)
		}
		if got, want := cmp.Compare(key(a), key(b)), a.Compare(b); got != want {
			t.Fatalf("%s and %s compare %d, keys %s and %s", a, b, want, key(a), key(b))
		}
	})
	late, _ := normalizeDatetime("9999-12-31T23:59:59-01:00")
	early, _ := normalizeDatetime("0000-01-01T00:00:00+01:00")
	middle, _ := normalizeDatetime("2024-01-01")
	if !(datetimeKey(early) < datetimeKey(middle) && datetimeKey(middle) < datetimeKey(late)) {
		t.Errorf("keys at the ends: %s, %s, %s", datetimeKey(early), datetimeKey(middle), datetimeKey(late))
	}
}

func TestIntegersKeepTheirValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := numbers().Draw(t, "n")
		out, bad := normalizeInteger(json.Number(s))
		r := rat(t, s)
		if (bad == nil) != r.IsInt() {
			t.Fatalf("%s: integer %v, accepted %v", s, r.IsInt(), bad == nil)
		}
		if bad == nil && out.(json.Number).String() != r.Num().String() {
			t.Fatalf("%s became %s", s, out)
		}
	})
}

func TestMultipleOf(t *testing.T) {
	small := rapid.StringMatching(`-?[0-9]{1,6}(\.[0-9]{1,4})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, step := small.Draw(t, "a"), small.Draw(t, "step")
		if rat(t, step).Sign() == 0 {
			t.Skip("no step")
		}
		want := new(big.Rat).Quo(rat(t, a), rat(t, step)).IsInt()
		if got := parseDecimal(a).isMultipleOf(parseDecimal(step)); got != want {
			t.Fatalf("%s of %s: %v, want %v", a, step, got, want)
		}
	})
}

func BenchmarkNumberKey(b *testing.B) {
	for b.Loop() {
		numberKey(json.Number("-1234567.890"))
	}
}
