package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"spiceharvester/shared/problem"
)

// Limits of a form beside its file.
const (
	maxFormField  = 64 << 10
	maxFormFields = 100
	// What is read of a body after its request was refused: a client that is
	// still sending sees no answer until it has finished.
	drainBytes = 256 << 20
	drainTime  = 10 * time.Second
)

var (
	textFormBroken = problem.Define("http.form", "The multipart form could not be read: {reason}.", "multipart 폼을 읽을 수 없습니다: {reason}.")
	textFormField  = problem.Define("http.form_field", "A form field may have {limit} bytes of UTF-8 text.", "폼 필드는 {limit}바이트 이하의 UTF-8 텍스트여야 합니다.")
	textTwoFiles   = problem.Define("http.form_two_files", "The form may hold one file.", "폼에는 파일을 하나만 넣을 수 있습니다.")
)

// Form is a multipart body that is read as a stream: text fields are kept, the
// file is handed over when it comes.
type Form struct {
	Fields map[string]string

	request *Request
	parts   *multipart.Reader
	body    *tail
	end     []byte // the line that ends the form
	file    bool
}

// tail remembers the end of what was read. multipart.Reader gives the same EOF at
// the end of a form and at that of a body which was cut off between two parts.
type tail struct {
	io.ReadCloser
	last []byte
}

// tailSize covers what multipart.Reader reads ahead.
const tailSize = 8 << 10

func (t *tail) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.last = append(t.last, p[max(0, n-tailSize):n]...)
	t.last = t.last[max(0, len(t.last)-tailSize):]
	return n, err
}

// File is the file of a form. It has to be read before the form goes on.
type File struct {
	Name string
	io.Reader
}

// Form begins to read a multipart body. A body of another type has no file.
func (r *Request) Form() (*Form, error) {
	body := &tail{ReadCloser: r.Request.Body}
	r.Request.Body = body
	parts, err := r.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		return nil, problem.Validation(problem.Missing([]any{"body", "file"}))
	}
	if err != nil {
		return nil, brokenForm(err)
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, brokenForm(err)
	}
	return &Form{Fields: map[string]string{}, request: r, parts: parts, body: body, end: []byte("--" + params["boundary"] + "--")}, nil
}

func brokenForm(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // io.EOF is how Next says that a form is complete
	}
	return problem.BadRequest(textFormBroken.With("reason", err.Error())).Because(err)
}

// Next reads fields until the file comes, which must be called name, or until
// the end: then it is io.EOF.
func (f *Form) Next(name string) (*File, error) {
	for {
		part, err := f.parts.NextPart()
		if errors.Is(err, io.EOF) && bytes.Contains(f.body.last, f.end) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, brokenForm(err)
		}
		if part.FileName() != "" || part.FormName() == name {
			switch {
			case part.FormName() != name:
				return nil, problem.Validation(problem.Unexpected([]any{"body", part.FormName()}))
			case f.file:
				return nil, problem.Validation(problem.InvalidValue([]any{"body", name}, textTwoFiles.With(), nil))
			}
			f.file = true
			return &File{Name: part.FileName(), Reader: part}, nil
		}
		if err := f.field(part); err != nil {
			return nil, err
		}
	}
}

func (f *Form) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxFormField+1))
	if err != nil {
		return brokenForm(err)
	}
	text := strings.TrimSpace(string(value))
	if len(value) > maxFormField || len(f.Fields) >= maxFormFields || !utf8.ValidString(text) {
		return problem.Validation(problem.InvalidValue([]any{"body", part.FormName()}, textFormField.With("limit", maxFormField), nil))
	}
	f.Fields[part.FormName()] = text
	return nil
}

// Drain reads on after a refusal, so that a client that is still sending gets
// the answer and not a broken connection.
func (f *Form) Drain() {
	control := http.NewResponseController(f.request.writer)
	if control.SetReadDeadline(time.Now().Add(drainTime)) != nil {
		return
	}
	end := time.Now().Add(drainTime) // the server's own patience may have moved the deadline
	for n, err := int64(0), error(nil); err == nil && n < drainBytes && time.Now().Before(end); {
		var more int64
		more, err = io.CopyN(io.Discard, f.request.Request.Body, 256<<10)
		n += more
	}
}
