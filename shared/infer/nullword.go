package infer

import "slices"

// DefaultNullWords are texts that people and programs write for "no value". They steer
// inference: a column of numbers with some n/a is a column of numbers. In text columns
// they are text like any other (NA is Namibia). Case does not matter.
var DefaultNullWords = []string{"n/a", "n.a.", "na", "#n/a", "null", "none", "nil", "nan", "-nan", "inf", "+inf", "-inf",
	"infinity", "+infinity", "-infinity", "-", "--", "?", "없음"}

// nullWords is a set of words with a filter for cells that cannot be among them.
type nullWords struct {
	words map[string]bool
	first [256]bool
	max   int
}

const maxNullWord = 32

func newNullWords(list []string) *nullWords {
	n := &nullWords{words: make(map[string]bool, len(list))}
	for _, word := range list {
		word = string(lower(nil, trim(word)))
		if word == "" || len(word) > maxNullWord {
			continue
		}
		n.words[word] = true
		n.first[word[0]] = true
		if c := word[0]; c >= 'a' && c <= 'z' {
			n.first[c&^0x20] = true
		}
		n.max = max(n.max, len(word))
	}
	return n
}

// has reports whether a cell, trimmed and not empty, is one of the words.
func (n *nullWords) has(s string) bool {
	if len(s) > n.max || !n.first[s[0]] {
		return false
	}
	var buf [maxNullWord]byte
	return n.words[string(lower(buf[:0], s))]
}

func (n *nullWords) list() []string {
	var out []string
	for word := range n.words {
		out = append(out, word)
	}
	slices.Sort(out)
	return out
}
