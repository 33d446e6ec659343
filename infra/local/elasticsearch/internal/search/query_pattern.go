package search

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// pattern is a query on the text of terms: prefix, wildcard, regexp, fuzzy.
type pattern struct {
	kind       string
	field      string
	text       string
	ignoreCase bool
	edits      int // fuzzy: allowed edits, -1 means AUTO
	prefix     int // fuzzy: leading characters that must agree
}

func parsePattern(v xcontent.Value, kind, allowed string) (params, pattern, *eserr.Error) {
	p, err := parseField(v, kind, "value", "case_insensitive rewrite "+allowed)
	if err != nil {
		return p, pattern{}, err
	}
	return p, pattern{kind: kind, field: p.field, text: p.value.Text(), ignoreCase: p.text("case_insensitive", "") == "true", edits: -1}, nil
}

func parsePrefix(v xcontent.Value) (Query, *eserr.Error) {
	p, q, err := parsePattern(v, "prefix", "")
	return p.wrap(q), err
}

func parseWildcard(v xcontent.Value) (Query, *eserr.Error) {
	p, q, err := parsePattern(v, "wildcard", "wildcard")
	if err != nil && strings.Contains(err.Reason, "cannot be null") {
		if w, ok := p.other["wildcard"]; ok {
			return p.wrap(pattern{kind: "wildcard", field: p.field, text: w.Text(), ignoreCase: p.text("case_insensitive", "") == "true"}), nil
		}
	}
	return p.wrap(q), err
}

func parseRegexp(v xcontent.Value) (Query, *eserr.Error) {
	p, q, err := parsePattern(v, "regexp", "flags max_determinized_states")
	return p.wrap(q), err
}

func parseFuzzy(v xcontent.Value) (Query, *eserr.Error) {
	p, q, err := parsePattern(v, "fuzzy", "fuzziness prefix_length max_expansions transpositions")
	if err != nil {
		return nil, err
	}
	if q.edits, err = fuzziness(p.text("fuzziness", "AUTO")); err != nil {
		return nil, err
	}
	q.prefix, _ = strconv.Atoi(p.text("prefix_length", "0"))
	return p.wrap(q), nil
}

func fuzziness(text string) (int, *eserr.Error) {
	if strings.EqualFold(text, "AUTO") {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 2 {
		return 0, eserr.IllegalArgument("Invalid fuzziness value: %s", text)
	}
	return n, nil
}

func (q pattern) eval(r *Reader) (matches, *eserr.Error) {
	f, key := r.Mapping.Field(q.field)
	if f == nil || f.IsObject() {
		return r.none(), nil
	}
	if f.Class != mapping.Keyword && f.Class != mapping.Text && f.Class != mapping.Flattened {
		if q.kind == "fuzzy" {
			return matches{}, r.shard(eserr.IllegalArgument("Can only use fuzzy queries on keyword and text fields - not on [%s] which is of type [%s]", f.Path, f.Type))
		}
		return matches{}, eserr.New(400, "query_shard_exception", "Can only use %s queries on keyword, text and wildcard fields - not on [%s] which is of type [%s]", q.kind, f.Path, f.Type).In(r.Index, r.UUID)
	}
	if f.Class == mapping.Flattened && key != "" && q.kind != "prefix" {
		return matches{}, r.shard(eserr.New(400, "unsupported_operation_exception", "[%s] queries are not currently supported on keyed [flattened] fields.", q.kind))
	}
	if !f.Searchable() {
		return matches{}, r.shard(notSearchable(f))
	}
	text := q.text
	if f.Class == mapping.Keyword {
		text = analysis.Normalize(f.Normalizer, text)
	}
	if q.kind == "prefix" && !q.ignoreCase {
		return r.prefixed(f, key, text), nil
	}
	fits, err := q.matcher(r, text)
	if err != nil {
		return matches{}, err
	}
	if q.kind == "fuzzy" && f.Class == mapping.Text {
		return r.words(f, fits), nil
	}
	return r.eachTerm(f, key, fits), nil
}

// prefixed uses the order of the dictionary.
func (r *Reader) prefixed(f *mapping.Field, key, prefix string) matches {
	return marked(func(b *inverted.Bits) {
		r.strings(f, key, func(d dictionary) {
			for _, id := range d.Between(prefix, prefix+"\U0010FFFF", false) {
				d.mark(id, r.Limit, b)
			}
		})
	})
}

func (q pattern) matcher(r *Reader, text string) (func(string) bool, *eserr.Error) {
	switch q.kind {
	case "prefix":
		lower := strings.ToLower(text)
		return func(s string) bool { return strings.HasPrefix(strings.ToLower(s), lower) }, nil
	case "fuzzy":
		return fuzzyMatcher(text, q.edits, q.prefix), nil
	case "wildcard":
		var b strings.Builder
		for i := 0; i < len(text); i++ {
			switch c := text[i]; {
			case c == '*':
				b.WriteString("(?s:.*)")
			case c == '?':
				b.WriteString("(?s:.)")
			case c == '\\' && i+1 < len(text):
				i++
				b.WriteString(regexp.QuoteMeta(text[i : i+1]))
			default:
				b.WriteString(quoteByte(c))
			}
		}
		return q.compile(r, b.String())
	}
	if msg := unclosed(text); msg != "" {
		return nil, r.shard(eserr.IllegalArgument("%s", msg))
	}
	return q.compile(r, luceneRegexp(text))
}

func quoteByte(c byte) string {
	if c >= 0x80 {
		return string([]byte{c})
	}
	return regexp.QuoteMeta(string(rune(c)))
}

// unclosed finds the frequent mistakes with Lucene's wording.
func unclosed(text string) string {
	class, groups := false, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			groups++
		case c == ')':
			groups--
		}
	}
	switch {
	case class:
		return fmt.Sprintf("expected ']' at position %d", len(text))
	case groups > 0:
		return fmt.Sprintf("expected ')' at position %d", len(text))
	}
	return ""
}

// luceneRegexp escapes what is special for Go but not for Lucene.
func luceneRegexp(text string) string {
	return strings.NewReplacer("^", `\^`, "[^", "[^", "$", `\$`).Replace(text)
}

func (q pattern) compile(r *Reader, expr string) (func(string) bool, *eserr.Error) {
	if q.ignoreCase {
		expr = "(?i)" + expr
	}
	re, err := regexp.Compile("^(?:" + expr + ")$")
	if err != nil {
		return nil, r.shard(eserr.IllegalArgument("%s", err.Error()))
	}
	return re.MatchString, nil
}

// fuzzyMatcher allows a number of edits; AUTO is none up to 2 letters, one up
// to 5, else two. Swapped neighbours count as one.
func fuzzyMatcher(text string, edits, prefix int) func(string) bool {
	want := []rune(text)
	if edits < 0 {
		switch n := len(want); {
		case n < 3:
			edits = 0
		case n < 6:
			edits = 1
		default:
			edits = 2
		}
	}
	head := string(want[:min(prefix, len(want))])
	return func(s string) bool {
		return strings.HasPrefix(s, head) && within(want, []rune(s), edits)
	}
}

// within reports whether the distance of two words is at most n.
func within(a, b []rune, n int) bool {
	if len(a)-len(b) > n || len(b)-len(a) > n {
		return false
	}
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		two, one, now := rows[(i+1)%3], rows[(i-1)%3], rows[i%3]
		now[0] = i
		for j := 1; j <= len(b); j++ {
			d := one[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, one[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, two[j-2]+1)
			}
			now[j] = d
		}
	}
	return rows[len(a)%3][len(b)] <= n
}
