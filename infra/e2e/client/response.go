package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Response is an answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get walks into the JSON body: names (string) and positions (int). It gives nil
// where there is nothing. Numbers are json.Number.
func (r *Response) Get(path ...any) any {
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			name, _ := step.(string)
			value = v[name]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// Text gives a text or the text of a number inside the body, "" for anything
// else.
func (r *Response) Text(path ...any) string {
	switch v := r.Get(path...).(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// Command is the id of the command that the answer is about: both shapes of
// accepted writes and the shape of a command's status have it.
func (r *Response) Command() string {
	if id := r.Text("command_id"); id != "" {
		return id
	}
	if id := r.Text("data", "command_id"); id != "" {
		return id
	}
	return r.Text("data", "data", "command_id")
}

// String shows the answer in a test's output.
func (r *Response) String() string { return fmt.Sprintf("%d %s", r.Status, bytes.TrimSpace(r.Body)) }
