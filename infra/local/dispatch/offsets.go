package dispatch

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// offsets finds how far a partition is done without a gap: records finish in
// any order, and only the part before the first unfinished one is committed.
type offsets struct {
	client *kgo.Client

	mu         sync.Mutex
	partitions map[partition]*progress
}

type partition struct {
	topic  string
	number int32
}

type progress struct {
	open []*kgo.Record // polled, in order; finished ones at the front are taken off
	done map[int64]bool
}

func newOffsets(client *kgo.Client) *offsets {
	return &offsets{client: client, partitions: map[partition]*progress{}}
}

func (o *offsets) begin(records []*kgo.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		key := partition{r.Topic, r.Partition}
		p, ok := o.partitions[key]
		if !ok || len(p.open) > 0 && r.Offset <= p.open[len(p.open)-1].Offset {
			// New here, or given back to us after a rebalance: begin anew.
			p = &progress{done: map[int64]bool{}}
			o.partitions[key] = p
		}
		p.open = append(p.open, r)
	}
}

func (o *offsets) done(records []*kgo.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range records {
		p, ok := o.partitions[partition{r.Topic, r.Partition}]
		if !ok {
			continue
		}
		p.done[r.Offset] = true
		var last *kgo.Record
		for len(p.open) > 0 && p.done[p.open[0].Offset] {
			last = p.open[0]
			delete(p.done, last.Offset)
			p.open = p.open[1:]
		}
		if last != nil {
			o.client.MarkCommitRecords(last)
		}
	}
}
