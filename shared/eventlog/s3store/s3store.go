// Package s3store keeps the event log's objects on S3.
package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"spiceharvester/shared/eventlog"
)

// Store implements eventlog.Objects on one bucket.
type Store struct {
	client *s3.Client
	bucket string
}

// New makes a Store. It does no I/O.
func New(client *s3.Client, bucket string) *Store { return &Store{client: client, bucket: bucket} }

// once switches the SDK's own retries off: the log repeats an unknown PUT
// itself and must know that it did.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// Create implements eventlog.Objects by PUT with If-None-Match: *. Only 412
// means that the key is taken; 409 (a concurrent request) leaves it open.
func (s *Store) Create(ctx context.Context, key string, body []byte) error {
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(body), IfNoneMatch: aws.String("*"),
	}, once)
	if status(err) == http.StatusPreconditionFailed {
		return eventlog.ErrExists
	}
	if err != nil {
		return fmt.Errorf("s3: PUT %s: %w", key, err)
	}
	return nil
}

// Get implements eventlog.Objects.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	return s.get(ctx, key, nil)
}

// GetRange implements eventlog.Objects.
func (s *Store) GetRange(ctx context.Context, key string, offset, length int64) ([]byte, error) {
	body, err := s.get(ctx, key, aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1)))
	if err == nil && int64(len(body)) != length {
		return nil, fmt.Errorf("s3: GET %s: %d bytes from %d, got %d", key, length, offset, len(body))
	}
	return body, err
}

func (s *Store) get(ctx context.Context, key string, byteRange *string) ([]byte, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key, Range: byteRange})
	var missing *types.NoSuchKey
	if errors.As(err, &missing) {
		return nil, eventlog.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("s3: GET %s: %w", key, err)
	}
	defer out.Body.Close()
	body, err := io.ReadAll(out.Body)
	if err != nil {
		return nil, fmt.Errorf("s3: GET %s: %w", key, err)
	}
	return body, nil
}

func status(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// ErrNoConditionalPut means that the store would let two writers overwrite each
// other: the event log cannot live there.
var ErrNoConditionalPut = errors.New("s3: the store ignores If-None-Match; the event log needs S3 with atomic conditional PUT")

// Probe checks that the bucket has conditional PUT: of two PUTs of one key the
// second must be refused. It writes the same small object at every start.
func (s *Store) Probe(ctx context.Context) error {
	const key = "log/v1/probe"
	if err := s.Create(ctx, key, nil); err != nil && !errors.Is(err, eventlog.ErrExists) {
		return err
	}
	switch err := s.Create(ctx, key, nil); {
	case errors.Is(err, eventlog.ErrExists):
		return nil
	case err != nil:
		return err
	}
	return ErrNoConditionalPut
}

// EnsureBucket creates the bucket if it is not there.
func (s *Store) EnsureBucket(ctx context.Context) error {
	_, err := s.client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.bucket})
	var owned *types.BucketAlreadyOwnedByYou
	var exists *types.BucketAlreadyExists
	if err != nil && !errors.As(err, &owned) && !errors.As(err, &exists) {
		return fmt.Errorf("s3: create bucket %s: %w", s.bucket, err)
	}
	return nil
}
