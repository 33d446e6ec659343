package mapping

import (
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// MaxTermBytes is the longest exact value that can be searched.
const MaxTermBytes = 32766

// one reads a single value of a leaf field.
func (r *reader) one(v xcontent.Value, f *Field) *eserr.Error {
	if v.Kind() == xcontent.Null && f.Class != Geo {
		if f.NullValue == nil {
			return nil
		}
		d, err := xcontent.Parse(string(xcontent.AppendString(nil, *f.NullValue)))
		if err != nil {
			return nil
		}
		v = d.Root()
	}
	var cause *eserr.Error
	out := r.target(f)
	switch f.Class {
	case Keyword:
		cause = r.keyword(v, f, out)
	case Text:
		if cause = scalarOnly(v); cause == nil && f.Index {
			out.Texts = append(out.Texts, Words{f, f.Analyzer.Analyze(v.Text())})
		}
	case Long:
		var n *int64
		if n, cause = r.long(v, f); n != nil {
			out.Longs = append(out.Longs, Number[int64]{f, *n})
		}
	case Double:
		var n *float64
		if n, cause = double(v, f); n != nil {
			out.Doubles = append(out.Doubles, Number[float64]{f, *n})
		}
	case Boolean:
		var n int64
		if n, cause = r.boolean(v); cause == nil {
			out.Longs = append(out.Longs, Number[int64]{f, n})
		}
	case Date:
		var n int64
		if n, cause = date(v, f); cause == nil {
			out.Longs = append(out.Longs, Number[int64]{f, n})
		}
	case IP:
		addr, err := netip.ParseAddr(v.Text())
		if err != nil {
			cause = eserr.IllegalArgument("'%s' is not an IP string literal.", javaString(v))
			break
		}
		b := addr.As16()
		out.Terms = append(out.Terms, Term{Field: f, Value: string(b[:])})
	case Geo:
		return r.point(v, f, out)
	case Flattened:
		return r.flattened(v, f, out)
	}
	if cause == nil {
		return nil
	}
	if f.IgnoreMalformed {
		r.out.Ignored = append(r.out.Ignored, f.Path)
		return nil
	}
	return r.refused(v, f, cause)
}

func scalarOnly(v xcontent.Value) *eserr.Error {
	if v.Kind() < xcontent.Object {
		return nil
	}
	at := v.Start()
	return eserr.IllegalArgument("Expected text at %d:%d but found %s", at.Line, at.Col, v.Token())
}

func (r *reader) keyword(v xcontent.Value, f *Field, out *Values) *eserr.Error {
	if err := scalarOnly(v); err != nil {
		return err
	}
	text := v.Text()
	if f.IgnoreAbove > 0 && len(text) > f.IgnoreAbove && length16(text) > f.IgnoreAbove {
		r.out.Ignored = append(r.out.Ignored, f.Path)
		return nil
	}
	text = analysis.Normalize(f.Normalizer, text)
	if len(text) > MaxTermBytes {
		var prefix []string
		for _, b := range []byte(text[:30]) {
			prefix = append(prefix, strconv.Itoa(int(int8(b))))
		}
		return eserr.IllegalArgument("Document contains at least one immense term in field=\"%s\" (whose UTF8 encoding is longer than the max length %d), all of which were skipped. Please correct the analyzer to not produce such terms. The prefix of the first immense term is: '[%s]...'", f.Path, MaxTermBytes, strings.Join(prefix, ", "))
	}
	if f.Searchable() {
		out.Terms = append(out.Terms, Term{Field: f, Value: text})
	}
	return nil
}

// length16 is the length in UTF-16 units.
func length16(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}

// bounds of the whole-number types.
var bounds = map[string][2]int64{
	"long": {math.MinInt64, math.MaxInt64}, "integer": {math.MinInt32, math.MaxInt32},
	"short": {math.MinInt16, math.MaxInt16}, "byte": {math.MinInt8, math.MaxInt8},
}

// javaNames are the names of the types in Jackson's messages.
var javaNames = map[string]string{"long": "long", "integer": "int", "short": "short", "byte": "byte"}

func (r *reader) long(v xcontent.Value, f *Field) (*int64, *eserr.Error) {
	limits := bounds[f.Type]
	text := v.Text()
	switch v.Kind() {
	case xcontent.Object, xcontent.Array:
		return nil, eserr.IllegalArgument("Cannot parse object as number")
	case xcontent.Bool:
		return nil, r.token(v, fmt.Sprintf("Current token (VALUE_%s) not numeric, can not use numeric value accessors", strings.ToUpper(text)))
	case xcontent.String:
		if strings.TrimSpace(text) == "" && f.Coerce {
			return nil, nil
		}
	case xcontent.Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < limits[0] || n > limits[1] {
			at := v.End()
			msg := fmt.Sprintf("Numeric value (%s) out of range of %s (%d - %d)\n at [Source: %s; line: %d, column: %d]",
				text, javaNames[f.Type], limits[0], limits[1], r.excerpt(v), at.Line, at.Col)
			return nil, eserr.XContent(at, "%s", msg).By(eserr.New(400, "input_coercion_exception", "%s", msg))
		}
		return &n, nil
	}
	whole, frac, number, ok := splitNumber(text)
	if !ok {
		if f.Type == "long" {
			return nil, eserr.IllegalArgument("For input string: \"%s\"", text)
		}
		return nil, eserr.NumberFormat(text)
	}
	if !number || whole < limits[0] || whole > limits[1] {
		return nil, eserr.IllegalArgument("Value [%s] is out of range for %s", text, articled(f.Type))
	}
	if frac && !f.Coerce {
		return nil, eserr.IllegalArgument("Value [%s] has a decimal part", text)
	}
	return &whole, nil
}

func articled(typ string) string {
	if typ == "integer" {
		return "an " + typ
	}
	return "a " + typ
}

// excerpt is the text of the whole document in Jackson's form.
func (r *reader) excerpt(v xcontent.Value) string { return xcontent.Excerpt(v.Document().Source()) }

// token is Jackson's error for a token of the wrong kind; it stands behind the
// first character of the token.
func (r *reader) token(v xcontent.Value, msg string) *eserr.Error {
	at := v.Start()
	if v.Kind() < xcontent.Object {
		at = v.End()
	} else {
		at.Col++
	}
	msg = fmt.Sprintf("%s\n at [Source: %s; line: %d, column: %d]", msg, r.excerpt(v), at.Line, at.Col)
	return eserr.XContent(at, "%s", msg).By(eserr.New(400, "json_parse_exception", "%s", msg))
}

// splitNumber reads decimal text: its whole part, whether a fraction was cut
// off, whether the whole part fits 64 bits, and whether it is a number.
func splitNumber(text string) (whole int64, frac, fits, ok bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, false, true, true
	}
	if _, err := strconv.ParseFloat(text, 64); err != nil && !strings.Contains(err.Error(), "range") || strings.ContainsAny(text, "xXpP_nNiI") {
		return 0, false, false, false
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		if exp, err := strconv.Atoi(text[i+1:]); err != nil || exp > 40 {
			return 0, false, false, true
		} else if exp < -400 {
			return 0, true, true, true
		}
	}
	rat, good := new(big.Rat).SetString(text)
	if !good {
		return 0, false, false, false
	}
	q := new(big.Int).Quo(rat.Num(), rat.Denom())
	return q.Int64(), !rat.IsInt(), q.IsInt64(), true
}

