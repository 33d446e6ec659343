package rest

import (
	"iter"
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/store"
)

// shownDifference is a difference as the API writes it.
type shownDifference struct {
	Path     string `json:"path"`
	PathType string `json:"path_type"`
	Size     *int64 `json:"size_bytes,omitempty"`
	Type     string `json:"type"`
}

func (h *Handler) diffRefs(r *http.Request) (reply, error) {
	twoDot := r.URL.Query().Get("type") == "two_dot"
	return differences(r, func(p paging) (iter.Seq2[store.Difference, error], error) {
		return h.store.Diff(r.Context(), r.PathValue("repository"), r.PathValue("ref"), r.PathValue("right"), twoDot, p.prefix, p.after)
	})
}

func (h *Handler) diffBranch(r *http.Request) (reply, error) {
	return differences(r, func(p paging) (iter.Seq2[store.Difference, error], error) {
		return h.store.Uncommitted(r.Context(), r.PathValue("repository"), r.PathValue("branch"), p.prefix, p.after)
	})
}

func differences(r *http.Request, find func(paging) (iter.Seq2[store.Difference, error], error)) (reply, error) {
	p, err := pagingOf(r)
	if err != nil {
		return reply{}, err
	}
	seq, err := find(p)
	if err != nil {
		return reply{}, err
	}
	items, more, err := take(seq, func(d store.Difference) string { return d.Path }, p)
	return answer(items, more, func(it item[store.Difference]) shownDifference {
		if it.common {
			return shownDifference{Path: it.path, PathType: "common_prefix", Type: "prefix_changed"}
		}
		return shownDifference{Path: it.path, PathType: "object", Size: &it.value.Size, Type: it.value.Type}
	}), err
}
