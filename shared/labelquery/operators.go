package labelquery

import "strings"

// Op is an operator by its name in the contract.
type Op string

// The operators.
const (
	Eq         Op = "eq"
	Ne         Op = "ne"
	Gt         Op = "gt"
	Ge         Op = "ge"
	Lt         Op = "lt"
	Le         Op = "le"
	Like       Op = "like"
	NotLike    Op = "not_like"
	StartsWith Op = "starts_with"
	EndsWith   Op = "ends_with"
	In         Op = "in"
	NotIn      Op = "not_in"
	IsNull     Op = "is_null"
	IsNotNull  Op = "is_not_null"
)

// Ops are all operators.
var Ops = []Op{Eq, Ne, Gt, Ge, Lt, Le, Like, NotLike, StartsWith, EndsWith, In, NotIn, IsNull, IsNotNull}

// symbols are other ways to write them.
var symbols = map[string]Op{
	"=": Eq, "==": Eq, "!=": Ne, "<>": Ne, ">": Gt, ">=": Ge, "<": Lt, "<=": Le, "contains": Like, "not like": NotLike, "not in": NotIn, "is null": IsNull, "is not null": IsNotNull,
}

// ParseOp reads an operator: its name in any case, a symbol, or the words of SQL.
func ParseOp(text string) (Op, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if op, ok := symbols[text]; ok {
		return op, true
	}
	for _, op := range Ops {
		if string(op) == text {
			return op, true
		}
	}
	return "", false
}

// takesNone reports whether the operator has no value.
func (o Op) takesNone() bool { return o == IsNull || o == IsNotNull }

// takesList reports whether the operator's value is a list.
func (o Op) takesList() bool { return o == In || o == NotIn }

// takesText reports whether the operator compares with a part of a text.
func (o Op) takesText() bool { return o == Like || o == NotLike || o == StartsWith || o == EndsWith }
