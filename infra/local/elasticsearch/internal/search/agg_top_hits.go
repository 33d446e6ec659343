package search

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// topHits shows the first documents of a bucket.
type topHits struct{ q *Request }

func parseTopHits(v xcontent.Value, _ string) (aggregator, *eserr.Error) {
	q := &Request{Query: matchAll{}, Size: 3, TrackTotal: exactTotal}
	for m := range v.Members() {
		switch m.Key() {
		case "size", "from", "sort", "_source", "docvalue_fields", "fields", "version", "seq_no_primary_term":
			if err := q.member(m); err != nil {
				return nil, err
			}
		default:
			return nil, eserr.Parsing(m.Start(), "Unknown key for a %s in [top_hits]: [%s].", m.Token(), m.Key())
		}
	}
	return topHits{q}, nil
}

func (t topHits) check(r *Reader) *eserr.Error {
	for _, s := range t.q.Sorts {
		if _, err := r.sorter(s); err != nil {
			return err
		}
	}
	return nil
}

func (t topHits) run(_ *collector, _ *aggregation, docs docset) (xcontent.Obj, *eserr.Error) {
	best := &top{n: t.q.From + t.q.Size, desc: t.q.directions()}
	for i, p := range docs {
		best.shard = i
		var sorts []*sorter
		for _, s := range t.q.Sorts {
			built, err := p.r.sorter(s)
			if err != nil {
				return nil, err
			}
			sorts = append(sorts, built)
		}
		if sorts == nil {
			built, _ := p.r.sorter(sortField{field: "_score", desc: true})
			sorts = []*sorter{built}
		}
		for _, ord := range p.ords {
			best.offer(p.r, sorts, ord, 1)
		}
	}
	list := best.sorted()
	list = list[min(t.q.From, len(list)):]
	hits := []any{}
	for i := range list {
		o, err := t.q.show(&list[i], len(t.q.Sorts) == 0, nil)
		if err != nil {
			return nil, err
		}
		hits = append(hits, o)
	}
	var score any
	if len(t.q.Sorts) == 0 && len(hits) > 0 {
		score = float32(1)
	}
	return xcontent.Obj{{Key: "hits", Val: xcontent.Obj{
		{Key: "total", Val: t.q.total(docs.count())}, {Key: "max_score", Val: score}, {Key: "hits", Val: hits},
	}}}, nil
}
