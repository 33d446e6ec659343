package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"

	"spiceharvester/shared/problem"
)

// Response is an answer with a JSON body.
type Response struct {
	Status int
	Body   any
	Header http.Header
}

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
	w.WriteHeader(resp.Status)
	w.Write(body.Bytes()) // the client may be gone
}
