package consume

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"spiceharvester/shared/event"
)

// maxBody bounds one delivery: a batch of events of the largest size.
const maxBody = 64 << 20

// HTTP is the HTTP side of an event function. It answers
//
//	200  had its effect, now or before, or waits parked
//	422  no event; the bytes are recorded
//	503  the registry or the log cannot be reached: deliver again
type HTTP struct {
	Handler  string
	Consume  func(ctx context.Context, events []event.Event) error
	Registry Registry
	Now      func() time.Time
	Logger   *slog.Logger
}

// ServeHTTP takes one CloudEvent or a batch.
func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "an event function takes CloudEvents by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	events, err := event.ReadHTTP(r)
	if errors.Is(err, event.ErrNewerSchema) {
		// Not this delivery is wrong but this build is old: nothing may be lost until it is replaced.
		h.Logger.ErrorContext(r.Context(), "delivery stops here", "handler", h.Handler, "error", err)
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	if err != nil {
		h.undecodable(w, r, body, err)
		return
	}
	if err := h.Consume(r.Context(), events); err != nil {
		h.Logger.WarnContext(r.Context(), "delivery fails, is asked for again", "handler", h.Handler, "events", len(events), "error", err)
		w.Header().Set("Retry-After", "1")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

func (h *HTTP) undecodable(w http.ResponseWriter, r *http.Request, body []byte, cause error) {
	err := h.Registry.RecordRaw(r.Context(), DeadLetter{
		Handler: h.Handler, Received: h.Now().UTC(), Reason: cause.Error(), Headers: r.Header, Body: body,
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	h.Logger.ErrorContext(r.Context(), "delivery is no event; its bytes are recorded", "handler", h.Handler, "error", cause)
	http.Error(w, cause.Error(), http.StatusUnprocessableEntity)
}
