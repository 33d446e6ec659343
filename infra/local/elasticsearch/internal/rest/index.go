package rest

import (
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/mapping"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func (h *Handler) createIndex(q *request) reply {
	idx, err := h.e.Create(q.vars["index"], q.body)
	if err != nil {
		return failed(err)
	}
	return ok(xcontent.Obj{{Key: "acknowledged", Val: true}, {Key: "shards_acknowledged", Val: h.shardsStarted(q)}, {Key: "index", Val: idx.Name}})
}

// shardsStarted waits in vain if more copies are asked for than one node has.
func (h *Handler) shardsStarted(q *request) bool {
	switch q.params.Get("wait_for_active_shards") {
	case "", "0", "1":
		return true
	}
	d, bad := dates.Duration(q.params.Get("timeout"))
	if bad {
		d = 30 * time.Second
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-q.ctx.Done():
	}
	return false
}

func (h *Handler) existsIndex(q *request) reply {
	targets, err := h.targets(q)
	if err != nil || len(targets) == 0 {
		return reply{status: 404, body: xcontent.Obj{}}
	}
	return ok(xcontent.Obj{})
}

func (h *Handler) getIndex(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	out := xcontent.Obj{}
	for _, t := range targets {
		out = out.Add(t.Name, xcontent.Obj{
			{Key: "aliases", Val: h.e.Aliases(t.Name, func(string) bool { return true })},
			{Key: "mappings", Val: t.Mapping().JSON()},
			{Key: "settings", Val: t.SettingsJSON(q.flag("flat_settings"))},
		})
	}
	return ok(out)
}

func (h *Handler) deleteIndex(q *request) reply {
	if err := h.e.Delete(strings.Split(q.vars["index"], ","), q.flag("ignore_unavailable")); err != nil {
		return failed(err)
	}
	return ok(acknowledged)
}

func (h *Handler) getMapping(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	out := xcontent.Obj{}
	for _, t := range targets {
		out = out.Add(t.Name, xcontent.Obj{{Key: "mappings", Val: t.Mapping().JSON()}})
	}
	return ok(out)
}

func (h *Handler) getFieldMapping(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	out := xcontent.Obj{}
	for _, t := range targets {
		fields := xcontent.Obj{}
		for pattern := range strings.SplitSeq(q.vars["fields"], ",") {
			t.Mapping().Leaves(func(f *mapping.Field) {
				if xcontent.Wildcard(pattern, f.Path) {
					fields = fields.Set(f.Path, f.FieldJSON())
				}
			})
		}
		out = out.Add(t.Name, xcontent.Obj{{Key: "mappings", Val: fields}})
	}
	return ok(out)
}

func (h *Handler) putMapping(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	if err := h.e.PutMapping(indices(targets), body); err != nil {
		return failed(err)
	}
	return ok(acknowledged)
}

func (h *Handler) getSettings(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	out := xcontent.Obj{}
	for _, t := range targets {
		out = out.Add(t.Name, xcontent.Obj{{Key: "settings", Val: t.SettingsJSON(q.flag("flat_settings"))}})
	}
	return ok(out)
}

func (h *Handler) putSettings(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	if err := h.e.PutSettings(indices(targets), body); err != nil {
		return failed(err)
	}
	return ok(acknowledged)
}

func (h *Handler) close(q *request) reply {
	targets, err := h.setClosed(q, true)
	if err != nil {
		return failed(err)
	}
	closed := xcontent.Obj{}
	for _, t := range targets {
		closed = closed.Add(t.Name, xcontent.Obj{{Key: "closed", Val: true}})
	}
	return ok(xcontent.Obj{{Key: "acknowledged", Val: true}, {Key: "shards_acknowledged", Val: true}, {Key: "indices", Val: closed}})
}

func (h *Handler) open(q *request) reply {
	if _, err := h.setClosed(q, false); err != nil {
		return failed(err)
	}
	return ok(xcontent.Obj{{Key: "acknowledged", Val: true}, {Key: "shards_acknowledged", Val: true}})
}

func (h *Handler) setClosed(q *request, closed bool) ([]engine.Target, *eserr.Error) {
	targets, err := h.targets(q)
	if err != nil {
		return nil, err
	}
	return targets, h.e.SetClosed(indices(targets), closed)
}
