// Package elasticsearch is the project's own small stand-in for Elasticsearch
// 8.19, for one machine and for tests. It speaks the same HTTP protocol for
// every call that the functions make, keeps its data in a folder, and refuses
// (400) what it does not know. Recorded exchanges with a real server
// (testdata) are its test.
//
// A request passes, from the outside in:
//
//	Server            listener and life cycle (server.go)
//	internal/rest     paths, parameters, media types, faults
//	internal/engine   indices, versions, tombstones, refresh, aliases, journal
//	internal/search   queries, sorts, aggregations, hits
//	internal/mapping  field types; documents become values
//	internal/inverted posting lists, columns, snapshots
//	internal/analysis, dates, xcontent, eserr   words, dates, JSON, errors
//
// What differs from the real server: one shard holds everything, whatever
// number_of_shards says; scores are BM25 but not digit by digit; the analyzer
// nori is approximated by bigrams; highlight, suggest, scripts, runtime
// fields and by-query calls are refused. After a restart documents are indexed
// anew with the current mapping.
package elasticsearch
