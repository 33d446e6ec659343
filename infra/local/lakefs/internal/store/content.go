package store

import (
	"context"
	"errors"
	"io"
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/blob"
)

// PutContent writes an object's bytes to a repository's namespace and answers
// their name there: the same bytes have the same name.
func (s *Store) PutContent(ctx context.Context, r Repository, body blob.Body) (name string, err error) {
	name = "data/" + body.SHA256
	bucket, key := blob.Namespace(r.Namespace).Key(name)
	return name, s.blobs.Put(ctx, bucket, key, body)
}

// Content reads length bytes of an object from an offset. The caller closes
// the reader.
func (s *Store) Content(ctx context.Context, r Repository, o *Object, offset, length int64) (io.ReadCloser, error) {
	bucket, key := blob.Namespace(r.Namespace).Key(o.Name)
	body, err := s.blobs.Get(ctx, bucket, key, offset, length)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fail(http.StatusGone, "No data")
	}
	return body, err
}
