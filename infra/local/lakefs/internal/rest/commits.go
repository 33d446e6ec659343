package rest

import (
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/store"
)

// shownCommit is a commit as the API writes it.
type shownCommit struct {
	store.Commit
	Version int `json:"version"`
}

func showCommit(c *store.Commit) shownCommit {
	shown := shownCommit{*c, 1}
	if shown.Parents == nil {
		shown.Parents = []string{}
	}
	if shown.Metadata == nil {
		shown.Metadata = map[string]string{}
	}
	return shown
}

// messageBody is what bodies say of the commit to make.
type messageBody struct {
	Message    *string           `json:"message"`
	Metadata   map[string]string `json:"metadata"`
	Date       int64             `json:"date"`
	AllowEmpty bool              `json:"allow_empty"`
}

func (b messageBody) message() store.Message {
	m := store.Message{Metadata: b.Metadata, Date: b.Date, AllowEmpty: b.AllowEmpty}
	if b.Message != nil {
		m.Text = *b.Message
	}
	return m
}

func (h *Handler) commit(r *http.Request) (reply, error) {
	var body messageBody
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	if body.Message == nil {
		return reply{}, missing("CommitCreation", "message")
	}
	if r.URL.Query().Has("source_metarange") {
		return notImplemented(r)
	}
	c, err := h.store.CreateCommit(r.Context(), r.PathValue("repository"), r.PathValue("branch"), body.message())
	if err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: showCommit(c)}, nil
}

func (h *Handler) getCommit(r *http.Request) (reply, error) {
	c, err := h.store.Commit(r.PathValue("repository"), r.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	return reply{body: showCommit(c)}, nil
}

func (h *Handler) log(r *http.Request) (reply, error) {
	n, err := amount(r)
	if err != nil {
		return reply{}, err
	}
	firstParent, err := flag(r, "first_parent")
	if err != nil {
		return reply{}, err
	}
	// To answer as if nothing had been asked would be wrong.
	for _, filter := range []string{"objects", "prefixes", "since", "stop_at"} {
		if r.URL.Query().Has(filter) {
			return notImplemented(r)
		}
	}
	list, more, err := h.store.Log(r.PathValue("repository"), r.PathValue("ref"), r.URL.Query().Get("after"), n, firstParent)
	if err != nil {
		return reply{}, err
	}
	shown := make([]shownCommit, 0, len(list))
	next := ""
	for _, c := range list {
		shown = append(shown, showCommit(c))
		if more {
			next = c.ID
		}
	}
	return pageReply(shown, more, next), nil
}

func (h *Handler) merge(r *http.Request) (reply, error) {
	var body struct {
		messageBody
		Strategy string `json:"strategy"`
		Squash   bool   `json:"squash_merge"`
	}
	if err := decode(r, &body, true); err != nil {
		return reply{}, err
	}
	c, err := h.store.Merge(r.Context(), r.PathValue("repository"), r.PathValue("ref"), r.PathValue("branch"),
		store.Merging{Message: body.message(), Strategy: body.Strategy, Squash: body.Squash})
	if err != nil {
		return reply{}, err
	}
	return reply{body: map[string]string{"reference": c.ID}}, nil
}

func (h *Handler) revert(r *http.Request) (reply, error) {
	var body struct {
		Ref        *string     `json:"ref"`
		Parent     *int        `json:"parent_number"`
		AllowEmpty bool        `json:"allow_empty"`
		Overrides  messageBody `json:"commit_overrides"`
	}
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	switch {
	case body.Ref == nil:
		return reply{}, missing("RevertCreation", "ref")
	case body.Parent == nil:
		return reply{}, missing("RevertCreation", "parent_number")
	}
	m := body.Overrides.message()
	m.AllowEmpty = body.AllowEmpty
	return reply{}, h.store.Revert(r.Context(), r.PathValue("repository"), r.PathValue("branch"), *body.Ref, *body.Parent, m)
}
