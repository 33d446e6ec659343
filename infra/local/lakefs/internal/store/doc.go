// Package store is the engine of the stand-in: repositories, branches with
// what was staged on them, commits, tags, merges.
//
// Small things live in memory and in a journal: a record is written before it
// counts, and a start replays the file. Committed trees live in the object
// store (package tree) and are there before the commit that names them.
// Objects' bytes are put there by the caller, before they are staged.
//
//	record.go, journal.go   what is written, and how
//	state.go                what a record does to the state
//	store.go                open, update, compact, close
//	repositories.go, branches.go, tags.go, objects.go   the operations
//	refs.go                 names and expressions that mean a commit, history
//	commit.go, merge.go, revert.go, diff.go
//	dump.go                 the refs in the object store, and back
package store
