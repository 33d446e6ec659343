package search

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Node is the id under which the stand-in reports itself: 22 characters, as
// the real server's.
const Node = "local-stand-in-node-01"

// AllFailed is the error of a search that failed in every index.
func AllFailed(phase string, failures []Failure) *eserr.Error {
	first := failures[0].Err
	e := eserr.New(first.Status, "search_phase_execution_exception", "all shards failed")
	var list []any
	for _, f := range failures {
		list = append(list, f.json())
		if root := f.Err.Root(); len(e.Roots) == 0 || e.Roots[0].Reason != root.Reason {
			e.Roots = append(e.Roots, root)
		}
	}
	e.Meta = xcontent.Obj{{Key: "phase", Val: phase}, {Key: "grouped", Val: true}, {Key: "failed_shards", Val: list}}
	if first.Plain() {
		e.Cause = eserr.New(first.Status, first.Type, "%s", first.Reason).By(first)
	}
	return e
}

func (f Failure) json() xcontent.Obj {
	var node any = Node
	if f.Err.Type == "no_shard_available_action_exception" {
		node = nil
	}
	return xcontent.Obj{{Key: "shard", Val: 0}, {Key: "index", Val: f.Index}, {Key: "node", Val: node}, {Key: "reason", Val: f.Err.Short()}}
}

// Shards is the member _shards of a response.
func Shards(total, failed int, failures []Failure) xcontent.Obj {
	o := xcontent.Obj{{Key: "total", Val: total}, {Key: "successful", Val: total - failed}, {Key: "skipped", Val: 0}, {Key: "failed", Val: failed}}
	if len(failures) > 0 {
		var list []any
		for _, f := range failures {
			list = append(list, f.json())
		}
		o = o.Add("failures", list)
	}
	return o
}

// Body writes the response of a search.
func (q *Request) Body(res *Result, took int, head xcontent.Obj) xcontent.Obj {
	o := append(head, xcontent.Obj{{Key: "took", Val: took}, {Key: "timed_out", Val: false}}...)
	if res.TerminatedEarly != nil {
		o = o.Add("terminated_early", *res.TerminatedEarly)
	}
	o = o.Add("_shards", Shards(res.Shards, res.Failed, res.Failures))
	hits := xcontent.Obj{}
	if q.TrackTotal > 0 {
		hits = hits.Add("total", q.total(res.Total))
	}
	if res.Shards == 0 {
		res.MaxScore = 0.0
	}
	list := []any{}
	for _, h := range res.Hits {
		list = append(list, h)
	}
	o = o.Add("hits", hits.Add("max_score", res.MaxScore).Add("hits", list))
	if len(q.Aggs) > 0 && res.Aggs != nil {
		o = o.Add("aggregations", res.Aggs)
	}
	return o
}

func (q *Request) total(n int) any {
	if q.TotalAsInt {
		return n
	}
	relation := "eq"
	if n > q.TrackTotal {
		n, relation = q.TrackTotal, "gte"
	}
	return xcontent.Obj{{Key: "value", Val: n}, {Key: "relation", Val: relation}}
}

// ContextMissing is the error of a scroll that is not open.
func ContextMissing(err *eserr.Error) *eserr.Error {
	e := eserr.New(err.Status, "search_phase_execution_exception", "all shards failed")
	e.Meta = xcontent.Obj{{Key: "phase", Val: "query"}, {Key: "grouped", Val: true}, {Key: "failed_shards", Val: []any{
		xcontent.Obj{{Key: "shard", Val: -1}, {Key: "index", Val: nil}, {Key: "reason", Val: err.Short()}},
	}}}
	return e.By(err)
}
