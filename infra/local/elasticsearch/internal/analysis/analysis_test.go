package analysis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func texts(tokens []Token) []string {
	var out []string
	for _, t := range tokens {
		out = append(out, t.Text)
	}
	return out
}

func TestAnalyzers(t *testing.T) {
	for _, c := range []struct{ analyzer, text, want string }{
		{"standard", "The Quick-Brown foo_bar user@example.com 3.14 don't", "the quick brown foo_bar user example.com 3.14 don't"},
		{"standard", "1,000.5 a:b a.1 x_1 __ - 3.x", "1,000.5 a:b a 1 x_1 3 x"},
		{"standard", "서울특별시 강남구의 사과를 샀다. 日本語テスト 中文", "서울특별시 강남구의 사과를 샀다 日 本 語 テスト 中 文"},
		{"standard", "Ünïcode naïve", "ünïcode naïve"},
		{"cjk", "서울특별시 사과를", "서울 울특 특별 별시 사과 과를"},
		{"cjk", "가 나다 ABC 日本語", "가 나다 abc 日本 本語"},
		{"cjk", "Ｆｕｌｌ the 42", "full 42"},
		{"simple", "A-1 b2", "a b"},
		{"whitespace", "A-1 B,2", "A-1 B,2"},
		{"stop", "the fox and dog", "fox dog"},
		{"keyword", "As Is", "As Is"},
	} {
		var r *Registry
		if got := strings.Join(texts(r.Analyzer(c.analyzer).Analyze(c.text)), " "); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.analyzer, c.text, got, c.want)
		}
	}
}

// TestAsciiAgrees compares the fast path with the general one.
func TestAsciiAgrees(t *testing.T) {
	general := func(text string) []Token {
		// A letter outside of ASCII at the end forces the general path.
		tokens := standardTokens(text + " é")
		return tokens[:len(tokens)-1]
	}
	for _, text := range []string{
		"a.b.c", "a..b", "1.2.3", "1,2;3", "a,b", "a:b:", "it's 'quoted'", "x_y_z _a_ a_", "3.14a", "a1.b2", "foo@bar.com:80", "e.g. i.e.",
		"1:2", "__init__", "a'1", "1'a", "C++ #x $5.00", "tab\tnew\nline", "a.1", "1.a", "_", "_1", "a\"b", strings.Repeat("long", 100), "1_000", "_.a", "a._b",
	} {
		fast, ok := asciiTokens(text)
		if !ok {
			t.Fatalf("%q declined", text)
		}
		if slow := general(text); !slices.Equal(texts(fast), texts(slow)) {
			t.Errorf("%q: fast %q, general %q", text, texts(fast), texts(slow))
		}
	}
}

func TestOffsetsAndPositions(t *testing.T) {
	tokens := builtin["standard"].Analyze("🙂 사과 b")
	got := fmt.Sprint(tokens)
	if want := "[{🙂 0 2 0 <EMOJI>} {사과 3 5 1 <HANGUL>} {b 6 7 2 <ALPHANUM>}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := builtin["stop"].Analyze("the fox and dog"); got[0].Position != 1 || got[1].Position != 3 {
		t.Errorf("stop words leave no gap: %v", got)
	}
	if got := builtin["standard"].Analyze(strings.Repeat("x", 300)); len(got) != 2 || got[0].End != 255 || got[1].Start != 255 {
		t.Errorf("long word: %v", got)
	}
}

func TestCustom(t *testing.T) {
	r, err := NewRegistry(map[string]Custom{"k": {Tokenizer: "standard", Filters: []string{"lowercase", "stop"}}, "s": {Tokenizer: "type:standard"}}, map[string]Custom{"low": {Filters: []string{"lowercase"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(r.Analyzer("k").Analyze("The 사과 Apple")); !slices.Equal(got, []string{"사과", "apple"}) {
		t.Error(got)
	}
	if got := Normalize(r.Normalizer("low"), "MiXed Case"); got != "mixed case" {
		t.Error(got)
	}
	for _, c := range []Custom{{Tokenizer: "nosuch"}, {Tokenizer: "standard", Filters: []string{"nosuch"}}, {Tokenizer: "type:nosuch"}} {
		if _, err := NewRegistry(map[string]Custom{"x": c}, nil); err == nil {
			t.Errorf("%v is accepted", c)
		}
	}
}
