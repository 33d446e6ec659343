package rest

import (
	"net/http"
	"time"

	"spiceharvester/infra/local/lakefs/internal/store"
)

func (h *Handler) dump(r *http.Request) (reply, error) {
	t, err := h.store.Dump(r.Context(), r.PathValue("repository"))
	return reply{status: http.StatusAccepted, body: map[string]string{"id": t.ID}}, err
}

func (h *Handler) dumpStatus(r *http.Request) (reply, error) { return h.task(r) }

// restore fills a bare repository. Its answers are not recorded; they follow
// the published description of the API (1.84).
func (h *Handler) restore(r *http.Request) (reply, error) {
	var refs store.Refs
	if err := decode(r, &refs, false); err != nil {
		return reply{}, err
	}
	t, err := h.store.Restore(r.Context(), r.PathValue("repository"), refs)
	return reply{status: http.StatusAccepted, body: map[string]string{"id": t.ID}}, err
}

func (h *Handler) restoreStatus(r *http.Request) (reply, error) { return h.task(r) }

func (h *Handler) task(r *http.Request) (reply, error) {
	id, err := need(r, "task_id")
	if err != nil {
		return reply{}, err
	}
	t, err := h.store.Task(r.PathValue("repository"), id)
	shown := struct {
		ID      string      `json:"id"`
		Done    bool        `json:"done"`
		Updated string      `json:"update_time"`
		Error   string      `json:"error,omitempty"`
		Refs    *store.Refs `json:"refs,omitempty"`
	}{ID: t.ID, Done: true, Updated: t.Updated.UTC().Format(time.RFC3339Nano), Refs: t.Refs}
	if t.Err != nil {
		shown.Error, shown.Refs = t.Err.Error(), nil
	}
	return reply{body: shown}, err
}
