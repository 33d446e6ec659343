package xcontent

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// Field is one member of an Obj.
type Field struct {
	Key string
	Val any
}

// Obj is a JSON object that keeps the order of its members.
type Obj []Field

// Add appends a member and returns the object.
func (o Obj) Add(key string, val any) Obj { return append(o, Field{key, val}) }

// Get returns the value of a member, nil if it is absent.
func (o Obj) Get(key string) any {
	for _, f := range o {
		if f.Key == key {
			return f.Val
		}
	}
	return nil
}

// Set replaces the value of a member or appends it.
func (o Obj) Set(key string, val any) Obj {
	for i := range o {
		if o[i].Key == key {
			o[i].Val = val
			return o
		}
	}
	return o.Add(key, val)
}

// Raw is JSON text that is written as it stands.
type Raw string

// Append writes a value as JSON. It knows Obj, []Obj, []any, []string, Raw, string, bool, nil,
// int, int32, int64, float64, float32; anything else is a mistake of the
// caller and panics.
func Append(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case Raw:
		return append(b, v...)
	case string:
		return AppendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int32:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return append(b, FormatDouble(v)...)
	case float32:
		return append(b, FormatFloat(v)...)
	case Obj:
		b = append(b, '{')
		for i, f := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = AppendString(b, f.Key)
			b = append(b, ':')
			b = Append(b, f.Val)
		}
		return append(b, '}')
	case []any:
		return appendList(b, v)
	case []Obj:
		return appendList(b, v)
	case []string:
		return appendList(b, v)
	}
	panic("xcontent: cannot write this type")
}

func appendList[T any](b []byte, list []T) []byte {
	b = append(b, '[')
	for i, x := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = Append(b, x)
	}
	return append(b, ']')
}

// AppendString writes a quoted string.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			const hex = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	if utf8.ValidString(s[from:]) {
		b = append(b, s[from:]...)
	} else {
		for _, r := range s[from:] {
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

// FormatDouble writes a number as Java's Double.toString does: 10.0, 1.5,
// 1.8E16. Infinities and NaN are quoted, as the real server writes them.
func FormatDouble(f float64) string { return formatFloat(f, 64) }

// FormatFloat is FormatDouble for 32 bits.
func FormatFloat(f float32) string { return formatFloat(float64(f), 32) }

func formatFloat(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return `"NaN"`
	case math.IsInf(f, 1):
		return `"Infinity"`
	case math.IsInf(f, -1):
		return `"-Infinity"`
	}
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		b := strconv.AppendFloat(nil, f, 'E', -1, bits)
		// Go writes 1.8E+16 and 1E-05; Java writes 1.8E16 and 1.0E-5.
		out := make([]byte, 0, len(b)+2)
		for i := 0; i < len(b); i++ {
			if b[i] != 'E' {
				out = append(out, b[i])
				continue
			}
			if !hasPoint(out) {
				out = append(out, '.', '0')
			}
			exp, _ := strconv.Atoi(string(b[i+1:]))
			return string(strconv.AppendInt(append(out, 'E'), int64(exp), 10))
		}
	}
	b := strconv.AppendFloat(nil, f, 'f', -1, bits)
	if !hasPoint(b) {
		b = append(b, '.', '0')
	}
	return string(b)
}

func hasPoint(b []byte) bool {
	for _, c := range b {
		if c == '.' {
			return true
		}
	}
	return false
}
