package rest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// maxBody is http.max_content_length of the real server: 100 MB.
const maxBody = 100 << 20

// Handler answers requests.
type Handler struct {
	e      *engine.Engine
	log    *slog.Logger
	faults *Faults
	remote bool // faults may be set over HTTP
	routes []route
}

// New returns a handler for an engine. With remote the path /_faults sets
// faults.
func New(e *engine.Engine, log *slog.Logger, faults *Faults, remote bool) *Handler {
	h := &Handler{e: e, log: log, faults: faults, remote: remote}
	h.routes = h.table()
	return h
}

// request is what a route gets.
type request struct {
	*http.Request
	ctx    context.Context
	vars   map[string]string
	params url.Values
	body   string
	start  time.Time
}

// took is the duration of the request in milliseconds.
func (q *request) took() int { return int(time.Since(q.start).Milliseconds()) }

// reply is what a route answers.
type reply struct {
	status int
	body   any    // JSON; nil for none
	text   string // instead of body: plain text
	header map[string]string
	err    *eserr.Error
}

func ok(body any) reply { return reply{status: 200, body: body} }

func failed(err *eserr.Error) reply { return reply{status: err.Status, err: err} }

var acknowledged = xcontent.Obj{{Key: "acknowledged", Val: true}}

// globalParams are accepted everywhere.
var globalParams = []string{"pretty", "human", "error_trace", "filter_path", "format"}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/_faults" && h.remote {
		h.serveFaults(w, r)
		return
	}
	h.faults.Serve(w, r, h.serve, fault)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	q := &request{Request: r, ctx: r.Context(), params: r.URL.Query(), start: time.Now()}
	if id := r.Header.Get("X-Opaque-Id"); id != "" {
		w.Header().Set("X-Opaque-Id", id)
	}
	if r.ContentLength > maxBody {
		h.tooLarge(w, r.Body)
		return
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return // the client is gone
	}
	if len(b) > maxBody {
		h.tooLarge(w, r.Body)
		return
	}
	q.body = string(b)
	rep := h.answer(q)
	if r.Context().Err() != nil {
		return
	}
	h.write(w, q, rep)
}

// tooLarge reads what the client still sends, so that it gets the answer.
func (h *Handler) tooLarge(w http.ResponseWriter, rest io.Reader) {
	io.Copy(io.Discard, io.LimitReader(rest, 4*maxBody))
	w.WriteHeader(http.StatusRequestEntityTooLarge)
}

func (h *Handler) answer(q *request) reply {
	if rep, bad := checkMedia(q); bad {
		return rep
	}
	rt, vars, rep := h.match(q)
	if rt == nil {
		return rep
	}
	q.vars = vars
	for name := range q.params {
		if !slices.Contains(rt.params, name) && !slices.Contains(globalParams, name) {
			return failed(eserr.IllegalArgument("request [%s] contains unrecognized parameter: [%s]%s", q.URL.Path, name, hint(name, rt.params)))
		}
	}
	return rt.do(q)
}

func hint(name string, known []string) string {
	if s := xcontent.Suggest(name, known); s != "" {
		return " ->" + s
	}
	return ""
}

func (h *Handler) write(w http.ResponseWriter, q *request, rep reply) {
	head := w.Header()
	for k, v := range rep.header {
		head.Set(k, v)
	}
	if rep.err == nil || !rep.err.HideProduct {
		head.Set("X-Elastic-Product", "Elasticsearch")
	}
	if rep.err != nil {
		rep.body = xcontent.Obj{{Key: "error", Val: rep.err.Body()}, {Key: "status", Val: rep.err.Status}}
	}
	var out []byte
	if rep.text != "" {
		head.Set("Content-Type", "text/plain; charset=UTF-8")
		out = []byte(rep.text)
	} else if rep.body != nil {
		head.Set("Content-Type", responseType(q.Request))
		body := rep.body
		if paths := q.params.Get("filter_path"); paths != "" {
			if body = xcontent.FilterPath(body, strings.Split(paths, ",")); body == nil {
				body = xcontent.Obj{}
			}
		}
		out = xcontent.Append(make([]byte, 0, 1024), body)
	}
	w.WriteHeader(rep.status)
	if q.Method != http.MethodHead {
		if _, err := w.Write(out); err != nil && !errors.Is(err, http.ErrHandlerTimeout) {
			h.log.Debug("elasticsearch: answer not sent", "error", err)
		}
	}
}
