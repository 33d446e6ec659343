package outbox

import (
	"context"
	"net/http"
	"time"
)

// runTimeout bounds one run, so that a request does not outlive its client.
const runTimeout = 30 * time.Second

// Handler is the HTTP side of an outbox function: any POST, of a timer or a
// nudge, publishes what is due.
func Handler(p *Publisher) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "an outbox publishes on POST", http.StatusMethodNotAllowed)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), runTimeout)
		defer cancel()
		if _, err := p.Run(ctx); err != nil {
			p.Logger.WarnContext(ctx, "outbox", "publisher", p.Name, "error", err)
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
}
