package rest

import (
	"maps"
	"net/http"
	"strings"

	"spiceharvester/infra/local/lakefs/internal/blob"
	"spiceharvester/infra/local/lakefs/internal/store"
)

// metaHeader begins the headers of an object's own metadata.
const metaHeader = "X-Lakefs-Meta-"

// shownObject is an object, or a common prefix, as the API writes it.
type shownObject struct {
	Path        string             `json:"path"`
	PathType    string             `json:"path_type"`
	Address     string             `json:"physical_address"`
	Checksum    string             `json:"checksum"`
	Modified    int64              `json:"mtime"`
	Size        *int64             `json:"size_bytes,omitempty"`
	Metadata    *map[string]string `json:"metadata,omitempty"`
	ContentType string             `json:"content_type,omitempty"`
}

func showObject(repo store.Repository, path string, o *store.Object) shownObject {
	metadata := maps.Clone(o.Metadata)
	if metadata == nil {
		metadata = map[string]string{}
	}
	return shownObject{
		Path: path, PathType: "object", Address: blob.Namespace(repo.Namespace).Address(o.Name),
		Checksum: o.Checksum, Modified: o.Modified, Size: &o.Size, Metadata: &metadata, ContentType: o.ContentType,
	}
}

func (h *Handler) upload(r *http.Request) (reply, error) {
	path, err := need(r, "path")
	if err != nil {
		return reply{}, err
	}
	ifAbsent := false
	switch {
	case r.Header.Get("If-Match") != "":
		return notImplemented(r)
	case r.Header.Get("If-None-Match") == "*":
		ifAbsent = true
	case r.Header.Get("If-None-Match") != "":
		return reply{}, refuse(http.StatusBadRequest, `parameter "If-None-Match" in header has an error: string doesn't match the regular expression "^\*$"`)
	}
	id, branch := r.PathValue("repository"), r.PathValue("branch")
	repo, err := h.store.Repository(id)
	if err != nil {
		return reply{}, err
	}
	// Before the bytes come; Stage checks again.
	if err := h.store.Writable(id, branch); err != nil {
		return reply{}, err
	}
	content, contentType, err := contentOf(r)
	if err != nil {
		return reply{}, err
	}
	up, err := receive(h.SpoolDir, content)
	if err != nil {
		return reply{}, err
	}
	defer up.discard()
	name, err := h.store.PutContent(r.Context(), repo, up.Body)
	if err != nil {
		return reply{}, err
	}
	o := &store.Object{
		Checksum: up.md5, Name: name, Size: up.Size, Modified: h.Clock().Unix(),
		ContentType: contentType, Metadata: map[string]string{},
	}
	for k, v := range r.Header {
		if key, ok := strings.CutPrefix(k, metaHeader); ok {
			o.Metadata[strings.ToLower(key)] = v[0]
		}
	}
	if err := h.store.Stage(r.Context(), id, branch, path, o, ifAbsent); err != nil {
		return reply{}, err
	}
	return reply{status: http.StatusCreated, body: showObject(repo, path, o)}, nil
}

func (h *Handler) stat(r *http.Request) (reply, error) {
	path, err := need(r, "path")
	if err != nil {
		return reply{}, err
	}
	if err := noPresign(r); err != nil {
		return reply{}, err
	}
	o, repo, err := h.store.Object(r.Context(), r.PathValue("repository"), r.PathValue("ref"), path)
	if err != nil {
		return reply{}, err
	}
	shown := showObject(repo, path, o)
	if r.URL.Query().Get("user_metadata") == "false" {
		shown.Metadata = &map[string]string{}
	}
	return reply{body: shown}, nil
}

func (h *Handler) list(r *http.Request) (reply, error) {
	p, err := pagingOf(r)
	if err != nil {
		return reply{}, err
	}
	if err := noPresign(r); err != nil {
		return reply{}, err
	}
	repo, err := h.store.Repository(r.PathValue("repository"))
	if err != nil {
		return reply{}, err
	}
	seq, err := h.store.Objects(r.Context(), repo.ID, r.PathValue("ref"), p.prefix, p.after)
	if err != nil {
		return reply{}, err
	}
	items, more, err := take(seq, func(e store.Entry) string { return e.Path }, p)
	return answer(items, more, func(it item[store.Entry]) shownObject {
		if it.common {
			return shownObject{Path: it.path, PathType: "common_prefix"}
		}
		shown := showObject(repo, it.path, it.value.Object)
		if len(*shown.Metadata) == 0 || r.URL.Query().Get("user_metadata") == "false" {
			shown.Metadata = nil
		}
		return shown
	}), err
}

func (h *Handler) deleteObject(r *http.Request) (reply, error) {
	path, err := need(r, "path")
	if err != nil {
		return reply{}, err
	}
	return reply{}, h.store.DeleteObject(r.Context(), r.PathValue("repository"), r.PathValue("branch"), path)
}

// deleteObjects answers 200 with the paths that could not be deleted. What
// concerns all of them, such as a missing branch, is an error of the request.
func (h *Handler) deleteObjects(r *http.Request) (reply, error) {
	var body struct{ Paths []string }
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	if len(body.Paths) > maxPerPage {
		return reply{}, refuse(http.StatusBadRequest, "request size exceeded: maximum 1000 paths")
	}
	for _, path := range body.Paths {
		if err := h.store.DeleteObject(r.Context(), r.PathValue("repository"), r.PathValue("branch"), path); err != nil {
			return reply{}, err
		}
	}
	return reply{body: map[string]any{"errors": []any{}}}, nil
}

// copyObject makes a path mean the content of another; no byte is copied.
func (h *Handler) copyObject(r *http.Request) (reply, error) {
	path, err := need(r, "dest_path")
	if err != nil {
		return reply{}, err
	}
	var body struct {
		Path *string `json:"src_path"`
		Ref  string  `json:"src_ref"`
	}
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	if body.Path == nil {
		return reply{}, missing("ObjectCopyCreation", "src_path")
	}
	if body.Ref == "" {
		body.Ref = r.PathValue("branch")
	}
	return h.derive(r, body.Ref, *body.Path, path, func(o *store.Object) { o.Modified = h.Clock().Unix() }, http.StatusCreated)
}

func (h *Handler) setMetadata(r *http.Request) (reply, error) {
	path, err := need(r, "path")
	if err != nil {
		return reply{}, err
	}
	var body struct{ Set map[string]string }
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	if _, err := h.derive(r, r.PathValue("branch"), path, path, func(o *store.Object) { o.Metadata = body.Set }, 0); err != nil {
		return reply{}, err
	}
	return reply{}, nil
}

// derive stages an object that differs a little from another.
func (h *Handler) derive(r *http.Request, ref, from, to string, change func(*store.Object), status int) (reply, error) {
	id, branch := r.PathValue("repository"), r.PathValue("branch")
	o, repo, err := h.store.Object(r.Context(), id, ref, from)
	if err != nil {
		return reply{}, err
	}
	derived := *o
	change(&derived)
	if err := h.store.Stage(r.Context(), id, branch, to, &derived, false); err != nil {
		return reply{}, err
	}
	return reply{status: status, body: showObject(repo, to, &derived)}, nil
}
