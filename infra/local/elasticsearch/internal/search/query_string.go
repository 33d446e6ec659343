package search

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// queryString is query_string: Lucene's query language.
type queryString struct {
	text    string
	fields  []weighted
	and     bool
	lenient bool
}

func parseQueryString(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := queryString{}
	found := false
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "query":
			q.text, found = m.Text(), true
		case "default_field":
			q.fields = []weighted{{m.Text(), 1}}
		case "fields":
			q.fields, err = parseFields(m)
		case "default_operator":
			q.and, err = operator(m.Text())
		case "lenient":
			q.lenient = m.Text() == "true"
		case "analyze_wildcard", "allow_leading_wildcard":
		default:
			var known bool
			if known, err = c.take(m); err == nil && !known {
				err = eserr.Parsing(m.Start(), "[query_string] query does not support [%s]", m.Key())
			}
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, eserr.Parsing(v.End(), "query_string must be provided with a [query]")
	}
	return c.wrap(q), nil
}

// FromURL is the query of the parameter q of a search.
func FromURL(text string, and bool) Query { return queryString{text: text, and: and} }

func (q queryString) eval(r *Reader) (matches, *eserr.Error) {
	fields, all := r.expand(q.fields)
	p := luceneParser{src: []rune(q.text), and: q.and, fields: fields, lenient: q.lenient || all}
	query, err := p.list(fields)
	if err == nil && p.i < len(p.src) {
		err = p.unexpected()
	}
	if err != nil {
		cause := lucene("Cannot parse '" + q.text + "': " + err.Error()).By(lucene(err.Error()))
		return matches{}, eserr.New(400, "query_shard_exception", "Failed to parse query [%s]", q.text).In(r.Index, r.UUID).By(cause)
	}
	return query.eval(r)
}

func lucene(reason string) *eserr.Error {
	e := eserr.New(400, "parse_exception", "%s", reason)
	e.Foreign = true
	return e
}

type luceneParser struct {
	src     []rune
	i       int
	and     bool
	fields  []weighted
	lenient bool
}

// expecting is what Lucene lists when a query ends too early.
const expecting = "\nWas expecting one of:\n    <NOT> ...\n    \"+\" ...\n    \"-\" ...\n    <BAREOPER> ...\n    \"(\" ...\n    \"*\" ...\n    <QUOTED> ...\n    <TERM> ...\n    <PREFIXTERM> ...\n    <WILDTERM> ...\n    <REGEXPTERM> ...\n    \"[\" ...\n    \"{\" ...\n    <NUMBER> ...\n    <TERM> ...\n    \"*\" ...\n    "

func (p *luceneParser) unexpected() error {
	if p.i >= len(p.src) {
		//lint:ignore ST1005 Lucene's text
		return fmt.Errorf("Encountered \"<EOF>\" at line 1, column %d.%s", len(p.src), expecting)
	}
	//lint:ignore ST1005 Lucene's text
	return fmt.Errorf("Encountered \" \"%c\" \"%c \"\" at line 1, column %d.%s", p.src[p.i], p.src[p.i], p.i, expecting)
}

func (p *luceneParser) space() {
	for p.i < len(p.src) && unicode.IsSpace(p.src[p.i]) {
		p.i++
	}
}

// word takes a keyword such as AND if it stands here.
func (p *luceneParser) word(words ...string) bool {
	for _, w := range words {
		rest := string(p.src[p.i:])
		if !strings.HasPrefix(rest, w) {
			continue
		}
		after := p.i + len([]rune(w))
		if unicode.IsLetter([]rune(w)[0]) && after < len(p.src) && !unicode.IsSpace(p.src[after]) && p.src[after] != '(' && p.src[after] != ')' {
			continue
		}
		p.i = after
		return true
	}
	return false
}

// list reads clauses up to the end or a closing bracket.
func (p *luceneParser) list(fields []weighted) (Query, error) {
	type clause struct {
		q       Query
		must    bool
		exclude bool
	}
	var clauses []clause
	for {
		p.space()
		if p.i >= len(p.src) || p.src[p.i] == ')' {
			break
		}
		and, or := false, false
		if len(clauses) > 0 {
			if and = p.word("AND", "&&"); !and {
				or = p.word("OR", "||")
			}
			p.space()
		}
		c := clause{must: p.and && !or}
		switch {
		case p.word("NOT", "!"), p.word("-"):
			c.exclude = true
		case p.word("+"):
			c.must = true
		}
		p.space()
		if p.i >= len(p.src) || p.src[p.i] == ')' {
			return nil, p.unexpected()
		}
		if and {
			c.must = true
			clauses[len(clauses)-1].must = true
		} else if or && p.and {
			clauses[len(clauses)-1].must = false
		}
		q, err := p.clause(fields)
		if err != nil {
			return nil, err
		}
		c.q = q
		clauses = append(clauses, c)
	}
	if len(clauses) == 0 {
		if p.i < len(p.src) {
			return nil, p.unexpected()
		}
		return matchNone{}, nil
	}
	out := boolQuery{}
	for _, c := range clauses {
		switch {
		case c.exclude:
			out.mustNot = append(out.mustNot, c.q)
		case c.must:
			out.must = append(out.must, c.q)
		default:
			out.should = append(out.should, c.q)
		}
	}
	return out, nil
}

