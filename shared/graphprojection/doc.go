// Package graphprojection holds the ontology and the instances in TerminusDB, as
// a projection of the log: classes are documents of the schema, instances are
// documents that link to each other.
//
//	names.go     what things are called there
//	document.go  an instance as a document
//	schema.go    the schema, which only grows
//	fence.go     how far a database is; moved inside every request that writes
//	sink.go      batches of the log, cut by database
//	commit.go    one commit for many facts, and what is done when it is refused
//	catchup.go   databases that have to be made again from the log
//	replay.go    what was refused, once more
//	behind.go    databases on which the server fails: the others go on
//	engine.go    the graph as an engine of traversal
//	compare.go   what the checker compares
//
// The log alone decides. A database of TerminusDB belongs to one life of a
// database of the platform, so what comes late cannot touch the next life.
// Values stand there as text: TerminusDB loses digits of decimals, and refuses to
// change a property's type or to drop it while a document has it, which the log
// does not. For the same reasons the schema only grows, properties are optional,
// and a deleted instance stays as a bare document, so that links to it stay too.
package graphprojection
