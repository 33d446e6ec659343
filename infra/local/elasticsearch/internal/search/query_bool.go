package search

import (
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// boolean query: every must and filter, no must_not, enough of should.
type boolQuery struct {
	must, filter, mustNot, should []Query
	minimum                       string
}

// boolNames are the names for which a typing mistake gets a suggestion.
var boolNames = []string{"must", "must_not", "mustNot", "should", "filter", "minimum_should_match", "boost", "_name", "adjust_pure_negative"}

func parseBool(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := boolQuery{}
	for m := range v.Members() {
		var to *[]Query
		switch m.Key() {
		case "must":
			to = &q.must
		case "filter":
			to = &q.filter
		case "must_not", "mustNot":
			to = &q.mustNot
		case "should":
			to = &q.should
		case "minimum_should_match":
			q.minimum = m.Text()
			continue
		case "adjust_pure_negative":
			continue
		default:
			if known, err := c.take(m); err != nil {
				return nil, err
			} else if !known {
				return nil, eserr.XContent(m.KeyPos(), "[bool] unknown field [%s]%s", m.Key(), xcontent.Suggest(m.Key(), boolNames))
			}
			continue
		}
		var err *eserr.Error
		if *to, err = parseClauses(m); err != nil {
			return nil, err
		}
	}
	return c.wrap(q), nil
}

func parseClauses(v xcontent.Value) ([]Query, *eserr.Error) {
	if v.Kind() != xcontent.Array {
		q, err := ParseQuery(v)
		return []Query{q}, err
	}
	var out []Query
	for m := range v.Members() {
		q, err := ParseQuery(m)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

func (q boolQuery) eval(r *Reader) (matches, *eserr.Error) {
	need := 0
	if len(q.should) > 0 && len(q.must) == 0 && len(q.filter) == 0 {
		need = 1
	}
	if q.minimum != "" {
		n, err := minimumOf(q.minimum, len(q.should))
		if err != nil {
			return matches{}, r.shard(err)
		}
		need = n
	}
	var bits *inverted.Bits
	narrow := func(b *inverted.Bits) {
		if bits == nil {
			bits = b.Clone()
		} else {
			bits.And(b)
		}
	}
	var scored []matches
	for _, c := range termsLast(q.filter) {
		if t, ok := c.(term); ok && bits != nil && bits.Count() < int(r.Limit)/few && t.filter(r, bits) {
			continue
		}
		m, err := c.eval(r.silent())
		if err != nil {
			return m, err
		}
		narrow(m.bits)
	}
	for _, c := range q.must {
		m, err := c.eval(r)
		if err != nil {
			return m, err
		}
		narrow(m.bits)
		scored = append(scored, m)
	}
	var optional []matches
	for _, c := range q.should {
		m, err := c.eval(r)
		if err != nil {
			return m, err
		}
		optional = append(optional, m)
	}
	if need > 0 {
		narrow(atLeast(optional, need))
	}
	if bits == nil {
		bits = r.universe().Clone()
	}
	for _, c := range q.mustNot {
		m, err := c.eval(r.silent())
		if err != nil {
			return m, err
		}
		bits.AndNot(m.bits)
	}
	out := matches{bits: bits}
	if len(q.must)+len(q.should)+len(q.filter)+len(q.mustNot) == 0 {
		out.score = 1
	}
	if r.scoring && len(scored)+len(optional) > 0 {
		out.scores = r.room()
		for _, m := range append(scored, optional...) {
			m.bits = m.bits.Clone().And(bits)
			r.add(out.scores, m)
		}
	}
	return out, nil
}

// few is the part of all documents below which it is cheaper to look at each than
// to mark all documents of a term.
const few = 16

// termsLast puts the term queries behind the others: often they match most
// documents, and what the others leave can be looked at one by one.
func termsLast(list []Query) []Query {
	isTerm := func(q Query) bool { _, ok := q.(term); return ok }
	if len(list) < 2 || !slices.ContainsFunc(list, isTerm) {
		return list
	}
	out := make([]Query, 0, len(list))
	for _, last := range []bool{false, true} {
		for _, q := range list {
			if isTerm(q) == last {
				out = append(out, q)
			}
		}
	}
	return out
}

// silent is a reader that computes no scores.
func (r *Reader) silent() *Reader {
	if !r.scoring {
		return r
	}
	sub := *r
	sub.scoring = false
	return &sub
}

// atLeast finds what stands in n of the sets.
func atLeast(sets []matches, n int) *inverted.Bits {
	if n == 1 {
		out := &inverted.Bits{}
		for _, m := range sets {
			out.Or(m.bits)
		}
		return out
	}
	counts := map[uint32]int{}
	out := &inverted.Bits{}
	for _, m := range sets {
		for ord := range m.bits.All() {
			if counts[ord]++; counts[ord] == n {
				out.Set(ord)
			}
		}
	}
	return out
}

// minimumOf reads minimum_should_match: 2, -1, 75%, -25%, 2<75%.
func minimumOf(text string, clauses int) (int, *eserr.Error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "<") {
		n := clauses
		for part := range strings.FieldsSeq(text) {
			limit, rule, _ := strings.Cut(part, "<")
			bound, err := strconv.Atoi(limit)
			if err != nil {
				return 0, eserr.NumberFormat(limit)
			}
			if clauses <= bound {
				return n, nil
			}
			m, bad := minimumOf(rule, clauses)
			if bad != nil {
				return 0, bad
			}
			n = m
		}
		return n, nil
	}
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0, eserr.NumberFormat(number)
	}
	if percent {
		// Truncation towards zero, also for negative ones.
		n = clauses * n / 100
	}
	if n < 0 {
		n += clauses
	}
	return max(n, 0), nil
}

// disMax matches any of its queries and takes the best score.
type disMax struct {
	queries []Query
	tie     float32
}

func parseDisMax(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	q := disMax{}
	for m := range v.Members() {
		switch m.Key() {
		case "queries":
			list, err := parseClauses(m)
			if err != nil {
				return nil, err
			}
			q.queries = list
		case "tie_breaker":
			f, err := strconv.ParseFloat(m.Text(), 32)
			if err != nil {
				return nil, eserr.NumberFormat(m.Text())
			}
			q.tie = float32(f)
		default:
			if known, err := c.take(m); err != nil {
				return nil, err
			} else if !known {
				return nil, eserr.Parsing(m.Start(), "[dis_max] query does not support [%s]", m.Key())
			}
		}
	}
	if q.queries == nil {
		return nil, eserr.Parsing(v.End(), "[dis_max] requires 'queries' field with at least one clause")
	}
	return c.wrap(q), nil
}

func (q disMax) eval(r *Reader) (matches, *eserr.Error) {
	out := matches{bits: &inverted.Bits{}}
	var all []matches
	for _, c := range q.queries {
		m, err := c.eval(r)
		if err != nil {
			return m, err
		}
		out.bits.Or(m.bits)
		all = append(all, m)
	}
	if r.scoring {
		out.scores = r.room()
		sum := r.room()
		for _, m := range all {
			r.best(out.scores, m)
			r.add(sum, m)
		}
		for i := range out.scores {
			out.scores[i] += q.tie * (sum[i] - out.scores[i])
		}
	}
	return out, nil
}

// constantScore gives every match the same score.
type constantScore struct{ q Query }

func parseConstantScore(v xcontent.Value) (Query, *eserr.Error) {
	c := common{boost: 1}
	var q Query
	for m := range v.Members() {
		if m.Key() == "filter" {
			inner, err := ParseQuery(m)
			if err != nil {
				return nil, err
			}
			q = inner
			continue
		}
		if known, err := c.take(m); err != nil {
			return nil, err
		} else if !known {
			return nil, eserr.Parsing(m.Start(), "[constant_score] query does not support [%s]", m.Key())
		}
	}
	if q == nil {
		return nil, eserr.Parsing(v.End(), "[constant_score] requires a 'filter' element")
	}
	return c.wrap(constantScore{q}), nil
}

func (q constantScore) eval(r *Reader) (matches, *eserr.Error) {
	m, err := q.q.eval(r.silent())
	if err != nil {
		return m, err
	}
	return constant(m.bits), nil
}

// Any matches what one of the queries matches.
func Any(queries []Query) Query { return boolQuery{should: queries} }
