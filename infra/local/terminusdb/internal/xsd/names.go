// Package xsd knows the datatypes of TerminusDB: which there are, what JSON
// they accept, how values are kept as text and how they are read back.
package xsd

import "strings"

// Namespaces of what is built in.
const (
	RDF  = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	RDFS = "http://www.w3.org/2000/01/rdf-schema#"
	OWL  = "http://www.w3.org/2002/07/owl#"
	XSD  = "http://www.w3.org/2001/XMLSchema#"
	XDD  = "http://terminusdb.com/schema/xdd#"
	Sys  = "http://terminusdb.com/schema/sys#"
	WOQL = "http://terminusdb.com/schema/woql#"
	JSON = Sys + "JSON"

	String  = XSD + "string"
	Integer = XSD + "integer"
	Decimal = XSD + "decimal"
	Boolean = XSD + "boolean"
)

// Prefixes are the names that every database knows for the namespaces.
var Prefixes = map[string]string{"rdf": RDF, "rdfs": RDFS, "owl": OWL, "xsd": XSD, "xdd": XDD, "sys": Sys, "woql": WOQL}

// bounds of the integer types; "" is no bound.
var bounds = map[string][2]string{
	"integer": {}, "nonNegativeInteger": {"0", ""}, "positiveInteger": {"1", ""},
	"nonPositiveInteger": {"", "0"}, "negativeInteger": {"", "-1"},
	"long": {"-9223372036854775808", "9223372036854775807"}, "int": {"-2147483648", "2147483647"},
	"short": {"-32768", "32767"}, "byte": {"-128", "127"},
	"unsignedLong": {"0", "18446744073709551615"}, "unsignedInt": {"0", "4294967295"},
	"unsignedShort": {"0", "65535"}, "unsignedByte": {"0", "255"},
}

// others are the types that are no integers.
var others = []string{
	"string", "boolean", "decimal", "double", "float", "date", "dateTime", "dateTimeStamp", "time", "gYear", "gYearMonth",
	"gMonth", "gMonthDay", "gDay", "duration", "yearMonthDuration", "dayTimeDuration", "anyURI", "base64Binary", "hexBinary",
	"language", "token", "normalizedString", "NMTOKEN", "Name", "NCName", "anySimpleType",
}

var known = func() map[string]bool {
	m := map[string]bool{JSON: true}
	for name := range bounds {
		m[XSD+name] = true
	}
	for _, name := range others {
		m[XSD+name] = true
	}
	for _, name := range []string{"coordinate", "coordinatePolygon", "url", "email", "json"} {
		m[XDD+name] = true
	}
	return m
}()

// Known reports whether an IRI names a datatype.
func Known(iri string) bool { return known[iri] }

// NotStored reports whether the real server checks values of the type and then
// forgets them.
func NotStored(iri string) bool { return strings.HasPrefix(iri, XDD) }

// Subsumes reports whether every value of the type narrow is one of wide.
func Subsumes(wide, narrow string) bool {
	if wide == narrow {
		return true
	}
	n, integer := strings.CutPrefix(narrow, XSD)
	b, isInteger := bounds[n]
	if !integer || !isInteger {
		return false
	}
	if wide == Decimal {
		return true
	}
	w, ok := bounds[strings.TrimPrefix(wide, XSD)]
	return ok && strings.HasPrefix(wide, XSD) &&
		(w[0] == "" || b[0] != "" && big10(b[0]).Cmp(big10(w[0])) >= 0) &&
		(w[1] == "" || b[1] != "" && big10(b[1]).Cmp(big10(w[1])) <= 0)
}
