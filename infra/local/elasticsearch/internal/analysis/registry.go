package analysis

import (
	"fmt"
	"maps"
	"strings"
)

// Registry holds the analyzers and normalizers of one index.
type Registry struct {
	analyzers   map[string]Analyzer
	normalizers map[string]Analyzer
}

// builtin are the analyzers that every index has. nori needs a dictionary that
// is not here: it is approximated by the bigrams of cjk, which find at least
// what nori finds inside a word, but cut it differently.
var builtin = map[string]Analyzer{
	"standard":   chain{standardTokens, []filter{lowercase}},
	"default":    chain{standardTokens, []filter{lowercase}},
	"simple":     chain{letterTokens, []filter{lowercase}},
	"whitespace": chain{whitespaceTokens, nil},
	"stop":       chain{letterTokens, []filter{lowercase, stop(english)}},
	"keyword":    chain{keywordTokens, nil},
	"cjk":        cjk,
	"nori":       cjk,
}

var cjk = chain{standardTokens, []filter{cjkWidth, lowercase, bigrams, stop(cjkStop)}}

var tokenizers = map[string]tokenizer{
	"standard": standardTokens, "letter": letterTokens, "whitespace": whitespaceTokens, "keyword": keywordTokens,
	"lowercase": func(s string) []Token { return lowercase(letterTokens(s)) },
}

var filters = map[string]filter{
	"lowercase": lowercase, "uppercase": uppercase, "trim": trim,
	"stop": stop(english), "cjk_width": cjkWidth, "cjk_bigram": bigrams,
}

// Custom describes an analyzer or normalizer of the index settings.
type Custom struct {
	Tokenizer string
	Filters   []string
}

// NewRegistry adds the custom analyzers of an index to the built-in ones.
func NewRegistry(analyzers, normalizers map[string]Custom) (*Registry, error) {
	r := &Registry{analyzers: maps.Clone(builtin), normalizers: map[string]Analyzer{
		"lowercase": chain{keywordTokens, []filter{lowercase}},
	}}
	for name, c := range analyzers {
		// A built-in name means that analyzer under another name.
		if base, ok := strings.CutPrefix(c.Tokenizer, "type:"); ok {
			a, ok := builtin[base]
			if !ok {
				//lint:ignore ST1005 the real server's text
				return nil, fmt.Errorf("Unknown analyzer type [%s] for [%s]", base, name)
			}
			r.analyzers[name] = a
			continue
		}
		cut, ok := tokenizers[c.Tokenizer]
		if !ok {
			return nil, fmt.Errorf("Custom Analyzer [%s] failed to find tokenizer under name [%s]", name, c.Tokenizer)
		}
		fs, err := lookup("Custom Analyzer", name, c.Filters)
		if err != nil {
			return nil, err
		}
		r.analyzers[name] = chain{cut, fs}
	}
	for name, c := range normalizers {
		fs, err := lookup("Custom normalizer", name, c.Filters)
		if err != nil {
			return nil, err
		}
		r.normalizers[name] = chain{keywordTokens, fs}
	}
	return r, nil
}

func lookup(kind, name string, list []string) ([]filter, error) {
	var out []filter
	for _, f := range list {
		fn, ok := filters[f]
		if !ok {
			return nil, fmt.Errorf("%s [%s] failed to find filter under name [%s]", kind, name, f)
		}
		out = append(out, fn)
	}
	return out, nil
}

// Analyzer returns an analyzer by name, nil if there is none.
func (r *Registry) Analyzer(name string) Analyzer {
	if r == nil {
		return builtin[name]
	}
	return r.analyzers[name]
}

// Normalizer returns a normalizer by name, nil if there is none.
func (r *Registry) Normalizer(name string) Analyzer {
	if r == nil {
		return nil
	}
	return r.normalizers[name]
}

// Normalize applies a normalizer to a keyword.
func Normalize(n Analyzer, text string) string {
	if n == nil {
		return text
	}
	if tokens := n.Analyze(text); len(tokens) == 1 {
		return tokens[0].Text
	}
	return text
}
