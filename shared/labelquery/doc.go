// Package labelquery answers queries over the instances of one class: filters by
// label or property id, an order, a page.
//
//	query.go     a request, its fields resolved
//	operators.go the names and symbols of the operators
//	semantics.go what the operators and the order mean, on values alone
//	pushdown.go  what of a query Elasticsearch can decide, and when that is exact
//	stable.go    whether a property always had the kind of values it is declared to have
//	run.go       execution
//	sql.go       the small SELECT of the OMS
//
// Elasticsearch knows a value by its sort key. If it decides all filters and the
// order exactly, it also counts and pages. Else it narrows, what is left is read
// and decided here, and a query that would have to read too much is refused: no
// answer is silently partial.
package labelquery
