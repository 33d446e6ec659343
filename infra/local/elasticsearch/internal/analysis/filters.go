package analysis

import (
	"strings"
	"unicode/utf8"
)

func lowercase(tokens []Token) []Token {
	for i := range tokens {
		tokens[i].Text = strings.ToLower(tokens[i].Text)
	}
	return tokens
}

func uppercase(tokens []Token) []Token {
	for i := range tokens {
		tokens[i].Text = strings.ToUpper(tokens[i].Text)
	}
	return tokens
}

func trim(tokens []Token) []Token {
	for i := range tokens {
		tokens[i].Text = strings.TrimSpace(tokens[i].Text)
	}
	return tokens
}

// english are Lucene's default stop words.
var english = wordSet("a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with")

// cjkStop are the stop words of the cjk analyzer.
var cjkStop = wordSet("a and are as at be but by for if in into is it no not of on or s such t that the their then there these they this to was will with www")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// stop removes words; the positions of the others stay.
func stop(words map[string]bool) filter {
	return func(tokens []Token) []Token {
		kept := tokens[:0]
		for _, t := range tokens {
			if !words[t.Text] {
				kept = append(kept, t)
			}
		}
		return kept
	}
}

// cjkWidth folds full-width Latin letters and digits to their usual form.
func cjkWidth(tokens []Token) []Token {
	fold := func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFEE0
		}
		return r
	}
	for i := range tokens {
		tokens[i].Text = strings.Map(fold, tokens[i].Text)
	}
	return tokens
}

// bigrams replaces runs of Han, Hangul and kana by overlapping pairs; a single
// character stays as it is.
func bigrams(tokens []Token) []Token {
	var out []Token
	add := func(t Token) {
		t.Position = len(out)
		out = append(out, t)
	}
	for i := 0; i < len(tokens); {
		if !cjkType(tokens[i].Type) {
			add(tokens[i])
			i++
			continue
		}
		// Tokens that touch each other form one run.
		j := i + 1
		for j < len(tokens) && cjkType(tokens[j].Type) && tokens[j].Start == tokens[j-1].End {
			j++
		}
		var run []rune
		for _, t := range tokens[i:j] {
			run = append(run, []rune(t.Text)...)
		}
		start := tokens[i].Start
		if len(run) == 1 {
			t := tokens[i]
			t.Type = "<SINGLE>"
			add(t)
		}
		for k := 0; k+1 < len(run); k++ {
			first, second := width16(run[k]), width16(run[k+1])
			add(Token{Text: string(run[k : k+2]), Start: start, End: start + first + second, Type: "<DOUBLE>"})
			start += first
		}
		i = j
	}
	return out
}

func cjkType(t string) bool {
	return t == "<HANGUL>" || t == "<IDEOGRAPHIC>" || t == "<HIRAGANA>" || t == "<KATAKANA>"
}

func width16(r rune) int {
	if r > 0xFFFF && utf8.ValidRune(r) {
		return 2
	}
	return 1
}
