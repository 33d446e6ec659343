// Package lineage tells what came of what: from a file and its row over dataset
// version, job, command and fact to the instance and its documents, and back.
//
//	record.go      what one event of the log belongs to; most edges derive from it
//	control.go     what only the data of an event tells: files, versions, mappings, jobs
//	write.go       both, as rows
//	node.go        names of nodes and edges
//	graph.go       breadth-first walks, bounded
//	neighbours.go  the edges around nodes, a few statements a level
//	impact.go      what would have to be looked at if something was wrong
//	metrics.go     how far behind the log it is
//
// Everything stored is a function of the log, so a replay gives the same rows
// (package trail writes and replays).
package lineage

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"spiceharvester/shared/eventlog"
)

// Reader answers questions about lineage.
type Reader struct {
	Pool   *pgxpool.Pool
	Log    *eventlog.Log
	Bucket string // of the log
	Now    func() time.Time
}
