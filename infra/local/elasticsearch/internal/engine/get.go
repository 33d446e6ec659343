package engine

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
)

// Got is a document read by its id; Record is nil if there is none.
type Got struct {
	Index  string
	Record *inverted.Record
}

// Get reads a document by id: the newest one, or with realtime false the one
// that searches see.
func (e *Engine) Get(index, id, routing string, realtime bool) (Got, *eserr.Error) {
	i, err := e.single(index)
	if err != nil {
		return Got{Index: index}, err
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	out := Got{Index: i.Name}
	switch {
	case i.closed:
		return out, closedError(i)
	case i.on("blocks.read"):
		return out, blockError(403, "index ["+i.Name+"] blocked by: [FORBIDDEN/7/index read (api)];")
	case i.Mapping().RoutingRequired() && routing == "":
		return out, routingMissing(i, id)
	}
	if realtime {
		out.Record, _ = i.current(id)
		return out, nil
	}
	if n, ok := i.snap.IDs().ID(id); ok {
		b := &inverted.Bits{}
		i.snap.IDs().Mark(n, i.snap.Limit, b)
		for ord := range b.And(i.snap.Live).All() {
			out.Record = i.snap.Record(ord)
		}
	}
	return out, nil
}
