// Package search answers search requests: it parses the query language,
// finds the matching documents, sorts, pages, aggregates and shows them.
//
// A request is parsed once, without knowing any index; what is wrong with its
// form is a parsing_exception. It then runs on a Reader per index; what is
// wrong with its fields there is a failure of that index's shard.
package search
