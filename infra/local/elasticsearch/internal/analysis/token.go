package analysis

// Token is one word of a text.
type Token struct {
	Text string
	// Start and End are offsets in UTF-16 units, as the real server counts.
	Start, End int
	// Position grows by one per word; removed stop words leave a gap.
	Position int
	// Type is for example "<ALPHANUM>", "<HANGUL>" or "word".
	Type string
}

// Analyzer cuts a text into tokens.
type Analyzer interface {
	Analyze(text string) []Token
}

type tokenizer func(text string) []Token

type filter func([]Token) []Token

// chain is a tokenizer followed by filters.
type chain struct {
	cut     tokenizer
	filters []filter
}

func (c chain) Analyze(text string) []Token {
	tokens := c.cut(text)
	for _, f := range c.filters {
		tokens = f(tokens)
	}
	return tokens
}
