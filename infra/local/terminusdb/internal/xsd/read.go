package xsd

import (
	"encoding/json"
	"strings"
)

// Read is the JSON value of a text in a document: integers without bounds and
// decimals are strings there.
func Read(text, iri string) any {
	switch iri {
	case Integer, Decimal, XSD + "nonNegativeInteger", XSD + "positiveInteger", XSD + "nonPositiveInteger", XSD + "negativeInteger":
		return text
	}
	return ReadTyped(text, iri)
}

// ReadTyped is the JSON value of a text in a query's answer: all numbers are
// numbers there.
func ReadTyped(text, iri string) any {
	switch iri {
	case Boolean:
		return text == "true"
	case Decimal, XSD + "double", XSD + "float":
		return json.Number(text)
	case JSON:
		var v any
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return text
		}
		return v
	}
	if _, integer := bounds[strings.TrimPrefix(iri, XSD)]; integer && strings.HasPrefix(iri, XSD) {
		return json.Number(text)
	}
	return text
}

// FreeJSON is the text of an object of type sys:JSON: every number in it
// becomes a string.
func FreeJSON(v any) string {
	b, _ := json.Marshal(numbersAsText(v))
	return string(b)
}

func numbersAsText(v any) any {
	switch x := v.(type) {
	case json.Number:
		return x.String()
	case map[string]any:
		m := make(map[string]any, len(x))
		for k, v := range x {
			m[k] = numbersAsText(v)
		}
		return m
	case []any:
		l := make([]any, len(x))
		for i, v := range x {
			l[i] = numbersAsText(v)
		}
		return l
	}
	return v
}