func double(v xcontent.Value, f *Field) (*float64, *eserr.Error) {
	text := v.Text()
	switch v.Kind() {
	case xcontent.Object, xcontent.Array:
		return nil, eserr.IllegalArgument("Cannot parse object as number")
	case xcontent.Bool:
		return nil, eserr.NumberFormat(text)
	case xcontent.String:
		if strings.TrimSpace(text) == "" && f.Coerce {
			return nil, nil
		}
	}
	n, err := ParseDouble(text)
	if err != nil {
		return nil, err
	}
	if f.Type == "float" {
		n = float64(float32(n))
	}
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, eserr.IllegalArgument("[%s] supports only finite values, but got [%s]", f.Type, strings.Trim(xcontent.FormatDouble(n), `"`))
	}
	return &n, nil
}

// ParseDouble reads a number as Java's Double.parseDouble does; too large
// numbers become infinite.
func ParseDouble(text string) (float64, *eserr.Error) {
	switch text {
	case "NaN", "Infinity", "-Infinity", "+Infinity":
	default:
		if strings.ContainsAny(text, "xXpP_nNiI") {
			return 0, eserr.NumberFormat(text)
		}
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(n, 0) {
		return 0, eserr.NumberFormat(text)
	}
	return n, nil
}

func (r *reader) boolean(v xcontent.Value) (int64, *eserr.Error) {
	if v.Kind() != xcontent.Bool && v.Kind() != xcontent.String {
		kind := v.Token()
		switch v.Kind() {
		case xcontent.Int:
			kind = "VALUE_NUMBER_INT"
		case xcontent.Float:
			kind = "VALUE_NUMBER_FLOAT"
		}
		return 0, r.token(v, "Current token ("+kind+") not of boolean type")
	}
	switch v.Text() {
	case "true":
		return 1, nil
	case "false", "":
		return 0, nil
	}
	return 0, eserr.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", v.Text())
}

func date(v xcontent.Value, f *Field) (int64, *eserr.Error) {
	if err := scalarOnly(v); err != nil {
		return 0, err
	}
	if v.Text() == "" {
		return 0, eserr.IllegalArgument("cannot parse empty datetime")
	}
	t, ok := f.Format.Parse(v.Text(), time.UTC, false)
	if !ok {
		return 0, DateError(v.Text(), f)
	}
	return f.DateValue(t), nil
}

// DateError says that a text is no date of the field.
func DateError(text string, f *Field) *eserr.Error {
	return eserr.IllegalArgument("failed to parse date field [%s] with format [%s]", text, f.Format).
		By(eserr.New(400, "date_time_parse_exception", "Failed to parse with all enclosed parsers"))
}

// DateValue is the number under which a date is indexed.
func (f *Field) DateValue(t time.Time) int64 {
	if f.Type == "date_nanos" {
		return t.UnixNano()
	}
	return t.UnixMilli()
}

// DateTime is the inverse of DateValue.
func (f *Field) DateTime(n int64) time.Time {
	if f.Type == "date_nanos" {
		return time.Unix(0, n).UTC()
	}
	return time.UnixMilli(n).UTC()
}

// flattened collects the leaves of an object as keywords.
func (r *reader) flattened(v xcontent.Value, f *Field, out *Values) *eserr.Error {
	if v.Kind() != xcontent.Object {
		cause := eserr.Parsing(v.Start(), "Failed to parse object: expecting token of type [START_OBJECT] but found [%s]", v.Token())
		return r.refused(v, f, cause)
	}
	return r.leaves(v, f, "", 1, out)
}

func (r *reader) leaves(v xcontent.Value, f *Field, key string, level int, out *Values) *eserr.Error {
	switch v.Kind() {
	case xcontent.Null:
		if f.NullValue == nil || key == "" {
			return nil
		}
		return r.flatLeaf(v, f, key, *f.NullValue, out)
	case xcontent.Array:
		for item := range v.Members() {
			if err := r.leaves(item, f, key, level, out); err != nil {
				return err
			}
		}
		return nil
	case xcontent.Object:
		if level > f.DepthLimit+1 {
			return r.refused(v, f, eserr.IllegalArgument("The provided [flattened] field [%s] exceeds the maximum depth limit of [%d].", f.Path, f.DepthLimit))
		}
		for m := range v.Members() {
			if strings.IndexByte(m.Key(), 0) >= 0 {
				return r.refused(v, f, eserr.IllegalArgument("Do not include the null character in keys. Found in key [%s]", m.Key()))
			}
			if err := r.leaves(m, f, join(key, m.Key()), level+1, out); err != nil {
				return err
			}
		}
		return nil
	}
	return r.flatLeaf(v, f, key, v.Text(), out)
}

func (r *reader) flatLeaf(v xcontent.Value, f *Field, key, text string, out *Values) *eserr.Error {
	if f.IgnoreAbove > 0 && len(text) > f.IgnoreAbove && utf8.RuneCountInString(text) > f.IgnoreAbove {
		return nil
	}
	if len(key)+1+len(text) > MaxTermBytes {
		return r.refused(v, f, eserr.IllegalArgument("Flattened field [%s] contains one immense field whose keyed encoding is longer than the allowed max length of %d bytes. Key length: %d, value length: %d for key starting with [%s]", f.Path, MaxTermBytes, len(key), len(text), key[:min(len(key), 50)]))
	}
	out.Terms = append(out.Terms, Term{Field: f, Key: key, Value: text})
	return nil
}
