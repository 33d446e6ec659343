package search

import (
	"slices"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// match analyses a text and looks for its words in one field.
type match struct {
	field    string
	text     string
	kind     string // "", "prefix", "phrase", "phrase_prefix", "bool_prefix"
	and      bool
	minimum  string
	lenient  bool
	analyzer string
	fuzzy    string
	zeroAll  bool
	slop     int
}

func parseMatch(v xcontent.Value) (Query, *eserr.Error) {
	return parseMatchAs(v, "match", "", "operator minimum_should_match lenient analyzer fuzziness prefix_length max_expansions zero_terms_query auto_generate_synonyms_phrase_query")
}

func parseMatchPhrase(v xcontent.Value) (Query, *eserr.Error) {
	return parseMatchAs(v, "match_phrase", "phrase", "analyzer slop zero_terms_query")
}

func parseMatchPhrasePrefix(v xcontent.Value) (Query, *eserr.Error) {
	return parseMatchAs(v, "match_phrase_prefix", "phrase_prefix", "analyzer slop max_expansions zero_terms_query")
}

func parseMatchBoolPrefix(v xcontent.Value) (Query, *eserr.Error) {
	return parseMatchAs(v, "match_bool_prefix", "bool_prefix", "operator minimum_should_match analyzer")
}

func parseMatchAs(v xcontent.Value, query, kind, allowed string) (Query, *eserr.Error) {
	p, err := parseField(v, query, "query", allowed)
	if err != nil {
		if strings.Contains(err.Reason, "cannot be null") {
			err = eserr.IllegalArgument("No text specified for text query")
		}
		return nil, err
	}
	m := match{field: p.field, text: p.value.Text(), kind: kind}
	if m.and, err = operator(p.text("operator", "or")); err != nil {
		return nil, err
	}
	m.minimum = p.text("minimum_should_match", "")
	m.lenient = p.text("lenient", "false") == "true"
	m.analyzer = p.text("analyzer", "")
	m.fuzzy = p.text("fuzziness", "")
	m.zeroAll = p.text("zero_terms_query", "none") == "all"
	if v, ok := p.other["slop"]; ok {
		if m.slop, err = integer(v); err != nil {
			return nil, err
		}
	}
	return p.wrap(m), nil
}

func operator(text string) (and bool, err *eserr.Error) {
	switch strings.ToLower(text) {
	case "and":
		return true, nil
	case "or":
		return false, nil
	}
	return false, eserr.IllegalArgument("No enum constant org.elasticsearch.index.query.Operator.%s", strings.ToUpper(text))
}

func (q match) eval(r *Reader) (matches, *eserr.Error) {
	f, _ := r.Mapping.Field(q.field)
	if f == nil && q.field != "_id" {
		return r.none(), nil
	}
	if f == nil || f.Class != mapping.Text {
		return q.exact(r)
	}
	a := f.SearchAnalyzer
	if q.analyzer != "" {
		if a = r.Mapping.Registry().Analyzer(q.analyzer); a == nil {
			return matches{}, r.shard(eserr.IllegalArgument("[%s] analyzer [%s] not found", "match", q.analyzer))
		}
	}
	if q.kind == "prefix" {
		return r.prefixed(f, "", strings.ToLower(q.text)), nil
	}
	tokens := a.Analyze(q.text)
	if len(tokens) == 0 {
		if q.zeroAll {
			return matchAll{}.eval(r)
		}
		return r.none(), nil
	}
	if q.kind == "phrase" || q.kind == "phrase_prefix" {
		return r.phrase(f, tokens, q.slop, q.kind == "phrase_prefix"), nil
	}
	clauses := make([]matches, 0, len(tokens))
	for i, t := range tokens {
		if q.kind == "bool_prefix" && i == len(tokens)-1 {
			clauses = append(clauses, r.prefixed(f, "", t.Text))
			continue
		}
		if q.fuzzy != "" {
			edits, err := fuzziness(q.fuzzy)
			if err != nil {
				return matches{}, err
			}
			clauses = append(clauses, r.words(f, fuzzyMatcher(t.Text, edits, 0)))
			continue
		}
		clauses = append(clauses, r.word(f, t.Text))
	}
	return r.combine(clauses, q.and, q.minimum)
}

// exact is a match on a field without analysis: the same as term.
func (q match) exact(r *Reader) (matches, *eserr.Error) {
	var m matches
	var err *eserr.Error
	if strings.HasSuffix(q.kind, "prefix") {
		m, err = pattern{kind: "prefix", field: q.field, text: q.text}.eval(r)
	} else {
		m, err = term{field: q.field, value: q.text}.eval(r)
	}
	if err != nil && q.lenient {
		return r.none(), nil
	}
	return m, err
}

// combine joins the clauses of the words of a text.
func (r *Reader) combine(clauses []matches, and bool, minimum string) (matches, *eserr.Error) {
	need := 1
	if and {
		need = len(clauses)
	}
	if minimum != "" {
		n, err := minimumOf(minimum, len(clauses))
		if err != nil {
			return matches{}, r.shard(err)
		}
		need = max(need, n)
	}
	out := matches{}
	if need == len(clauses) {
		for _, c := range clauses {
			if out.bits == nil {
				out.bits = c.bits.Clone()
			} else {
				out.bits.And(c.bits)
			}
		}
	} else {
		out.bits = atLeast(clauses, need)
	}
	if r.scoring {
		out.scores = r.room()
		for _, c := range clauses {
			c.bits = c.bits.Clone().And(out.bits)
			r.add(out.scores, c)
		}
	}
	return out, nil
}

// phrase finds the words in their order, at most slop places apart. With
// prefix the last word only needs to begin so.
func (r *Reader) phrase(f *mapping.Field, tokens []analysis.Token, slop int, prefix bool) matches {
	t := r.Texts(f.Path)
	if t == nil {
		return r.none()
	}
	at := make([]map[uint32][]uint32, len(tokens)) // per word: document -> positions
	weight := float32(0)
	for i, token := range tokens {
		at[i] = map[uint32][]uint32{}
		note := func(id uint32) {
			weight += r.idf(t.DocCount(id), len(t.Docs()))
			t.Each(id, r.Limit, func(ord uint32, positions []uint32) {
				if i == 0 || at[i-1][ord] != nil {
					at[i][ord] = append(at[i][ord], positions...)
				}
			})
		}
		if prefix && i == len(tokens)-1 {
			for _, id := range t.Between(token.Text, token.Text+"\U0010FFFF", false) {
				note(id)
			}
		} else if id, ok := t.ID(token.Text); ok {
			note(id)
		}
	}
	out := constant(&inverted.Bits{})
	if r.scoring {
		out.scores = r.room()
	}
	average := t.AverageLength()
	for ord, starts := range at[0] {
		n := 0
		for _, start := range starts {
			if follows(at, ord, start, tokens, slop) {
				n++
			}
		}
		if n == 0 {
			continue
		}
		out.bits.Set(ord)
		if r.scoring {
			out.scores[ord] = frequency(weight, float32(n), t.Length(ord), average)
		}
	}
	return out
}

func follows(at []map[uint32][]uint32, ord, start uint32, tokens []analysis.Token, slop int) bool {
	for i := 1; i < len(tokens); i++ {
		want := int(start) + tokens[i].Position - tokens[0].Position
		if !slices.ContainsFunc(at[i][ord], func(p uint32) bool {
			d := int(p) - want
			return d >= 0 && d <= slop || d < 0 && -d <= slop-1
		}) {
			return false
		}
	}
	return true
}

// integer reads a whole number of a request.
func integer(v xcontent.Value) (int, *eserr.Error) {
	n, ok, err := wholeNumber(v.Text())
	if err != nil || !ok || int64(int32(n)) != n {
		return 0, eserr.XContent(v.Start(), "[%s] failed to parse field", v.Key()).By(eserr.NumberFormat(v.Text()))
	}
	return int(n), nil
}
