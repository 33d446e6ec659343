package rest

import (
	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// wanted is one document of a multi-get.
type wanted struct {
	index, id, routing string
	filter             search.SourceFilter
}

func (h *Handler) mget(q *request) reply {
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	normal := wanted{index: q.vars["index"], routing: q.params.Get("routing"), filter: search.SourceFilter{}.Override(q.params)}
	list, err := parseMget(body, normal)
	if err != nil {
		return failed(err)
	}
	var problems []string
	if len(list) == 0 {
		problems = append(problems, "no documents to get")
	}
	for _, w := range list {
		if w.index == "" {
			problems = append(problems, "index is missing for doc "+w.id)
		}
	}
	if len(problems) > 0 {
		return failed(eserr.Validation(problems...))
	}
	realtime := q.params.Get("realtime") != "false"
	docs := make([]xcontent.Obj, len(list))
	for i, w := range list {
		docs[i] = h.getOne(w, realtime)
	}
	return ok(xcontent.Obj{{Key: "docs", Val: docs}})
}

func (h *Handler) getOne(w wanted, realtime bool) xcontent.Obj {
	var got engine.Got
	var err *eserr.Error
	if h.faults.Lost() {
		err = eserr.New(503, "no_shard_available_action_exception", "No shard available for [org.elasticsearch.action.get.MultiGetShardRequest/unset]")
	} else {
		got, err = h.e.Get(w.index, w.id, w.routing, realtime)
	}
	switch {
	case err != nil:
		return xcontent.Obj{{Key: "_index", Val: w.index}, {Key: "_id", Val: w.id}, {Key: "error", Val: err.Body()}}
	case got.Record == nil:
		return xcontent.Obj{{Key: "_index", Val: got.Index}, {Key: "_id", Val: w.id}, {Key: "found", Val: false}}
	}
	return document(got, w.filter)
}

func parseMget(body xcontent.Value, normal wanted) ([]wanted, *eserr.Error) {
	var out []wanted
	for m := range body.Members() {
		if m.Key() != "docs" && m.Key() != "ids" || m.Kind() != xcontent.Array {
			return nil, eserr.Parsing(m.Start(), "unknown key [%s] for a %s, expected [docs] or [ids]", m.Key(), m.Token())
		}
		for item := range m.Members() {
			w := normal
			if m.Key() == "ids" {
				w.id = item.Text()
				out = append(out, w)
				continue
			}
			for p := range item.Members() {
				var err *eserr.Error
				switch p.Key() {
				case "_index":
					w.index = p.Text()
				case "_id":
					w.id = p.Text()
				case "routing":
					w.routing = p.Text()
				case "_source":
					w.filter, err = search.ParseSource(p)
				default:
					err = eserr.Parsing(p.Start(), "Malformed docs entry, unknown key [%s]", p.Key())
				}
				if err != nil {
					return nil, err
				}
			}
			out = append(out, w)
		}
	}
	return out, nil
}
