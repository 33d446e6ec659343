package infer

import (
	"encoding/json"
	"slices"
	"strings"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// Parser turns the cells of one column into values of one type. It holds no state and may
// be used by many goroutines.
type Parser struct {
	// read gets a cell without blanks around it, unless verbatim is set.
	read     func(s string) (any, error)
	verbatim bool
	nulls    *nullWords
}

// NewParser makes the parser of a column from its format and the type that its values
// shall have: any of package value, the inferred one or another (a date can become an
// xsd:dateTime, money its amount as xsd:decimal, everything xsd:string). A type that the
// format says nothing about gets its usual forms: numbers with a decimal point, dates
// that are not ambiguous. The error is a [problem.Message].
func NewParser(typ string, f Format) (*Parser, error) {
	t, err := value.ParseType(typ)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	p := &Parser{nulls: newNullWords(f.NullWords)}
	name := t.String()
	if inner, ok := strings.CutPrefix(name, "optional<"); ok {
		name = strings.TrimSuffix(inner, ">")
		if t, err = value.ParseType(name); err != nil {
			return nil, err
		}
	}
	switch {
	case slices.Contains([]string{TypeString, "text", "name"}, name):
		p.verbatim, p.nulls = true, newNullWords(nil)
		p.read = func(s string) (any, error) { return s, nil }
	case name == TypeEnum || name == TypeAddress:
		p.nulls = newNullWords(nil)
		p.read = func(s string) (any, error) { return s, nil }
	case name == TypeBoolean:
		p.read = readBoolean
	case t.IsNumber():
		p.read, err = f.numbers(t)
	case name == TypeDate, name == TypeDateTime, name == TypeTime:
		p.read, err = f.times(name)
	case name == TypeMoney && f.Kind == KindMoney:
		p.read = f.money
	case isJSON(name):
		p.read = readJSON(ruleOf(t, nil))
	case name == TypePhone:
		p.read = f.phone(t)
	default:
		p.read = readText(ruleOf(t, nil))
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// check refuses a format that somebody made up.
func (f Format) check() error {
	bad := func(field, v string) error { return textBadFormat.With("field", field, "value", v) }
	switch {
	case !slices.Contains([]string{"", ".", ","}, f.DecimalMark):
		return bad("decimal_mark", f.DecimalMark)
	case !slices.Contains([]string{"", "JPY", "CNY"}, f.Yen):
		return bad("yen", f.Yen)
	case f.Region != "" && phoneRules[f.Region] == nil:
		return bad("region", f.Region)
	case f.Layout != "" && !slices.Contains(layoutNames[:], f.Layout):
		return bad("layout", f.Layout)
	case !slices.Contains([]Kind{"", KindText, KindBoolean, KindInteger, KindDecimal, KindPercent, KindMoney, KindDate, KindDateTime, KindTime, KindPhone}, f.Kind):
		return bad("kind", string(f.Kind))
	}
	return nil
}

// Parse reads a cell. Numbers come as json.Number with the digits of the cell, dates and
// times in the form of ISO 8601, text as it is; the value is in the normal form of package
// value. A blank cell and a null word of the format give nil. The error is a
// [problem.Message] with the text of the cell.
func (p *Parser) Parse(cell string) (any, error) {
	s := trim(cell)
	if s == "" || p.nulls.has(s) {
		return nil, nil
	}
	if p.verbatim {
		s = cell
	}
	return p.read(s)
}

func refuse(text *problem.Text, s string, pairs ...any) error {
	return text.With(append([]any{"value", shown(s)}, pairs...)...)
}

// ruleOf compiles constraints that are known to be good.
func ruleOf(t value.Type, constraints map[string]any) *value.Rule {
	r, _ := value.Compile(t, constraints, nil)
	return r
}

func normalize(r *value.Rule, v any, s string) (any, error) {
	out, errs := r.Normalize(v, nil)
	if len(errs) > 0 {
		return nil, refuse(textRefused, s, "reason", errs[0].Msg)
	}
	return out, nil
}

func readText(r *value.Rule) func(string) (any, error) {
	return func(s string) (any, error) { return normalize(r, s, s) }
}

// isJSON reports whether the cells of a type are JSON texts.
func isJSON(name string) bool {
	outer, _, _ := strings.Cut(name, "<")
	return slices.Contains([]string{TypeArray, "set", TypeObject, "json"}, outer)
}

func readJSON(r *value.Rule) func(string) (any, error) {
	return func(s string) (any, error) {
		v, err := strictjson.Decode([]byte(s))
		if err != nil {
			return nil, refuse(textNotJSON, s, "reason", problem.MessageOf(err))
		}
		return normalize(r, v, s)
	}
}

func readBoolean(s string) (any, error) {
	v, ok := scanBool(s)
	if !ok {
		return nil, refuse(textNotBoolean, s)
	}
	return v, nil
}

func (f Format) mark() byte {
	if f.DecimalMark == "," {
		return comma
	}
	return dot
}

// numbers reads numbers, percentages without their sign, and amounts of money without
// their currency.
func (f Format) numbers(t value.Type) (func(string) (any, error), error) {
	mark := f.mark()
	kind := statNumber
	switch f.Kind {
	case KindPercent:
		kind = statPercent
	case KindMoney:
		kind = statMoney
	case KindBoolean, KindDate, KindDateTime, KindTime:
		return nil, textUnreadable.With("kind", f.Kind, "type", t.String())
	}
	// Integers need more than the form of a number; decimals do not.
	var r *value.Rule
	if !slices.Contains([]string{TypeDecimal, "xsd:double", "xsd:float"}, t.String()) {
		r = ruleOf(t, nil)
	}
	return func(s string) (any, error) {
		var n json.Number
		whole, ok := false, true
		switch kind {
		case statPercent:
			rest := ""
			if rest, ok = cutPercent(s); ok {
				n, whole, ok = parseNumber(rest, mark)
			}
			if !ok {
				return nil, refuse(textNotPercent, s)
			}
		case statMoney:
			var m money
			if m, ok = scanMoney(s); ok {
				n, whole, ok = parseNumber(m.number, mark)
			}
			if !ok {
				return nil, refuse(textNotMoney, s)
			}
			n = signed(n, m.neg)
		default:
			if n, whole, ok = parseNumber(s, mark); !ok {
				return nil, f.notNumber(s)
			}
		}
		// Plain digits are in normal form for every type of number.
		if r == nil || whole && n[0] != '-' {
			return n, nil
		}
		return normalize(r, n, s)
	}, nil
}

// parseNumber returns the JSON text of a number, and whether it is written without
// fraction and exponent.
func parseNumber(s string, mark byte) (text json.Number, whole, ok bool) {
	var buf [64]byte
	out, n, ok := appendNumber(buf[:0], s, mark)
	return json.Number(out), !n.fraction, ok
}

func signed(n json.Number, neg bool) json.Number {
	if neg && n != "0" {
		return "-" + n
	}
	return n
}

func (f Format) notNumber(s string) error {
	switch {
	case hasLeadingZero(s):
		return refuse(textZeros, s)
	case f.DecimalMark != "":
		return refuse(textMark, s, "mark", f.DecimalMark)
	}
	return refuse(textNotNumber, s)
}

// money reads an amount with its currency.
func (f Format) money(s string) (any, error) {
	var n json.Number
	m, ok := scanMoney(s)
	if ok {
		n, _, ok = parseNumber(m.number, f.mark())
	}
	if !ok {
		return nil, refuse(textNotMoney, s)
	}
	code := f.Yen
	if m.currency != yen {
		code = currencies[m.currency]
	} else if code == "" {
		code = "JPY"
	}
	return map[string]any{"amount": signed(n, m.neg), "currency": code}, nil
}

// phone reads numbers without country code only if the region is known.
func (f Format) phone(t value.Type) func(string) (any, error) {
	if f.Region != "" {
		return readText(phoneRules[f.Region])
	}
	anywhere := readText(ruleOf(t, nil))
	return func(s string) (any, error) {
		if f.Kind == KindPhone && !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "00") {
			return nil, refuse(textNotPhone, s)
		}
		return anywhere(s)
	}
}

// times reads dates, dates with a time, and times of day. A date becomes the midnight
// that begins it, a date with a time its day.
func (f Format) times(name string) (func(string) (any, error), error) {
	switch f.Kind {
	case "", KindText, KindInteger:
	case KindDate, KindDateTime:
		if name == TypeTime {
			return nil, textUnreadable.With("kind", f.Kind, "type", name)
		}
	case KindTime:
		if name != TypeTime {
			return nil, textUnreadable.With("kind", f.Kind, "type", name)
		}
	default:
		return nil, textUnreadable.With("kind", f.Kind, "type", name)
	}
	if name == TypeTime {
		return readClock, nil
	}
	layouts, shape := f.layouts()
	return func(s string) (any, error) {
		d, c, timed, ok := scanDateTime(s)
		l, known := d.first(layouts)
		if !ok || !known || timed && f.Kind == KindDate {
			return nil, refuse(textNotDate, s, "format", shape)
		}
		var buf [48]byte
		y, m, day := d.ymd(l)
		out := appendDate(buf[:0], y, m, day)
		switch {
		case name == TypeDate:
		case !timed:
			out = append(out, "T00:00:00Z"...)
		default:
			out = c.appendClock(append(out, 'T'))
			if c.zone == "" {
				out = append(out, 'Z')
			}
		}
		return string(out), nil
	}, nil
}

// layouts are those that a date may have, as a set, and their name for people. Without a
// layout it is any but the two that cannot be told apart.
func (f Format) layouts() (set uint16, shape string) {
	if f.Layout == "" {
		return 1<<layoutCount - 1 - 1<<monthFirst - 1<<dayFirst, layoutNames[yearFirst]
	}
	i := slices.Index(layoutNames[:], f.Layout)
	return 1 << i, f.Layout
}

// first returns a layout of the set that the date has.
func (d date) first(set uint16) (layout, bool) {
	for l := range layoutCount {
		if d.layouts&set&(1<<l) != 0 {
			return l, true
		}
	}
	return 0, false
}

func readClock(s string) (any, error) {
	c, ok := scanClock(s)
	if !ok {
		return nil, refuse(textNotTime, s)
	}
	var buf [32]byte
	return string(c.appendClock(buf[:0])), nil
}
