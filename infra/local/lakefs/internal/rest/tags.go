package rest

import "net/http"

func (h *Handler) listTags(r *http.Request) (reply, error) {
	list, err := h.store.Tags(r.PathValue("repository"))
	if err != nil {
		return reply{}, err
	}
	return listed(r, list, refID)
}

func (h *Handler) createTag(r *http.Request) (reply, error) {
	var body struct{ ID, Ref *string }
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	switch {
	case body.ID == nil || *body.ID == "":
		return reply{}, missing("TagCreation", "id")
	case body.Ref == nil:
		return reply{}, missing("TagCreation", "ref")
	}
	tag, err := h.store.CreateTag(r.PathValue("repository"), *body.ID, *body.Ref)
	return reply{status: http.StatusCreated, body: tag}, err
}

func (h *Handler) getTag(r *http.Request) (reply, error) {
	tag, err := h.store.Tag(r.PathValue("repository"), r.PathValue("tag"))
	return reply{body: tag}, err
}

func (h *Handler) deleteTag(r *http.Request) (reply, error) {
	return reply{}, h.store.DeleteTag(r.PathValue("repository"), r.PathValue("tag"))
}
