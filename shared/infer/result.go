package infer

import (
	"encoding/json"
	"math"
	"slices"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
)

// analysisVersion names the rules of inference. 1.0 were those of the reference system.
const analysisVersion = "2.0"

// Result is the contract's DatasetAnalysisResponse, without its timestamp.
type Result struct {
	Columns  []Column `json:"columns"`
	Metadata Analysis `json:"analysis_metadata"`
	// KeyCandidates are the columns of which every value is present and different, the
	// likeliest key first.
	KeyCandidates []string `json:"key_candidates"`
}

// Analysis says what was looked at.
type Analysis struct {
	TotalColumns        int      `json:"total_columns"`
	AnalyzedRows        int64    `json:"analyzed_rows"`
	IncludeComplexTypes bool     `json:"include_complex_types"`
	Version             string   `json:"analysis_version"`
	NullWords           []string `json:"null_words"`
}

// Column is what was found out about a column.
type Column struct {
	Name     string   `json:"column_name"`
	Inferred Inferred `json:"inferred_type"`
	Format   Format   `json:"format"`
	// TotalCount counts the cells, NonEmptyCount those that are not blank.
	TotalCount    int64 `json:"total_count"`
	NonEmptyCount int64 `json:"non_empty_count"`
	// SampleValues are the first different values, at most ten.
	SampleValues []string `json:"sample_values"`
	NullCount    int64    `json:"null_count"`
	// UniqueCount counts the different values that are not blank. When UniqueExact is
	// false there were too many to count, and it is a lower bound.
	UniqueCount int64   `json:"unique_count"`
	UniqueExact bool    `json:"unique_exact"`
	NullRatio   float64 `json:"null_ratio"`
	UniqueRatio float64 `json:"unique_ratio"`
	// Nullable is true when some cells are null to the parser: blank, or a null word in a
	// column that is not text.
	Nullable bool `json:"nullable"`
}

// Inferred is a type with what speaks for it.
type Inferred struct {
	Type string `json:"type"`
	// Confidence goes from 0 to 1. For text it is 1 less the share of values that fit the
	// best type that was rejected, unless a rule asks for text.
	Confidence float64         `json:"confidence"`
	Reason     string          `json:"reason"`
	Message    problem.Message `json:"-"` // the reason in both languages
	Metadata   Metadata        `json:"metadata"`
}

// Metadata are the details. Min, max and the rest describe the values that were seen;
// they are no constraints on later ones.
type Metadata struct {
	// Matched of Total values (neither blank nor null words) fit the type.
	Matched    int64   `json:"matched"`
	Total      int64   `json:"total"`
	MatchRatio float64 `json:"match_ratio"`
	// Mismatches are the first values that do not fit.
	Mismatches []Mismatch `json:"mismatches,omitempty"`
	// Rejected is the type that came nearest in a column of text.
	Rejected *Rejected `json:"rejected,omitempty"`
	// NullWords counts the words for "no value" that were met.
	NullWords map[string]int64 `json:"null_words,omitempty"`

	Min         json.Number `json:"min,omitempty"`
	Max         json.Number `json:"max,omitempty"`
	Mean        *float64    `json:"mean,omitempty"`
	Std         *float64    `json:"std,omitempty"`
	HasDecimals int64       `json:"has_decimals,omitempty"` // values with a fraction

	LeadingZeros int64 `json:"leading_zeros,omitempty"`
	FixedWidth   int   `json:"fixed_width,omitempty"` // characters of every value
	LooksBoolean bool  `json:"looks_boolean,omitempty"`

	DetectedFormat string `json:"detected_format,omitempty"`
	// AmbiguousCount counts dates whose day and month can be exchanged. OtherFormat is set
	// when no value of the column decides their order.
	AmbiguousCount int64  `json:"ambiguous_count,omitempty"`
	OtherFormat    string `json:"other_format,omitempty"`
	TimezoneCount  int64  `json:"timezone_count,omitempty"`

	AllowedValues []string `json:"allowed_values,omitempty"`
	UniqueCount   int64    `json:"unique_count,omitempty"`

	Currencies          []string         `json:"currencies,omitempty"`
	Currency            string           `json:"currency,omitempty"`
	AmbiguousSamples    []string         `json:"ambiguous_symbol_samples,omitempty"`
	AmbiguousResolved   map[string]int64 `json:"ambiguous_symbol_resolved,omitempty"`
	AmbiguousCandidates []string         `json:"ambiguous_symbol_candidates,omitempty"`

	// Constraints are suggested for a property of this type.
	Constraints map[string]any `json:"suggested_constraints,omitempty"`

	SemanticLabel string `json:"semantic_label,omitempty"`
	Unit          string `json:"unit,omitempty"`
}

// Mismatch is a value that does not fit, with the number of its row. Long values are cut.
type Mismatch struct {
	Row   int64  `json:"row"`
	Value string `json:"value"`
}

// Rejected is a type that too few values fit.
type Rejected struct {
	Type       string  `json:"type"`
	MatchRatio float64 `json:"match_ratio"`
}

// result judges a column.
func (c *column) result(complexTypes bool, lang problem.Lang) Column {
	v := c.decide(complexTypes)
	md := &v.metadata
	md.SemanticLabel, md.Unit = semantics(v.typ, v.format, c.words, c.unit())
	if v.typ == TypeMoney {
		md.Unit = md.Currency
	}
	if len(c.nulls) > 0 {
		md.NullWords = make(map[string]int64, len(c.nulls))
		for word, n := range c.nulls {
			md.NullWords[word] = *n
			if !keepsNullWords(v.typ) {
				v.format.NullWords = append(v.format.NullWords, word)
			}
		}
		slices.Sort(v.format.NullWords)
	}
	filled := c.total - c.blank
	out := Column{
		Name:       c.name,
		Inferred:   Inferred{v.typ, round(v.confidence), v.reason.In(lang), v.reason, *md},
		Format:     v.format,
		TotalCount: c.total, NonEmptyCount: filled, NullCount: c.blank,
		SampleValues: slices.Clone(c.samples),
		UniqueCount:  c.distinct.count, UniqueExact: !c.distinct.inexact,
		NullRatio: ratio(c.blank, c.total), UniqueRatio: ratio(c.distinct.count, filled),
		Nullable: c.blank > 0 || len(v.format.NullWords) > 0,
	}
	if out.SampleValues == nil {
		out.SampleValues = []string{}
	}
	return out
}

// keepsNullWords reports whether null words are values like any other.
func keepsNullWords(typ string) bool {
	return typ == TypeString || typ == TypeEnum || typ == TypeAddress
}

// keyCandidates picks the columns that could identify rows.
func keyCandidates(columns []*column, results []Column) []string {
	named, others := []string{}, []string{}
	for i, c := range columns {
		t, err := value.ParseType(results[i].Inferred.Type)
		switch {
		case err != nil || !t.Identifies() || results[i].Inferred.Type == TypeDecimal,
			c.total < 2, results[i].Nullable, c.distinct.duplicate, c.distinct.inexact:
		case c.hints[hintKey] || c.hints[hintCode]:
			named = append(named, c.name)
		default:
			others = append(others, c.name)
		}
	}
	return append(named, others...)
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return round(float64(part) / float64(whole))
}

// round keeps six digits: ratios of small numbers stay readable.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }
