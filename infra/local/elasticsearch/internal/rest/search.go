package rest

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func (h *Handler) search(q *request) reply {
	req, err := search.ParseRequest(q.body)
	if err == nil {
		err = req.Apply(q.params)
	}
	if err != nil {
		return failed(err)
	}
	if req.PIT != "" && q.vars["index"] != "" {
		return failed(eserr.Validation("[indices] cannot be used with point in time. Do not specify any index with point in time."))
	}
	body, err := h.find(q, req, q.expression())
	if err != nil {
		return failed(err)
	}
	return ok(body)
}

// find runs a search in any of its three forms: plain, at a point in time, or
// as the first page of a scroll.
func (h *Handler) find(q *request, req *search.Request, x engine.Expression) (xcontent.Obj, *eserr.Error) {
	var res *search.Result
	var failure *eserr.Error
	run := func(readers []*search.Reader) {
		if failure = h.unable(req, readers); failure == nil {
			res, failure = req.Run(readers)
		}
	}
	var head xcontent.Obj
	var err *eserr.Error
	switch {
	case req.PIT != "":
		head = xcontent.Obj{{Key: "pit_id", Val: req.PIT}}
		err = h.e.SearchPIT(req.PIT, req.KeepAlive, run)
	case req.Scroll:
		if err := req.Check(); err != nil {
			return nil, err
		}
		var id string
		id, err = h.e.OpenScroll(x, q.params.Get("scroll"), req, run)
		head = xcontent.Obj{{Key: "_scroll_id", Val: id}}
	default:
		err = h.e.Search(x, q.params.Get("routing") != "", run)
	}
	if err == nil {
		err = failure
	}
	if err != nil {
		return nil, err
	}
	return req.Body(res, q.took(), head), nil
}

// aggregationBytes is what the real server reserves for aggregations before it
// starts.
const aggregationBytes = 6144

// unable is the failure of a search that faults or the request breaker stop.
func (h *Handler) unable(req *search.Request, readers []*search.Reader) *eserr.Error {
	if len(readers) == 0 {
		return nil
	}
	if h.faults.Lost() {
		e := eserr.New(503, "no_shard_available_action_exception", "")
		e.NoReason = true
		return search.AllFailed("query", []search.Failure{{Index: readers[0].Index, Err: e}})
	}
	limit := h.e.ClusterSetting("indices.breaker.request.limit")
	if limit == "" || len(req.Aggs) == 0 {
		return nil
	}
	if n, ok := bytesOf(limit); ok && n < aggregationBytes {
		e := eserr.New(429, "circuit_breaking_exception", "[request] Data too large, data for [preallocate[aggregations]] would be [%d/6kb], which is larger than the limit of [%d/%s]", aggregationBytes, n, limit)
		e.Meta = xcontent.Obj{{Key: "bytes_wanted", Val: aggregationBytes}, {Key: "bytes_limit", Val: n}, {Key: "durability", Val: "TRANSIENT"}}
		return search.AllFailed("query", []search.Failure{{Index: readers[0].Index, Err: e}})
	}
	return nil
}

func (h *Handler) count(q *request) reply {
	query, err := onlyQuery(q)
	if err != nil {
		return failed(err)
	}
	var rep reply
	err = h.e.Search(q.expression(), q.params.Get("routing") != "", func(readers []*search.Reader) {
		n, shards, failures := search.Count(query, readers)
		if len(failures) > 0 && len(failures) == len(readers) {
			rep = failed(search.AllFailed("query", failures))
			return
		}
		rep = ok(xcontent.Obj{{Key: "count", Val: n}, {Key: "_shards", Val: search.Shards(shards, len(failures), failures)}})
	})
	if err != nil {
		return failed(err)
	}
	return rep
}

// onlyQuery reads a body that may hold nothing but a query.
func onlyQuery(q *request) (search.Query, *eserr.Error) {
	if text := q.params.Get("q"); text != "" {
		return search.FromURL(text, strings.EqualFold(q.params.Get("default_operator"), "and")), nil
	}
	query := search.All()
	if q.body == "" {
		return query, nil
	}
	body, err := q.object()
	if err != nil {
		return nil, err
	}
	for m := range body.Members() {
		if m.Key() != "query" {
			return nil, eserr.Parsing(m.KeyPos(), "request does not support [%s]", m.Key())
		}
		if query, err = search.ParseQuery(m); err != nil {
			return nil, err
		}
	}
	return query, nil
}

func (h *Handler) validate(q *request) reply {
	query, bad := onlyQuery(q)
	var rep reply
	err := h.e.Search(q.expression(), false, func(readers []*search.Reader) {
		valid, list := true, []any{}
		for _, r := range readers {
			err := bad
			if err == nil {
				err = search.Valid(query, r)
			}
			line := xcontent.Obj{{Key: "index", Val: r.Index}, {Key: "valid", Val: err == nil}}
			if err != nil {
				valid = false
				line = line.Add("error", "["+r.Index+"/"+r.UUID+"] "+javaError(err))
			}
			list = append(list, line)
		}
		body := xcontent.Obj{{Key: "_shards", Val: plainShards(1)}, {Key: "valid", Val: valid}}
		if q.flag("explain") {
			body = body.Add("explanations", list)
		}
		rep = ok(body)
	})
	if err != nil {
		return failed(err)
	}
	return rep
}

