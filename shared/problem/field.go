package problem

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Types of a field error: the vocabulary of pydantic 2, which clients of the contract
// know.
const (
	TypeMissing          = "missing"
	TypeExtra            = "extra_forbidden"
	TypeString           = "string_type"
	TypeInt              = "int_type"
	TypeIntParsing       = "int_parsing"
	TypeIntFromFloat     = "int_from_float"
	TypeFloat            = "float_type"
	TypeDecimal          = "decimal_type"
	TypeBool             = "bool_type"
	TypeBoolParsing      = "bool_parsing"
	TypeList             = "list_type"
	TypeDict             = "dict_type"
	TypeEnum             = "enum"
	TypeLiteral          = "literal_error"
	TypeJSONInvalid      = "json_invalid"
	TypeValue            = "value_error"
	TypeFrozen           = "frozen_field"
	TypeGreaterEqual     = "greater_than_equal"
	TypeGreater          = "greater_than"
	TypeLessEqual        = "less_than_equal"
	TypeLess             = "less_than"
	TypeMultipleOf       = "multiple_of"
	TypeDecimalMaxPlaces = "decimal_max_places"
	TypeStringTooShort   = "string_too_short"
	TypeStringTooLong    = "string_too_long"
	TypeStringPattern    = "string_pattern_mismatch"
	TypeTooShort         = "too_short"
	TypeTooLong          = "too_long"
	TypeDateParsing      = "date_parsing"
	TypeDatetimeParsing  = "datetime_parsing"
	TypeTimeParsing      = "time_parsing"
	TypeUUIDParsing      = "uuid_parsing"
	TypeURLParsing       = "url_parsing"
)

// MaxFieldErrors bounds the list in one answer. The number of all errors is told.
const MaxFieldErrors = 100

// FieldError says what is wrong with one field of a request. Loc leads to it: "body",
// "query" or "path" first, then names (string) and positions (int).
type FieldError struct {
	Type string  `json:"type"`
	Loc  []any   `json:"loc"`
	Msg  Message `json:"msg"`
	// Input is the refused value as JSON, unless it is long.
	Input json.RawMessage `json:"input,omitempty"`
	Ctx   map[string]any  `json:"ctx,omitempty"`
}

// maxInput bounds the refused value that is echoed, in bytes of JSON.
const maxInput = 512

// NewFieldError returns a field error with the value that was refused, nil for none.
func NewFieldError(typ string, loc []any, msg Message, input any) FieldError {
	e := FieldError{Type: typ, Loc: loc, Msg: msg}
	if input != nil {
		if raw, err := marshal(input); err == nil && len(raw) <= maxInput {
			e.Input = raw
		}
	}
	return e
}

// UnmarshalJSON reads a stored field error; positions in its loc are int again.
func (e *FieldError) UnmarshalJSON(data []byte) error {
	type plain FieldError
	if err := decodeNumbers(data, (*plain)(e)); err != nil {
		return err
	}
	for i, step := range e.Loc {
		if n, ok := step.(json.Number); ok {
			position, err := strconv.Atoi(n.String())
			if err != nil {
				return fmt.Errorf("loc of a field error: %w", err)
			}
			e.Loc[i] = position
		}
	}
	return nil
}

// with adds the context that pydantic gives.
func (e FieldError) with(key string, value any) FieldError {
	e.Ctx = map[string]any{key: value}
	return e
}

// At returns a loc one step deeper. It never shares memory with the loc given.
func At(loc []any, step ...any) []any {
	return append(slices.Clip(slices.Clone(loc)), step...)
}

// Path shows a loc as text: body.data.tags[2].
func Path(loc []any) string {
	var b strings.Builder
	for i, step := range loc {
		switch s := step.(type) {
		case int:
			b.WriteString("[" + strconv.Itoa(s) + "]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, s)
		}
	}
	return b.String()
}

// Error returns the path and the English reason.
func (e FieldError) Error() string { return Path(e.Loc) + ": " + e.Msg.EN }

// FieldErrors collects what is wrong with a request.
type FieldErrors []FieldError

// Add appends an error.
func (es *FieldErrors) Add(typ string, loc []any, msg Message) {
	*es = append(*es, FieldError{Type: typ, Loc: loc, Msg: msg})
}

// AddValue appends an error with the value that was refused.
func (es *FieldErrors) AddValue(typ string, loc []any, msg Message, input any) {
	*es = append(*es, NewFieldError(typ, loc, msg, input))
}

// Err returns the list as a validation problem, or nil when it is empty.
func (es FieldErrors) Err() error {
	if len(es) == 0 {
		return nil
	}
	return Validation(es...)
}

// FieldErrorsOf returns the field errors inside a problem.
func FieldErrorsOf(err error) FieldErrors {
	if p, ok := AsProblem(err); ok {
		return p.Errors
	}
	return nil
}

// Missing is a required field that was not sent.
func Missing(loc []any) FieldError {
	return FieldError{Type: TypeMissing, Loc: loc, Msg: textMissing.With()}
}

// Unexpected is a field that nobody knows.
func Unexpected(loc []any) FieldError {
	return FieldError{Type: TypeExtra, Loc: loc, Msg: textUnexpected.With()}
}

// WrongType is a field of the wrong JSON type. typ is one of the ..._type constants.
func WrongType(typ string, loc []any, input any) FieldError {
	t, ok := wrongTypeTexts[typ]
	if !ok {
		t = textWrongType
	}
	return NewFieldError(typ, loc, t.With(), input)
}

// InvalidValue is a field whose value breaks a rule that msg tells.
func InvalidValue(loc []any, msg Message, input any) FieldError {
	return NewFieldError(TypeValue, loc, msg, input).with("error", msg.EN)
}

// NotOneOf is a value outside a closed list.
func NotOneOf(loc []any, allowed []string, input any) FieldError {
	expected := "'" + strings.Join(allowed, "', '") + "'"
	return NewFieldError(TypeLiteral, loc, textNotOneOf.With("expected", expected), input).with("expected", expected)
}

// NotAnInteger is a query or path parameter that should be an integer.
func NotAnInteger(loc []any, input string) FieldError {
	return NewFieldError(TypeIntParsing, loc, textIntParsing.With(), input)
}

// NotABoolean is a text of a form or query that should be a truth value.
func NotABoolean(loc []any, input string) FieldError {
	return NewFieldError(TypeBoolParsing, loc, textBoolParsing.With(), input)
}

// TooSmall is a number below its lowest value.
func TooSmall(loc []any, limit, input any) FieldError {
	return NewFieldError(TypeGreaterEqual, loc, textGreaterEqual.With("limit", limit), input).with("ge", limit)
}

// TooBig is a number above its highest value.
func TooBig(loc []any, limit, input any) FieldError {
	return NewFieldError(TypeLessEqual, loc, textLessEqual.With("limit", limit), input).with("le", limit)
}

// fieldBody is a field error in one language.
type fieldBody struct {
	Type  string          `json:"type"`
	Loc   []any           `json:"loc"`
	Msg   string          `json:"msg"`
	Input json.RawMessage `json:"input,omitempty"`
	Ctx   map[string]any  `json:"ctx,omitempty"`
}

func (e FieldError) in(lang Lang) fieldBody {
	b := fieldBody{Type: e.Type, Loc: e.Loc, Msg: e.Msg.In(lang), Input: e.Input, Ctx: e.Ctx}
	if b.Loc == nil {
		b.Loc = []any{}
	}
	return b
}
