package rest

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"

	"spiceharvester/infra/local/lakefs/internal/blob"
)

// inMemory is how much of an upload stays in memory; more goes to a file.
const inMemory = 256 << 10

// contentOf finds the content of an upload, which is the body or the form
// field "content", and its type.
func contentOf(r *http.Request) (io.Reader, string, error) {
	contentType := r.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(contentType); media != "multipart/form-data" {
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		return r.Body, contentType, nil
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, "", refuse(http.StatusBadRequest, err.Error())
	}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, "", refuse(http.StatusBadRequest, "multipart upload missing key 'content': no such file")
		}
		if err != nil {
			return nil, "", refuse(http.StatusBadRequest, err.Error())
		}
		if part.FormName() == "content" {
			return part, part.Header.Get("Content-Type"), nil
		}
	}
}

// upload is content that arrived whole.
type upload struct {
	blob.Body
	md5  string // hex
	file *os.File
}

// receive reads content to its end, so that its digest, which is its name, and
// its size are known before it is written anywhere. The caller discards it.
func receive(dir string, content io.Reader) (_ *upload, err error) {
	up := &upload{}
	defer func() {
		if err != nil {
			up.discard()
		}
	}()
	checksum, name := md5.New(), sha256.New()
	content = io.TeeReader(content, io.MultiWriter(checksum, name))
	var head bytes.Buffer
	if up.Size, err = io.CopyN(&head, content, inMemory); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("receive an upload: %w", err)
	}
	up.ReadSeeker = bytes.NewReader(head.Bytes())
	if err == nil {
		if err := up.spill(dir, head.Bytes(), content); err != nil {
			return nil, err
		}
	}
	up.md5, up.SHA256 = hex.EncodeToString(checksum.Sum(nil)), hex.EncodeToString(name.Sum(nil))
	return up, nil
}

// spill writes the beginning and the rest of the content to a file.
func (u *upload) spill(dir string, head []byte, rest io.Reader) (err error) {
	if u.file, err = os.CreateTemp(dir, "upload-*"); err != nil {
		return fmt.Errorf("receive an upload: %w", err)
	}
	if _, err := u.file.Write(head); err != nil {
		return fmt.Errorf("receive an upload: %w", err)
	}
	n, err := io.Copy(u.file, rest)
	if err != nil {
		return fmt.Errorf("receive an upload: %w", err)
	}
	u.Size += n
	if _, err := u.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("receive an upload: %w", err)
	}
	u.ReadSeeker = u.file
	return nil
}

func (u *upload) discard() {
	if u.file != nil {
		u.file.Close()
		os.Remove(u.file.Name())
	}
}
