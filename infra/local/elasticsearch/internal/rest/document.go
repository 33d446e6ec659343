package rest

import (
	"net/url"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func (h *Handler) indexDoc(q *request) reply {
	action := engine.IndexDoc
	switch text := q.params.Get("op_type"); text {
	case "", "index":
	case "create":
		action = engine.CreateDoc
	default:
		return failed(eserr.IllegalArgument("opType must be 'create' or 'index', found: [%s]", text))
	}
	if q.vars["id"] == "" && action == engine.IndexDoc {
		action = engine.CreateDoc
	}
	return h.store(q, action)
}

func (h *Handler) createDoc(q *request) reply { return h.store(q, engine.CreateDoc) }

func (h *Handler) store(q *request, action engine.Action) reply {
	if q.body == "" {
		return failed(eserr.New(400, "parse_exception", "request body is required"))
	}
	op := h.op(q, action)
	op.Source = q.body
	return h.single(q, op)
}

func (h *Handler) deleteDoc(q *request) reply { return h.single(q, h.op(q, engine.DeleteDoc)) }

func (h *Handler) op(q *request, action engine.Action) *engine.Op {
	return &engine.Op{
		Action: action, Index: q.vars["index"], ID: q.vars["id"], AutoID: q.vars["id"] == "",
		Routing: q.params.Get("routing"), RequireAlias: q.flag("require_alias"),
	}
}

// single does one write and answers it.
func (h *Handler) single(q *request, op *engine.Op) reply {
	if err := q.versions(op); err != nil {
		return failed(err)
	}
	policy, err := q.refreshPolicy()
	if err != nil {
		return failed(err)
	}
	if problems := op.Problems(); len(problems) > 0 {
		return failed(eserr.Validation(problems...))
	}
	if h.faults.Lost() {
		return failed(unavailable(op, q.params.Get("timeout")))
	}
	outs, bad := h.e.Write(q.ctx, []*engine.Op{op}, policy)
	if bad != nil {
		return failed(eserr.New(500, "i_o_exception", "%s", bad.Error()))
	}
	out := outs[0]
	if out.Err != nil {
		return failed(out.Err)
	}
	rep := reply{status: out.Status, body: out.JSON()}
	if out.Status == 201 {
		location := "/" + out.Index + "/_doc/" + javaEscape(out.ID)
		if op.Routing != "" {
			location += "?routing=" + javaEscape(op.Routing)
		}
		rep.header = map[string]string{"Location": location}
	}
	if op.Action == engine.UpdateDoc {
		if filter, wanted := updateSource(q); wanted {
			rep.body = out.JSON().Add("get", xcontent.Obj{
				{Key: "_seq_no", Val: out.SeqNo}, {Key: "_primary_term", Val: 1}, {Key: "found", Val: true},
				{Key: "_source", Val: filter.Apply(out.NewSource)},
			})
		}
	}
	return rep
}

// javaEscape is Java's URLEncoder, which the real server uses here.
func javaEscape(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

func updateSource(q *request) (search.SourceFilter, bool) {
	f := search.SourceFilter{Off: true}
	if q.params.Has("_source") || q.params.Has("_source_includes") || q.params.Has("_source_excludes") {
		f = search.SourceFilter{}.Override(q.params)
	}
	return f, !f.Off
}

func (h *Handler) updateDoc(q *request) reply {
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	op := h.op(q, engine.UpdateDoc)
	if err := updateBody(op, body); err != nil {
		return failed(err)
	}
	return h.single(q, op)
}

// updateBody reads the members of an update.
func updateBody(op *engine.Op, body xcontent.Value) *eserr.Error {
	op.DetectNoop = true
	for m := range body.Members() {
		switch m.Key() {
		case "doc":
			op.Doc = m.Raw()
		case "upsert":
			op.Upsert = m.Raw()
		case "doc_as_upsert":
			op.DocAsUpsert = m.Text() == "true"
		case "detect_noop":
			op.DetectNoop = m.Text() == "true"
		case "script":
			op.ScriptError = true
		default:
			return eserr.XContent(m.KeyPos(), "[UpdateRequest] unknown field [%s]%s", m.Key(), xcontent.Suggest(m.Key(), []string{"doc", "upsert", "doc_as_upsert", "detect_noop", "script", "scripted_upsert", "_source", "if_seq_no", "if_primary_term"}))
		}
	}
	return nil
}

func (h *Handler) getDoc(q *request) reply {
	got, err := h.read(q)
	if err != nil {
		return failed(err)
	}
	if got.Record == nil {
		return reply{status: 404, body: xcontent.Obj{{Key: "_index", Val: got.Index}, {Key: "_id", Val: q.vars["id"]}, {Key: "found", Val: false}}}
	}
	return ok(document(got, search.SourceFilter{}.Override(q.params)))
}

func (h *Handler) read(q *request) (engine.Got, *eserr.Error) {
	if h.faults.Lost() {
		return engine.Got{}, eserr.New(503, "no_shard_available_action_exception", "No shard available for [get [%s][%s]: routing [null]]", q.vars["index"], q.vars["id"])
	}
	return h.e.Get(q.vars["index"], q.vars["id"], q.params.Get("routing"), q.params.Get("realtime") != "false")
}

// document writes a document that was read by id.
func document(got engine.Got, filter search.SourceFilter) xcontent.Obj {
	r := got.Record
	o := xcontent.Obj{
		{Key: "_index", Val: got.Index}, {Key: "_id", Val: r.ID}, {Key: "_version", Val: r.Version},
		{Key: "_seq_no", Val: r.SeqNo}, {Key: "_primary_term", Val: 1},
	}
	if r.Routing != "" {
		o = o.Add("_routing", r.Routing)
	}
	o = o.Add("found", true)
	if !filter.Off {
		o = o.Add("_source", filter.Apply(r.Source))
	}
	return o
}

func (h *Handler) getSource(q *request) reply {
	got, err := h.read(q)
	if err != nil {
		return failed(err)
	}
	if got.Record == nil {
		return failed(eserr.New(404, "resource_not_found_exception", "Document not found [%s]/[%s]", got.Index, q.vars["id"]))
	}
	return ok(search.SourceFilter{}.Override(q.params).Apply(got.Record.Source))
}

// unavailable is the error of a write while shards are lost.
func unavailable(op *engine.Op, timeout string) *eserr.Error {
	if timeout == "" {
		timeout = "1m"
	}
	return eserr.New(503, "unavailable_shards_exception", "[%s][0] primary shard is not active Timeout: [%s], request: [BulkShardRequest [[%s][0]] containing [%s {[%s][%s], source[%s]}]]",
		op.Index, timeout, op.Index, op.Action, op.Index, op.ID, op.Source)
}
