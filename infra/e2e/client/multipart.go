package client

import (
	"io"
	"mime/multipart"
	"net/http"
)

// Part is a part of a form: a field, or a file if File is set.
type Part struct {
	Name, File string
	Content    string
}

// Form gives the body of a multipart form, and the option that says its type.
func Form(parts ...Part) ([]byte, Option) {
	var body writer
	form := multipart.NewWriter(&body)
	for _, p := range parts {
		create := form.CreateFormField
		if p.File != "" {
			create = func(name string) (io.Writer, error) { return form.CreateFormFile(name, p.File) }
		}
		part, err := create(p.Name)
		if err == nil {
			_, err = io.WriteString(part, p.Content)
		}
		if err != nil {
			panic(err) // memory only
		}
	}
	form.Close()
	return body, func(r *http.Request) { r.Header.Set("Content-Type", form.FormDataContentType()) }
}

type writer []byte

func (w *writer) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}
