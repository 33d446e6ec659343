package search

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// simpleQuery is simple_query_string: words, "phrases", prefix*, +, |, -, ( ).
// It never fails for its text.
type simpleQuery struct {
	text    string
	fields  []weighted
	and     bool
	lenient bool
	minimum string
}

func parseSimpleQueryString(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := simpleQuery{}
	found := false
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "query":
			q.text, found = m.Text(), true
		case "fields":
			q.fields, err = parseFields(m)
		case "default_operator":
			q.and, err = operator(m.Text())
		case "lenient":
			q.lenient = m.Text() == "true"
		case "minimum_should_match":
			q.minimum = m.Text()
		case "analyze_wildcard", "auto_generate_synonyms_phrase_query":
		default:
			var known bool
			if known, err = c.take(m); err == nil && !known {
				err = eserr.Parsing(m.Start(), "[simple_query_string] unsupported field [%s]", m.Key())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, eserr.Parsing(v.End(), "[simple_query_string] query text missing")
	}
	return c.wrap(q), nil
}

func (q simpleQuery) eval(r *Reader) (matches, *eserr.Error) {
	fields, all := r.expand(q.fields)
	lenient := q.lenient || all
	p := simpleParser{text: []rune(q.text), and: q.and, leaf: func(kind, text string) Query {
		var list []Query
		for _, w := range fields {
			m := match{field: w.field, text: text, kind: kind, and: q.and, lenient: lenient}
			list = append(list, boosted{m, w.boost})
		}
		return disMax{queries: list}
	}}
	query := p.expression()
	if query == nil {
		return r.none(), nil
	}
	if b, ok := query.(boolQuery); ok && q.minimum != "" && len(b.should) > 0 {
		b.minimum = q.minimum
		query = b
	}
	return query.eval(r)
}

// simpleParser reads the small language; leaf makes the query of one word or
// phrase.
type simpleParser struct {
	text []rune
	i    int
	and  bool
	leaf func(kind, text string) Query
}

// expression reads up to the end or a closing bracket. As in Lucene, + and |
// bind equally and from left to right: "a | b c" with the default operator and
// means (a | b) and c.
func (p *simpleParser) expression() Query {
	var sum joined
	and, not := p.and, false
	for p.i < len(p.text) {
		switch p.text[p.i] {
		case ' ', '\t', '\n', '\r':
			p.i++
			continue
		case ')':
			p.i++
			return sum.query()
		case '|', '+':
			and = p.text[p.i] == '+'
			p.i++
			continue
		case '-':
			p.i++
			not = !not
			continue
		}
		q := p.operand()
		if q == nil {
			continue
		}
		if not {
			q = boolQuery{mustNot: []Query{q}}
		}
		sum.add(q, and)
		and, not = p.and, false
	}
	return sum.query()
}

// joined is a chain of queries with the same operator between them.
type joined struct {
	list []Query
	and  bool
}

func (j *joined) add(q Query, and bool) {
	if len(j.list) > 1 && j.and != and {
		j.list = []Query{j.query()}
	}
	j.list, j.and = append(j.list, q), and
}

// query returns the chain as one query, nil if it is empty.
func (j *joined) query() Query {
	switch {
	case len(j.list) == 0:
		return nil
	case len(j.list) == 1:
		return j.list[0]
	case j.and:
		return boolQuery{must: j.list}
	}
	return boolQuery{should: j.list}
}

func (p *simpleParser) operand() Query {
	switch p.text[p.i] {
	case '(':
		p.i++
		return p.expression()
	case '"':
		// An unclosed quote is an ordinary character.
		for j := p.i + 1; j < len(p.text); j++ {
			if p.text[j] == '"' {
				phrase := string(p.text[p.i+1 : j])
				p.i = j + 1
				p.skipSlop()
				if strings.TrimSpace(phrase) == "" {
					return nil
				}
				return p.leaf("phrase", phrase)
			}
		}
		p.i++
		return nil
	}
	var word []rune
	for p.i < len(p.text) {
		c := p.text[p.i]
		if c == '\\' && p.i+1 < len(p.text) {
			word = append(word, p.text[p.i+1])
			p.i += 2
			continue
		}
		if strings.ContainsRune(" \t\n\r()|+\"", c) {
			break
		}
		p.i++
		if c == '*' && (p.i == len(p.text) || strings.ContainsRune(" \t\n\r()|+\"", p.text[p.i])) && len(word) > 0 {
			return p.leaf("prefix", string(word))
		}
		word = append(word, c)
	}
	if len(word) == 0 {
		return nil
	}
	return p.leaf("", string(word))
}

// skipSlop passes over the ~2 behind a phrase.
func (p *simpleParser) skipSlop() {
	if p.i < len(p.text) && p.text[p.i] == '~' {
		p.i++
		for p.i < len(p.text) && p.text[p.i] >= '0' && p.text[p.i] <= '9' {
			p.i++
		}
	}
}
