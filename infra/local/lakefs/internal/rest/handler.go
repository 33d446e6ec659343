package rest

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"spiceharvester/infra/local/lakefs/internal/store"
	"spiceharvester/infra/local/standin"
)

// Options says how a Handler works.
type Options struct {
	AccessKey, SecretKey string
	SpoolDir             string // for uploads on their way; exists
	Clock                func() time.Time
	Logger               *slog.Logger
}

// Handler answers requests.
type Handler struct {
	Options
	store   *store.Store
	faults  *standin.Faults
	mux     *http.ServeMux
	started time.Time
}

// New returns a handler for a store.
func New(s *store.Store, faults *standin.Faults, o Options) *Handler {
	h := &Handler{Options: o, store: s, faults: faults, mux: http.NewServeMux(), started: o.Clock()}
	h.routes()
	return h
}

// reply is a JSON or text answer. The zero status is 200; no body and no text
// is 204.
type reply struct {
	status int
	body   any
	text   string
	header map[string]string
}

// endpoint answers a request, or says why not.
type endpoint func(r *http.Request) (reply, error)

// open are the paths that need no credentials.
var open = map[string]bool{prefix + "/healthcheck": true, prefix + "/setup_lakefs": true}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.faults.Serve(w, r, func(w http.ResponseWriter, r *http.Request) {
		if !open[r.URL.Path] && !h.authentic(r) {
			h.fail(w, r, &store.Error{Status: http.StatusUnauthorized, Message: "error authenticating request"})
			return
		}
		h.mux.ServeHTTP(w, r)
	}, fault)
}

func (h *Handler) authentic(r *http.Request) bool {
	key, secret, ok := r.BasicAuth()
	sameKey := subtle.ConstantTimeCompare([]byte(key), []byte(h.AccessKey))
	sameSecret := subtle.ConstantTimeCompare([]byte(secret), []byte(h.SecretKey))
	return ok && sameKey&sameSecret == 1
}

// handle answers with what an endpoint says.
func (h *Handler) handle(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := e(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.write(w, answer)
	}
}

// fail answers an error; one that is not the client's is logged.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	var known *store.Error
	switch {
	case r.Context().Err() != nil:
		// Nobody listens any more: do not let it look like an answer.
		panic(http.ErrAbortHandler)
	case err == store.ErrConflict:
		h.write(w, reply{status: http.StatusConflict, body: map[string]string{"reference": ""}})
	case errors.As(err, &known):
		h.write(w, reply{status: known.Status, body: message(known.Message)})
	default:
		h.Logger.Error("lakefs: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		h.write(w, reply{status: http.StatusInternalServerError, body: message(err.Error())})
	}
}

func message(text string) map[string]string { return map[string]string{"message": text} }

func (h *Handler) write(w http.ResponseWriter, a reply) {
	head := w.Header()
	for k, v := range a.header {
		head.Set(k, v)
	}
	var body []byte
	switch {
	case a.text != "":
		head.Set("Content-Type", "text/plain; charset=utf-8")
		body = []byte(a.text)
	case a.body != nil:
		head.Set("Content-Type", "application/json")
		head.Set("X-Content-Type-Options", "nosniff")
		b, err := json.Marshal(a.body)
		if err != nil {
			h.Logger.Error("lakefs: encode answer", "error", err)
			a.status = http.StatusInternalServerError
		}
		body = append(b, '\n')
	case a.status == 0:
		a.status = http.StatusNoContent
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if len(body) > 0 {
		head.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	if _, err := w.Write(body); err != nil && len(body) > 0 {
		h.Logger.Debug("lakefs: answer not sent", "error", err)
	}
}

func refuse(status int, text string) error { return &store.Error{Status: status, Message: text} }
