package labelquery

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"spiceharvester/shared/problem"
)

// MaxSelect is the most rows of a SELECT.
const MaxSelect = 100

var (
	textSQL    = problem.Define("query.sql", "at character {at}: expected {expected}, found {found}", "{at}번째 문자: {expected}이(가) 필요하지만 {found}이(가) 있습니다.")
	textSQLEnd = problem.Define("query.sql_end", "the end", "문장의 끝")
	textQuote  = problem.Define("query.sql_quote", "at character {at}: a text is not closed", "{at}번째 문자: 문자열이 닫히지 않았습니다.")
)

// ParseSelect reads
//
//	SELECT * | field, … FROM Class [WHERE condition [AND condition]…] [ORDER BY field [ASC|DESC]] [LIMIT n] [OFFSET n]
//
// where a condition is "field operator value", "field IN (value, …)" or "field IS
// [NOT] NULL". Texts stand in single or double quotes, a quote inside is doubled;
// names with other characters than letters, digits, _ - : / # @ stand in
// backticks. Mistakes are problem.Messages.
func ParseSelect(text string) (*Request, error) {
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	p := &sqlParser{tokens: tokens}
	return p.query()
}

type tokenKind int

const (
	tokenEnd tokenKind = iota
	tokenWord
	tokenName // in backticks
	tokenText
	tokenNumber
	tokenSign
)

type token struct {
	kind tokenKind
	text string
	at   int // in characters, from 1
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || strings.ContainsRune("_-:/#@", r)
}

func scan(text string) ([]token, error) {
	var tokens []token
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		at := utf8.RuneCountInString(text[:i]) + 1
		switch {
		case unicode.IsSpace(r):
			i += size
		case r == '\'' || r == '"' || r == '`':
			content, end, ok := quoted(text, i+1, byte(r))
			if !ok {
				return nil, textQuote.With("at", at)
			}
			kind := tokenText
			if r == '`' {
				kind = tokenName
			}
			tokens = append(tokens, token{kind, content, at})
			i = end
		case r >= '0' && r <= '9' || r == '-':
			end := i + 1
			for end < len(text) && strings.IndexByte("0123456789.eE+-", text[end]) >= 0 {
				end++
			}
			if isNumeric(text[i:end]) {
				tokens = append(tokens, token{tokenNumber, text[i:end], at})
				i = end
				continue
			}
			fallthrough
		case isWordRune(r):
			end := i
			for end < len(text) {
				r, size := utf8.DecodeRuneInString(text[end:])
				if !isWordRune(r) {
					break
				}
				end += size
			}
			tokens = append(tokens, token{tokenWord, text[i:end], at})
			i = end
		default:
			sign := text[i : i+size]
			if i+1 < len(text) {
				switch text[i : i+2] {
				case "!=", "<>", "<=", ">=", "==":
					sign = text[i : i+2]
				}
			}
			tokens = append(tokens, token{tokenSign, sign, at})
			i += len(sign)
		}
	}
	return append(tokens, token{tokenEnd, "", utf8.RuneCountInString(text) + 1}), nil
}

