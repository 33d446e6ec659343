// Package search is the read model in Elasticsearch: what a fact looks like as a
// document, how documents are written so that no older one ever replaces a
// newer, and the queries over them.
//
//	names.go     indices and their mapping
//	document.go  facts to documents: functions of the log alone
//	client.go    the HTTP client
//	write.go     _bulk with external versions
//	read.go      lists, searches, single documents
//
// A deletion writes a document too (deleted: true): Elasticsearch forgets the
// versions of deleted documents after a minute, and an old event could bring
// one back.
package search
