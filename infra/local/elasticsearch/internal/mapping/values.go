package mapping

import "spiceharvester/infra/local/elasticsearch/internal/analysis"

// Parsed is a document ready for the inverted index.
type Parsed struct {
	// Docs are the nested documents, inner ones first, and the root last.
	Docs []Values
	// Ignored are the fields whose value was left out, sorted.
	Ignored []string
}

// Values are the values of one document of a block.
type Values struct {
	// Nested is the path of the nested object, "" for the root.
	Nested  string
	Terms   []Term
	Longs   []Number[int64]
	Doubles []Number[float64]
	Texts   []Words
	Points  []Point
}

// Term is an exact string: of a keyword, of a key of a flattened field, or the
// 16 bytes of an IP address.
type Term struct {
	Field *Field
	Key   string
	Value string
}

// Number is a value of a long, double, boolean or date field.
type Number[T int64 | float64] struct {
	Field *Field
	Value T
}

// Words are the tokens of one text value.
type Words struct {
	Field  *Field
	Tokens []analysis.Token
}

// Point is a place on Earth in degrees.
type Point struct {
	Field    *Field
	Lat, Lon float64
}
