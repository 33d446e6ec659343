package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode"

	"spiceharvester/shared/problem"
)

// Response is an answer with a JSON body, or with content of another type.
type Response struct {
	Status  int
	Body    any
	Header  http.Header
	Content *Content
}

// Content is a body that is streamed, for downloads.
type Content struct {
	Type  string // media type
	File  string // the name that a browser stores it under
	Write func(w io.Writer) error
}

// Download answers 200 with content.
func Download(c Content) *Response { return &Response{Status: http.StatusOK, Content: &c} }

// OK answers 200 with a body of its own shape.
func OK(body any) *Response { return &Response{Status: http.StatusOK, Body: body} }

// Envelope is the contract's ApiResponse (bff-api 1.7).
type Envelope struct {
	Status  string   `json:"status"`
	Message string   `json:"message"`
	Data    any      `json:"data"`
	Errors  []string `json:"errors"`
}

// Success answers 200 with an envelope.
func Success(r *Request, message problem.Message, data any) *Response {
	return OK(Envelope{Status: "success", Message: message.In(r.Lang), Data: data})
}

func (resp *Response) write(w http.ResponseWriter, r *Request) {
	if resp.Content != nil {
		resp.Content.write(w, r, resp)
		return
	}
	if resp.Status == http.StatusNotModified {
		for name, values := range resp.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(resp.Status)
		return
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(resp.Body); err != nil {
		r.api.fail(w, r.Request, "response", problem.Internal(err))
		return
	}
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Language", string(r.Lang))
	w.WriteHeader(resp.Status)
	w.Write(body.Bytes()) // the client may be gone
}

// write streams the content. When it breaks off the connection does too, so that
// the client does not take a part for the whole.
func (c *Content) write(w http.ResponseWriter, r *Request, resp *Response) {
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", c.Type)
	if c.File != "" {
		w.Header().Set("Content-Disposition", attachment(c.File))
	}
	w.WriteHeader(resp.Status)
	if err := c.Write(w); err != nil {
		r.api.Logger.WarnContext(r.Context(), "a download breaks off", "path", r.URL.Path, "error", err)
		panic(http.ErrAbortHandler)
	}
}

// attachment names a file for every browser (RFC 6266).
func attachment(file string) string {
	file = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || c == '/' || c == '\\' {
			return '_'
		}
		return c
	}, file)
	if text := mime.FormatMediaType("attachment", map[string]string{"filename": file}); text != "" {
		return text
	}
	return "attachment"
}
