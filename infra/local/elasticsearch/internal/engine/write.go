package engine

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
)

// parsed is a document that is ready to be written, or why it is not.
type parsed struct {
	doc *mapping.Parsed
	err *eserr.Error
}

// parse reads a document and adds the fields that it introduces to the
// mapping. The caller holds i.mu only if locked.
func (i *Index) parse(id, source string, locked bool) parsed {
	for {
		m := i.mapping.Load()
		doc, update, err := m.Document(id, source, i.limitsNow(locked))
		if err != nil || update == nil {
			return parsed{doc, err}
		}
		if !locked {
			i.mu.Lock()
		}
		err = i.extend(update)
		if !locked {
			i.mu.Unlock()
		}
		if err != nil {
			return parsed{err: err}
		}
	}
}

func (i *Index) limitsNow(locked bool) mapping.Limits {
	if !locked {
		i.mu.RLock()
		defer i.mu.RUnlock()
	}
	return i.limits()
}

// extend merges new fields into the mapping. The caller holds i.mu.
func (i *Index) extend(update *mapping.Mapping) *eserr.Error {
	merged, err := i.mapping.Load().Merge(update, i.limits())
	if err != nil {
		return err
	}
	i.mapping.Store(merged)
	i.journal.mapping(merged)
	return nil
}

// blocked refuses writes to an index that is closed or blocked. The caller
// holds i.mu.
func (i *Index) blocked() *eserr.Error {
	switch {
	case i.gone:
		return eserr.IndexNotFound(i.Name)
	case i.closed:
		return closedError(i)
	case i.on("blocks.read_only"):
		return blockError(403, "index ["+i.Name+"] blocked by: [FORBIDDEN/5/index read-only (api)];")
	case i.on("blocks.write"):
		return blockError(403, "index ["+i.Name+"] blocked by: [FORBIDDEN/8/index write (api)];")
	case i.on("blocks.read_only_allow_delete"):
		return blockError(429, "index ["+i.Name+"] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block; for more information, see https://www.elastic.co/guide/en/elasticsearch/reference/8.19/fix-watermark-errors.html];")
	}
	return nil
}

func blockError(status int, reason string) *eserr.Error {
	e := eserr.New(status, "cluster_block_exception", "%s", reason)
	e.HideProduct = status == 403
	return e
}

func closedError(i *Index) *eserr.Error {
	return eserr.New(400, "index_closed_exception", "closed").In(i.Name, i.UUID)
}

// apply does one write. The caller holds i.mu and has parsed the document of
// an index or create action.
func (i *Index) apply(e *Engine, op *Op, p parsed) (out Outcome) {
	out = Outcome{Index: i.Name, ID: op.ID, Copies: 1 + i.replicas(), Routing: op.Routing}
	fail := func(err *eserr.Error) Outcome {
		out.Err = err
		return out
	}
	if err := i.blocked(); err != nil {
		return fail(err)
	}
	if i.Mapping().RoutingRequired() && op.Routing == "" {
		return fail(routingMissing(i, op.ID))
	}
	if op.Action == UpdateDoc {
		return i.update(e, op)
	}
	if p.err != nil {
		return fail(p.err)
	}
	rec, ord := i.current(op.ID)
	now := e.clock()
	version, err := i.decide(op, rec, now)
	if err != nil {
		return fail(err)
	}
	out.Version, out.SeqNo = version, i.seq
	i.seq++
	if i.dirty.IsZero() {
		i.dirty = now
	}
	if rec != nil {
		i.kill(ord)
	}
	if op.Action == DeleteDoc {
		i.tombstones[op.ID] = tombstone{version, out.SeqNo, now}
		i.deletes++
		i.journal.delete(op.ID, version, out.SeqNo, now)
		if out.Result, out.Status = "deleted", 200; rec == nil {
			out.Result, out.Status = "not_found", 404
		}
		return out
	}
	fresh := &inverted.Record{ID: op.ID, Source: op.Source, Version: version, SeqNo: out.SeqNo, Routing: op.Routing, Ignored: p.doc.Ignored}
	i.put(fresh, p.doc)
	i.journal.index(fresh)
	if out.Result, out.Status = "created", 201; rec != nil {
		out.Result, out.Status = "updated", 200
	}
	return out
}

// put adds a document to the store.
func (i *Index) put(rec *inverted.Record, doc *mapping.Parsed) {
	ord := i.store.Add(rec, doc)
	i.alive.Set(ord)
	i.count++
	delete(i.tombstones, rec.ID)
}

// kill marks a document dead.
func (i *Index) kill(ord uint32) {
	i.alive.Clear(ord)
	i.count--
	i.deaths = append(i.deaths, ord)
}

func routingMissing(i *Index, id string) *eserr.Error {
	e := eserr.New(400, "routing_missing_exception", "routing is required for [%s]/[%s]", i.Name, id)
	return e.In(i.Name, "_na_")
}
