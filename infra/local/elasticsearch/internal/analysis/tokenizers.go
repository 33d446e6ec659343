package analysis

import (
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/segment"
)

// maxTokenLength is where the standard tokenizer cuts a word.
const maxTokenLength = 255

// standardTokens cuts at the word boundaries of UAX #29.
func standardTokens(text string) []Token {
	if tokens, ok := asciiTokens(text); ok {
		return tokens
	}
	var tokens []Token
	s := segment.NewWordSegmenterDirect([]byte(text))
	at := 0 // UTF-16 units
	for s.Segment() {
		word := s.Bytes()
		start := at
		at += utf16Len(word)
		kind := wordType(s.Type(), word)
		if kind == "" || onlyUnderscores(word) {
			continue
		}
		for len(word) > 0 {
			part := word
			if end := cutAt(word, maxTokenLength); end < len(word) {
				part = word[:end]
			}
			n := utf16Len(part)
			tokens = append(tokens, Token{Text: string(part), Start: start, End: start + n, Position: len(tokens), Type: kind})
			start += n
			word = word[len(part):]
		}
	}
	return tokens
}

// asciiTokens is the same rule for plain ASCII text, many times faster. It
// declines when it meets anything else.
func asciiTokens(text string) ([]Token, bool) {
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			return nil, false
		}
	}
	var tokens []Token
	for i := 0; i < len(text); {
		if class(text[i]) == other {
			i++
			continue
		}
		start, kind := i, "<NUM>"
		for i < len(text) {
			if c := class(text[i]); c == letter || c == underscore || c == digit {
				if c == letter {
					kind = "<ALPHANUM>"
				}
				i++
				continue
			}
			if i+1 >= len(text) || !joins(text[i-1], text[i], text[i+1]) {
				break
			}
			i++
		}
		if onlyUnderscores([]byte(text[start:i])) {
			continue
		}
		for from := start; from < i; from += maxTokenLength {
			end := min(i, from+maxTokenLength)
			tokens = append(tokens, Token{Text: text[from:end], Start: from, End: end, Position: len(tokens), Type: kind})
		}
	}
	return tokens, true
}

const (
	other = iota
	letter
	digit
	underscore
)

func class(c byte) int {
	switch {
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return letter
	case c >= '0' && c <= '9':
		return digit
	case c == '_':
		return underscore
	}
	return other
}

// joins says whether a mark between two characters does not end the word:
// example.com, don't, 3.14, 1,000.
func joins(before, mark, after byte) bool {
	switch mark {
	case '.', '\'':
		return class(before) == class(after) && (class(before) == letter || class(before) == digit)
	case ':':
		return class(before) == letter && class(after) == letter
	case ',', ';':
		return class(before) == digit && class(after) == digit
	}
	return false
}

func onlyUnderscores(s []byte) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '_' {
			return false
		}
	}
	return true
}

func wordType(kind int, word []byte) string {
	r, _ := utf8.DecodeRune(word)
	switch {
	case unicode.Is(unicode.Hangul, r):
		return "<HANGUL>"
	case unicode.Is(unicode.Han, r):
		return "<IDEOGRAPHIC>"
	case unicode.Is(unicode.Hiragana, r):
		return "<HIRAGANA>"
	case unicode.Is(unicode.Katakana, r) || r == 'ー':
		return "<KATAKANA>"
	}
	switch kind {
	case segment.Number:
		return "<NUM>"
	case segment.Letter, segment.Kana, segment.Ideo:
		return "<ALPHANUM>"
	}
	// Emoji are words for the real server too.
	if r >= 0x1F300 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF {
		return "<EMOJI>"
	}
	return ""
}

// cutAt returns the byte offset behind n UTF-16 units.
func cutAt(word []byte, n int) int {
	i := 0
	for i < len(word) && n > 0 {
		r, size := utf8.DecodeRune(word[i:])
		if n--; r > 0xFFFF {
			n--
		}
		i += size
	}
	return i
}

func utf16Len(b []byte) int {
	n := 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if n++; r > 0xFFFF {
			n++
		}
		b = b[size:]
	}
	return n
}

// runs cuts a text into runs of characters that belong to a word.
func runs(text string, inWord func(rune) bool) []Token {
	var tokens []Token
	at, start, from := 0, -1, 0
	flush := func(end int) {
		if start >= 0 {
			tokens = append(tokens, Token{Text: text[start:end], Start: from, End: at, Position: len(tokens), Type: "word"})
			start = -1
		}
	}
	for i, r := range text {
		if inWord(r) {
			if start < 0 {
				start, from = i, at
			}
		} else {
			flush(i)
		}
		if at++; r > 0xFFFF {
			at++
		}
	}
	flush(len(text))
	return tokens
}

func letterTokens(text string) []Token { return runs(text, unicode.IsLetter) }

func whitespaceTokens(text string) []Token {
	return runs(text, func(r rune) bool { return !unicode.IsSpace(r) })
}

func keywordTokens(text string) []Token {
	if text == "" {
		return nil
	}
	return []Token{{Text: text, End: utf16Len([]byte(text)), Type: "word"}}
}