// quoted reads up to the closing quote; a doubled quote stands for one.
func quoted(text string, from int, quote byte) (content string, end int, ok bool) {
	var b strings.Builder
	for i := from; i < len(text); i++ {
		if text[i] != quote {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == quote {
			b.WriteByte(quote)
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", 0, false
}

type sqlParser struct {
	tokens []token
}

func (p *sqlParser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *sqlParser) expected(what string) error {
	t := p.tokens[0]
	found := any("'" + t.text + "'")
	if t.kind == tokenEnd {
		found = textSQLEnd.With()
	}
	return textSQL.With("at", t.at, "expected", what, "found", found)
}

// word takes a keyword if it comes next.
func (p *sqlParser) word(words ...string) bool {
	for i, w := range words {
		if i >= len(p.tokens) || p.tokens[i].kind != tokenWord || !strings.EqualFold(p.tokens[i].text, w) {
			return false
		}
	}
	p.tokens = p.tokens[len(words):]
	return true
}

func (p *sqlParser) sign(s string) bool {
	if t := p.tokens[0]; t.kind != tokenSign || t.text != s {
		return false
	}
	p.next()
	return true
}

func (p *sqlParser) name(what string) (string, error) {
	if t := p.tokens[0]; t.kind == tokenWord || t.kind == tokenName {
		return p.next().text, nil
	}
	return "", p.expected(what)
}

func (p *sqlParser) query() (*Request, error) {
	q := &Request{Limit: MaxSelect}
	if !p.word("SELECT") {
		return nil, p.expected("SELECT")
	}
	if !p.sign("*") {
		for more := true; more; more = p.sign(",") {
			name, err := p.name("a field")
			if err != nil {
				return nil, err
			}
			q.Select = append(q.Select, name)
		}
	}
	if !p.word("FROM") {
		return nil, p.expected("FROM")
	}
	var err error
	if q.ClassID, err = p.name("a class"); err != nil {
		return nil, err
	}
	if p.word("WHERE") {
		for more := true; more; more = p.word("AND") {
			f, err := p.condition()
			if err != nil {
				return nil, err
			}
			if q.Filters = append(q.Filters, f); len(q.Filters) > maxFilters {
				return nil, textMany.With("limit", maxFilters, "count", len(q.Filters))
			}
		}
	}
	if p.word("ORDER", "BY") {
		if q.OrderBy, err = p.name("a field"); err != nil {
			return nil, err
		}
		if q.Descending = p.word("DESC"); !q.Descending {
			p.word("ASC")
		}
	}
	if p.word("LIMIT") {
		if q.Limit, err = p.whole(MaxSelect); err != nil {
			return nil, err
		}
	}
	if p.word("OFFSET") {
		if q.Offset, err = p.whole(1 << 30); err != nil {
			return nil, err
		}
	}
	p.sign(";")
	if p.tokens[0].kind != tokenEnd {
		return nil, p.expected("AND, ORDER BY, LIMIT, OFFSET")
	}
	return q, nil
}

// whole reads a number from 0 to high.
func (p *sqlParser) whole(high int) (int, error) {
	t := p.tokens[0]
	n, err := strconv.Atoi(t.text)
	if t.kind != tokenNumber || err != nil || n < 0 || n > high {
		return 0, p.expected("0.." + strconv.Itoa(high))
	}
	p.next()
	return n, nil
}

func (p *sqlParser) condition() (FilterRequest, error) {
	f := FilterRequest{name: "query"}
	var err error
	if f.Field, err = p.name("a field"); err != nil {
		return f, err
	}
	switch {
	case p.word("IS", "NOT", "NULL"):
		f.Op = IsNotNull
		return f, nil
	case p.word("IS", "NULL"):
		f.Op = IsNull
		return f, nil
	case p.word("NOT", "IN"):
		f.Op = NotIn
	case p.word("NOT", "LIKE"):
		f.Op = NotLike
	default:
		op, ok := ParseOp(p.tokens[0].text)
		if t := p.tokens[0]; !ok || op.takesNone() || t.kind != tokenSign && t.kind != tokenWord {
			return f, p.expected("=, !=, <, <=, >, >=, LIKE, IN, IS NULL")
		}
		p.next()
		f.Op = op
	}
	if !f.Op.takesList() {
		f.Value, err = p.value()
	} else {
		f.Value, err = p.values()
	}
	if err != nil {
		return f, err
	}
	if reason := f.check(); reason != nil {
		return f, *reason
	}
	return f, nil
}

func (p *sqlParser) values() ([]any, error) {
	if !p.sign("(") {
		return nil, p.expected("(")
	}
	list := []any{}
	for more := true; more; more = p.sign(",") {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if !p.sign(")") {
		return nil, p.expected(")")
	}
	return list, nil
}

func (p *sqlParser) value() (any, error) {
	switch t := p.tokens[0]; {
	case t.kind == tokenText:
		return p.next().text, nil
	case t.kind == tokenNumber:
		return json.Number(p.next().text), nil
	case p.word("TRUE"):
		return true, nil
	case p.word("FALSE"):
		return false, nil
	case p.word("NULL"):
		return nil, nil
	}
	return nil, p.expected("a value")
}