func (p *luceneParser) clause(fields []weighted) (Query, error) {
	start := p.i
	if name, ok := p.fieldName(); ok {
		if name == "_exists_" {
			return exists{p.token()}, nil
		}
		fields = []weighted{{name, 1}}
		p.space()
		if p.i >= len(p.src) {
			return nil, p.unexpected()
		}
	} else {
		p.i = start
	}
	q, err := p.operand(fields)
	if err != nil {
		return nil, err
	}
	if p.i < len(p.src) && p.src[p.i] == '^' {
		p.i++
		f, numErr := strconv.ParseFloat(p.token(), 32)
		if numErr != nil {
			return nil, p.unexpected()
		}
		q = boosted{q, float32(f)}
	}
	return q, nil
}

func (p *luceneParser) fieldName() (string, bool) {
	name := p.token()
	if name == "" || p.i >= len(p.src) || p.src[p.i] != ':' {
		return "", false
	}
	p.i++
	return name, true
}

// token reads characters up to the next that has a meaning.
func (p *luceneParser) token() string {
	var out []rune
	for p.i < len(p.src) {
		c := p.src[p.i]
		if c == '\\' && p.i+1 < len(p.src) {
			out = append(out, p.src[p.i+1])
			p.i += 2
			continue
		}
		if unicode.IsSpace(c) || strings.ContainsRune("\"():^[]{}~", c) {
			break
		}
		out = append(out, c)
		p.i++
	}
	return string(out)
}

func (p *luceneParser) operand(fields []weighted) (Query, error) {
	switch c := p.src[p.i]; c {
	case '(':
		p.i++
		q, err := p.list(fields)
		if err != nil {
			return nil, err
		}
		if p.i >= len(p.src) {
			return nil, p.unexpected()
		}
		p.i++
		return q, nil
	case '"':
		for j := p.i + 1; j < len(p.src); j++ {
			if p.src[j] == '"' {
				text := string(p.src[p.i+1 : j])
				p.i = j + 1
				slop := p.tilde()
				return p.each(fields, func(f string) Query {
					return match{field: f, text: text, kind: "phrase", slop: slop, lenient: p.lenient}
				}), nil
			}
		}
		p.i = len(p.src)
		return nil, p.unexpected()
	case '[', '{':
		return p.bounds(fields)
	case ')', ']', '}', ':', '^':
		return nil, p.unexpected()
	case '/':
		return nil, p.unexpected()
	}
	for _, op := range []string{">=", "<=", ">", "<"} {
		if strings.HasPrefix(string(p.src[p.i:]), op) {
			p.i += len(op)
			text := p.token()
			return p.each(fields, func(f string) Query {
				q := rangeQuery{field: f, withLo: op == ">=", withHi: op == "<="}
				if op[0] == '>' {
					q.lo = &text
				} else {
					q.hi = &text
				}
				return q
			}), nil
		}
	}
	text := p.token()
	if text == "" {
		return nil, p.unexpected()
	}
	if p.i < len(p.src) && p.src[p.i] == '~' {
		edits := p.tilde()
		if edits == 0 {
			edits = 2
		}
		return p.each(fields, func(f string) Query {
			return pattern{kind: "fuzzy", field: f, text: strings.ToLower(text), edits: edits}
		}), nil
	}
	return p.each(fields, func(f string) Query {
		switch {
		case text == "*":
			return exists{f}
		case strings.ContainsAny(text, "*?"):
			return lowered{pattern{kind: "wildcard", field: f, text: text}}
		}
		return match{field: f, text: text, and: p.and, lenient: p.lenient}
	}), nil
}

// tilde reads ~ and a number.
func (p *luceneParser) tilde() int {
	if p.i >= len(p.src) || p.src[p.i] != '~' {
		return 0
	}
	p.i++
	n := 0
	for p.i < len(p.src) && p.src[p.i] >= '0' && p.src[p.i] <= '9' && n < 100 {
		n = n*10 + int(p.src[p.i]-'0')
		p.i++
	}
	return n
}

// bounds reads [a TO b} with * for an open end.
func (p *luceneParser) bounds(fields []weighted) (Query, error) {
	withLo := p.src[p.i] == '['
	p.i++
	end := p.i
	for end < len(p.src) && p.src[end] != ']' && p.src[end] != '}' {
		end++
	}
	if end == len(p.src) {
		p.i = end
		return nil, p.unexpected()
	}
	lo, hi, ok := strings.Cut(string(p.src[p.i:end]), " TO ")
	if !ok {
		return nil, p.unexpected()
	}
	withHi := p.src[end] == ']'
	p.i = end + 1
	bound := func(text string) *string {
		if text = strings.Trim(strings.TrimSpace(text), `"`); text == "*" {
			return nil
		}
		return &text
	}
	return p.each(fields, func(f string) Query {
		return rangeQuery{field: f, lo: bound(lo), hi: bound(hi), withLo: withLo, withHi: withHi}
	}), nil
}

func (p *luceneParser) each(fields []weighted, make func(field string) Query) Query {
	if len(fields) == 1 {
		return boosted{make(fields[0].field), fields[0].boost}
	}
	var list []Query
	for _, w := range fields {
		q := make(w.field)
		if p.lenient {
			q = tolerant{q}
		}
		list = append(list, boosted{q, w.boost})
	}
	return disMax{queries: list}
}

// tolerant matches nothing where its query would fail.
type tolerant struct{ q Query }

func (t tolerant) eval(r *Reader) (matches, *eserr.Error) {
	m, err := t.q.eval(r)
	if err != nil {
		return r.none(), nil
	}
	return m, nil
}

// lowered lower-cases the pattern on analysed fields.
type lowered struct{ p pattern }

func (l lowered) eval(r *Reader) (matches, *eserr.Error) {
	if f, _ := r.Mapping.Field(l.p.field); f != nil && f.Analyzer != nil {
		l.p.text = strings.ToLower(l.p.text)
	}
	return l.p.eval(r)
}
