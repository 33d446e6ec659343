package search

import (
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
)

// Reader is one index at one moment.
type Reader struct {
	*inverted.Snapshot
	Mapping *mapping.Mapping
	Index   string
	UUID    string
	Now     time.Time
	// Window is index.max_result_window.
	Window int
	// Shards is the number of shards that a search of this index counts.
	Shards int
	// Filter is the filter of the alias through which the index was named.
	Filter Query

	scope   *inverted.Bits // the documents that a query may match
	path    string         // the nested path of the scope
	scoring bool
	named   map[string]*inverted.Bits
}

// universe returns all documents of the current scope.
func (r *Reader) universe() *inverted.Bits {
	if r.scope == nil {
		return r.Live
	}
	return r.scope
}

// within returns a reader whose queries see the nested objects of a path.
func (r *Reader) within(path string) *Reader {
	if path == "" {
		sub := *r
		sub.scope, sub.path = nil, ""
		return &sub
	}
	sub := *r
	sub.scope, sub.path = r.LiveNested(path), path
	return &sub
}

// shard wraps what went wrong while building a query.
func (r *Reader) shard(cause *eserr.Error) *eserr.Error {
	return eserr.New(400, "query_shard_exception", "failed to create query: %s", cause.Reason).In(r.Index, r.UUID).By(cause)
}

// matches is the outcome of a query. Without scores every match has the same
// score.
type matches struct {
	bits   *inverted.Bits
	score  float32
	scores []float32
}

func (r *Reader) none() matches { return matches{bits: &inverted.Bits{}} }

// constant is a set whose members all score 1.
func constant(b *inverted.Bits) matches { return matches{bits: b, score: 1} }

func (m matches) of(ord uint32) float32 {
	if m.scores != nil {
		return m.scores[ord]
	}
	return m.score
}

// Query is a condition on documents.
type Query interface {
	eval(r *Reader) (matches, *eserr.Error)
}
