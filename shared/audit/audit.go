// Package audit keeps the trail of who did what: one entry for each command, for
// what became of it, and for each change of datasets, mappings, jobs, classes and
// databases. The rows of a bulk command have no entries of their own: its outcome
// counts them, and lineage leads to each.
//
//	entry.go   what the log says, as an entry, and its hash
//	write.go   the chain of each partition, as rows
//	read.go    entries by filters, heads of chains
//	verify.go  a chain, computed again
//
// Entries are functions of the log alone: a replay gives the same chains.
package audit

import "github.com/jackc/pgx/v5/pgxpool"

// Store reads the trail.
type Store struct {
	Pool *pgxpool.Pool
}
