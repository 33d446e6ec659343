package infer

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// HighConfidence is the confidence from which on an inferred type is taken for granted.
const HighConfidence = 0.7

var (
	textClass    = problem.Define("infer.suggest.class", "Suggested by {rows} rows of {columns} columns", "{columns}개 열, {rows}개 행에서 제안된 클래스")
	textProperty = problem.Define("infer.suggest.property", "From the column '{column}': {filled} of {total} cells are filled, the type seems to be {type}",
		"'{column}' 열: 셀 {total}개 중 {filled}개에 값이 있으며 추론된 형식은 {type}입니다.")
)

// Suggest makes a class of a table (funnel 2.9): a property for each column, with the
// texts in one language. The class can be declared as it is. Its key is the likeliest of
// the columns that could identify the rows, if there is one.
//
// A column is a property of its inferred type when the confidence is high, else text.
func Suggest(r Result, className string, now time.Time, lang problem.Lang) ontology.Class {
	className = strings.TrimSpace(className)
	class := ontology.Class{
		ID:            classID(className, now),
		Description:   localized(textClass.With("rows", r.Metadata.AnalyzedRows, "columns", len(r.Columns)).In(lang), lang),
		Properties:    make([]ontology.Property, 0, len(r.Columns)),
		Relationships: []ontology.Relationship{},
		Metadata:      map[string]any{"generated_by": "funnel", "generation_date": problem.Timestamp(now)},
	}
	if className == "" {
		className = class.ID
	}
	class.Label = localized(className, lang)
	key, taken, scores := keyColumn(r), names{}, map[string]any{}
	for i, c := range r.Columns {
		p := suggestProperty(c, taken.unique(propertyName(c.Name, i)), lang)
		p.PrimaryKey = i == key && identifies(p.Type)
		class.Properties = append(class.Properties, p)
		scores[printable(p.Label[string(lang)])] = c.Inferred.Confidence
	}
	// Every property has its score too. The list of all is left out when an object of a
	// request may not have as many members.
	if len(scores) <= strictjson.DefaultLimits.Keys {
		class.Metadata["confidence_scores"] = scores
	}
	return class
}

func localized(text string, lang problem.Lang) ontology.Localized {
	return ontology.Localized{string(lang): text}
}

// suggestProperty makes a property of a column. Its label is the name of the column.
func suggestProperty(c Column, name string, lang problem.Lang) ontology.Property {
	label := c.Name
	if strings.TrimSpace(label) == "" {
		label = name
	}
	typ, constraints := propertyType(c)
	return ontology.Property{
		Name: name, Type: typ, Label: localized(label, lang), Constraints: constraints,
		Description: localized(textProperty.With("column", label, "filled", c.NonEmptyCount, "total", c.TotalCount, "type", c.Inferred.Type).In(lang), lang),
		Required:    c.TotalCount > 0 && c.NullCount == 0 && !c.Nullable,
		Metadata:    propertyMetadata(c, typ, constraints),
	}
}

// propertyType returns the type that a property can be declared with, and its constraints.
// What cannot be declared as it is becomes text: an enum needs the list of its values, and
// the values of a sample are not all that there may be.
func propertyType(c Column) (string, map[string]any) {
	t, err := value.ParseType(c.Inferred.Type)
	if err != nil || c.Inferred.Confidence < HighConfidence {
		return TypeString, map[string]any{}
	}
	constraints := openingConstraints(c.Inferred)
	if _, errs := value.Compile(t, constraints, nil); len(errs) > 0 {
		return TypeString, map[string]any{}
	}
	return t.String(), constraints
}

// openingConstraints are those of the suggested constraints that let a value in which the
// type alone would refuse or misread. The others say what was seen so far, as minimum and
// maximum do. They would refuse the first new value, so they stay in the metadata until
// somebody makes them a rule.
func openingConstraints(in Inferred) map[string]any {
	out := map[string]any{}
	suggested := in.Metadata.Constraints
	switch in.Type {
	case TypePhone: // the region of numbers without country code
		if region, ok := suggested["defaultRegion"]; ok {
			out["defaultRegion"] = region
		}
	case TypeMoney: // more places than two; the meaning of ¥
		if places, ok := suggested["decimalPlaces"]; ok {
			out["decimalPlaces"] = json.Number(fmt.Sprint(places))
		}
		if currency := suggested["defaultCurrency"]; currency == "JPY" || currency == "CNY" {
			out["defaultCurrency"] = currency
		}
	}
	return out
}

// propertyMetadata tells what a property was inferred from, and which constraints it could
// have beside those that it has.
func propertyMetadata(c Column, typ string, constraints map[string]any) map[string]any {
	md := map[string]any{
		"inferred_confidence": c.Inferred.Confidence,
		"total_count":         c.TotalCount, "non_empty_count": c.NonEmptyCount, "unique_count": c.UniqueCount, "null_count": c.NullCount,
		"unique_ratio": c.UniqueRatio, "null_ratio": c.NullRatio,
	}
	details := c.Inferred.Metadata
	suggested := map[string]any{}
	for name, v := range details.Constraints {
		if _, applied := constraints[name]; !applied {
			suggested[name] = v
		}
	}
	// One value differs from all others without meaning anything.
	if c.UniqueExact && c.NonEmptyCount > 1 && c.UniqueCount == c.NonEmptyCount {
		suggested["unique"] = true
	}
	if len(suggested) > 0 {
		md["suggested_constraints"] = suggested
	}
	if typ != c.Inferred.Type {
		md["inferred_type"] = c.Inferred.Type
	}
	if details.Min != "" && details.Max != "" {
		md["statistics"] = map[string]any{"min": details.Min, "max": details.Max}
	}
	if details.SemanticLabel != "" {
		md["semantic_label"] = details.SemanticLabel
	}
	if details.Unit != "" {
		md["unit"] = details.Unit
	}
	return md
}

// keyColumn is the position of the first key candidate, or -1. Several columns may have
// its name; it is the one whose cells are all filled and different.
func keyColumn(r Result) int {
	if len(r.KeyCandidates) == 0 {
		return -1
	}
	for i, c := range r.Columns {
		if c.Name == r.KeyCandidates[0] && !c.Nullable && c.UniqueCount == c.TotalCount {
			return i
		}
	}
	return -1
}

func identifies(typ string) bool {
	t, err := value.ParseType(typ)
	return err == nil && t.Identifies()
}