// javaError writes an error as Java prints it.
func javaError(err *eserr.Error) string {
	class := map[string]string{
		"query_shard_exception": "org.elasticsearch.index.query.QueryShardException", "number_format_exception": "java.lang.NumberFormatException",
		"illegal_argument_exception": "java.lang.IllegalArgumentException", "parsing_exception": "org.elasticsearch.common.ParsingException",
	}[err.Type]
	if class == "" {
		class = err.Type
	}
	out := class + ": " + err.Reason
	if err.Cause != nil {
		out += "; " + javaError(err.Cause)
	}
	return out
}

func plainShards(n int) xcontent.Obj {
	return xcontent.Obj{{Key: "total", Val: n}, {Key: "successful", Val: n}, {Key: "failed", Val: 0}}
}

func (h *Handler) openPIT(q *request) reply {
	keep := q.params.Get("keep_alive")
	if keep == "" {
		return failed(eserr.Validation("[keep_alive] is not specified"))
	}
	id, shards, err := h.e.OpenPIT(q.expression(), keep)
	if err != nil {
		return failed(err)
	}
	return ok(xcontent.Obj{{Key: "id", Val: id}, {Key: "_shards", Val: search.Shards(shards, 0, nil)}})
}

func (h *Handler) closePIT(q *request) reply {
	body, err := q.object()
	if err != nil {
		return failed(err)
	}
	id := ""
	for m := range body.Members() {
		if m.Key() != "id" {
			return failed(eserr.XContent(m.KeyPos(), "[close_point_in_time] unknown field [%s]", m.Key()))
		}
		id = m.Text()
	}
	freed, known := h.e.CloseContexts([]string{id})
	if !known {
		return failed(eserr.IllegalArgument("java.io.EOFException: tried to read: 123 bytes but only 1 remaining"))
	}
	return freedReply(freed, freed > 0)
}

func freedReply(freed int, succeeded bool) reply {
	status := 200
	if freed == 0 {
		status = 404
	}
	return reply{status: status, body: xcontent.Obj{{Key: "succeeded", Val: succeeded}, {Key: "num_freed", Val: freed}}}
}

func (h *Handler) scroll(q *request) reply {
	id, keep := q.params.Get("scroll_id"), q.params.Get("scroll")
	if q.body != "" {
		body, err := q.object()
		if err != nil {
			return failed(err)
		}
		for m := range body.Members() {
			switch m.Key() {
			case "scroll_id":
				id = m.Text()
			case "scroll":
				keep = m.Text()
			default:
				return failed(eserr.IllegalArgument("Unknown parameter [%s] in request body or parameter is of the wrong type[%s] ", m.Key(), m.Token()))
			}
		}
	}
	var rep reply
	err := h.e.Scroll(id, keep, func(req *search.Request, readers []*search.Reader) {
		res, failure := req.Run(readers)
		if failure != nil {
			rep = failed(failure)
			return
		}
		rep = ok(req.Body(res, q.took(), xcontent.Obj{{Key: "_scroll_id", Val: id}}))
	})
	if err != nil {
		return failed(err)
	}
	return rep
}

func (h *Handler) clearScroll(q *request) reply {
	var ids []string
	if text := q.params.Get("scroll_id"); text != "" {
		ids = strings.Split(text, ",")
	}
	if q.body != "" {
		body, err := q.object()
		if err != nil {
			return failed(err)
		}
		v := body.Get("scroll_id")
		switch {
		case v.IsZero():
			return failed(eserr.IllegalArgument("Unknown parameter in request body"))
		case v.Kind() == xcontent.Array:
			for m := range v.Members() {
				ids = append(ids, m.Text())
			}
		default:
			ids = append(ids, v.Text())
		}
	}
	if len(ids) == 1 && ids[0] == "_all" {
		return freedReply(h.e.CloseScrolls(), true)
	}
	if len(ids) == 0 {
		return failed(eserr.Validation("no scroll ids specified"))
	}
	freed, known := h.e.CloseContexts(ids)
	if !known {
		return failed(eserr.IllegalArgument("Cannot parse scroll id"))
	}
	return freedReply(freed, true)
}

func (h *Handler) msearch(q *request) reply {
	if q.body == "" {
		return failed(eserr.New(400, "parse_exception", "request body or source parameter is required"))
	}
	type one struct {
		x   engine.Expression
		req *search.Request
	}
	var list []one
	lines := strings.Split(strings.TrimSuffix(q.body, "\n"), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		x := q.expression()
		if strings.TrimSpace(lines[i]) != "" {
			doc, bad := xcontent.Parse(lines[i])
			if bad != nil {
				return failed(eserr.Syntax(bad))
			}
			for m := range doc.Root().Members() {
				switch m.Key() {
				case "index":
					x.Names = strings.Split(m.Text(), ",")
					if m.Kind() == xcontent.Array {
						x.Names = nil
						for n := range m.Members() {
							x.Names = append(x.Names, n.Text())
						}
					}
				case "ignore_unavailable":
					x.IgnoreUnavailable = m.Text() == "true"
				case "search_type", "preference", "routing", "request_cache", "allow_no_indices", "expand_wildcards":
				default:
					return failed(eserr.IllegalArgument("key [%s] is not supported in the metadata section", m.Key()))
				}
			}
		}
		req, err := search.ParseRequest(lines[i+1])
		if err != nil {
			return failed(err)
		}
		list = append(list, one{x, req})
	}
	responses := []any{}
	for _, s := range list {
		body, err := h.find(q, s.req, s.x)
		if err != nil {
			responses = append(responses, xcontent.Obj{{Key: "error", Val: err.Body()}, {Key: "status", Val: err.Status}})
			continue
		}
		responses = append(responses, body.Add("status", 200))
	}
	return ok(xcontent.Obj{{Key: "took", Val: q.took()}, {Key: "responses", Val: responses}})
}
