// Package terminusdb is a stand-in for TerminusDB: a server on 127.0.0.1 that
// speaks its HTTP protocol and keeps its data in a folder.
//
// It answers what the platform asks: databases, branches and their log, the
// schema graph, documents, WOQL, as-of reads. Recorded exchanges with a real
// TerminusDB 11.1.14 are its tests. Not there: diff, patch, apply, rebase,
// squash, migrations, GraphQL, users and roles; they answer 404.
//
// It is faithful to what clients trip over: the data version header is compared
// once and is no lock, a document that was deleted answers 200 with the text of
// a 404, a deleted document takes optional links to it along, whole numbers and
// decimals come back as text. It does not imitate how long a commit takes, nor
// retries: writes of one database wait for each other.
//
//	internal/graph     terms and triples: immutable trees
//	internal/xsd       datatypes
//	internal/schema    classes
//	internal/document  documents to statements and back; checks
//	internal/store     databases, branches, commits, journals
//	internal/woql      queries
//	internal/rest      HTTP
//	internal/terr      errors of the protocol
package terminusdb
