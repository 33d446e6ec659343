package rest

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// download answers GET and HEAD of an object.
func (h *Handler) download(w http.ResponseWriter, r *http.Request) {
	path, err := need(r, "path")
	if err == nil {
		err = noPresign(r)
	}
	if err != nil {
		h.fail(w, r, err)
		return
	}
	o, repo, err := h.store.Object(r.Context(), r.PathValue("repository"), r.PathValue("ref"), path)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	tag := strconv.Quote(o.Checksum)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head := w.Header()
	head.Set("Etag", tag)
	head.Set("Last-Modified", time.Unix(o.Modified, 0).UTC().Format(http.TimeFormat))
	head.Set("Cache-Control", "no-store, must-revalidate")
	head.Set("Expires", "0")
	if r.Method == http.MethodHead {
		head.Set("Accept-Ranges", "bytes")
		head.Set("Content-Type", o.ContentType)
		head.Set("Content-Length", strconv.FormatInt(o.Size, 10))
		return
	}
	head.Set("Content-Disposition", "attachment")
	head.Set("Content-Security-Policy", "default-src 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "SAMEORIGIN")
	part, partial, ok := parseRange(r.Header.Get("Range"), o.Size)
	if !ok {
		head.Set("Content-Range", fmt.Sprintf("bytes */%d", o.Size))
		h.fail(w, r, refuse(http.StatusRequestedRangeNotSatisfiable, "Requested Range Not Satisfiable"))
		return
	}
	body, err := h.store.Content(r.Context(), repo, o, part.offset, part.length)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	defer body.Close()
	head.Set("Content-Type", o.ContentType)
	head.Set("Content-Length", strconv.FormatInt(part.length, 10))
	if partial {
		head.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.offset, part.offset+part.length-1, o.Size))
		w.WriteHeader(http.StatusPartialContent)
	}
	if n, err := io.Copy(w, body); err != nil || n != part.length {
		h.Logger.Warn("lakefs: object not sent whole", "path", path, "sent", n, "size", part.length, "error", err)
		// The client must not take what it got for the object.
		panic(http.ErrAbortHandler)
	}
}

// section is a part of an object, in bytes.
type section struct{ offset, length int64 }

// parseRange reads a Range header with one range. partial is false when the
// whole object is meant: no header, or one that RFC 9110 lets a server ignore.
func parseRange(header string, size int64) (s section, partial, ok bool) {
	whole := section{0, size}
	spec, isBytes := strings.CutPrefix(header, "bytes=")
	from, to, isRange := strings.Cut(strings.TrimSpace(spec), "-")
	if !isBytes || !isRange || strings.Contains(spec, ",") {
		return whole, false, true
	}
	first, firstErr := strconv.ParseInt(from, 10, 64)
	last, lastErr := strconv.ParseInt(to, 10, 64)
	switch {
	case from == "" && lastErr == nil: // the last n bytes
		if last == 0 || size == 0 {
			return s, false, false
		}
		first, last = max(size-last, 0), size-1
	case firstErr != nil || (to != "" && lastErr != nil):
		return whole, false, true
	case first >= size:
		return s, false, false
	case to == "":
		last = size - 1
	case last < first:
		return whole, false, true
	}
	last = min(last, size-1)
	return section{first, last - first + 1}, true, true
}
