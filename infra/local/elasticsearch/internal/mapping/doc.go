// Package mapping holds the field definitions of an index and turns JSON
// documents into values for the inverted index, with the checks and the error
// texts of Elasticsearch.
//
// A Mapping never changes. Merging gives a new one, so readers need no lock.
package mapping
