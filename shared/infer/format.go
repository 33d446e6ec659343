package infer

// Format is how the cells of a column are written. It is stored beside the column's
// type, and [NewParser] reads the cells with it. The zero value is plain text.
type Format struct {
	Kind Kind `json:"kind"`
	// Layout is the order of a date's parts, such as "DD/MM/YYYY" (also with dashes) or
	// "YYYY-MM-DD" (also with slashes and dots). Empty: any that is not ambiguous.
	Layout string `json:"layout,omitempty"`
	// DecimalMark is "." or ","; the other one may separate groups of digits.
	DecimalMark string `json:"decimal_mark,omitempty"`
	// Yen is what ¥ means, JPY or CNY.
	Yen string `json:"yen,omitempty"`
	// Region is the country of phone numbers without country code.
	Region string `json:"region,omitempty"`
	// NullWords are the words that were met among the values and that are read as null.
	// In text columns there are none.
	NullWords []string `json:"null_words,omitempty"`
}

// Kind is the family of a format.
type Kind string

// The kinds. KindText is everything that is kept as it is written or has a form of its
// own, such as e-mail addresses.
const (
	KindText     Kind = "text"
	KindBoolean  Kind = "boolean"
	KindInteger  Kind = "integer"
	KindDecimal  Kind = "decimal"
	KindPercent  Kind = "percent" // the number before the sign is the value: 12 % is 12
	KindMoney    Kind = "money"
	KindDate     Kind = "date"
	KindDateTime Kind = "datetime"
	KindTime     Kind = "time"
	KindPhone    Kind = "phone"
)

// StorageType is the type of a dataset's column whose cells were inferred to have a type
// (data-plane 1.2): what a table can hold. The format stays, so nothing is lost.
func StorageType(inferred string) string {
	switch inferred {
	case TypeMoney:
		return TypeDecimal
	case TypeDate, TypeDateTime:
		return TypeDateTime
	case TypeString, TypeBoolean, TypeInteger, TypeDecimal, TypeTime, TypeURI:
		return inferred
	}
	return TypeString
}
