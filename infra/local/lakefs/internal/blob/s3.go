package blob

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// S3 is a Store on an object store that speaks S3. Bytes stream through it.
type S3 struct{ client *s3.Client }

// NewS3 makes a Store. It does no I/O.
func NewS3(client *s3.Client) *S3 { return &S3{client: client} }

// Put implements Store with one request; S3 refuses more than 5 GiB.
func (s *S3) Put(ctx context.Context, bucket, key string, body Body) error {
	// The signature covers the digest, so the server verifies the content, and
	// the client need not read it once more for another checksum.
	ctx = v4.SetPayloadHash(ctx, body.SHA256)
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &bucket, Key: &key, Body: body.ReadSeeker, ContentLength: &body.Size,
	}, func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	if err != nil {
		return fmt.Errorf("s3: PUT %s/%s: %w", bucket, key, err)
	}
	return nil
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, bucket, key string, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		return io.NopCloser(eof{}), nil
	}
	in := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	switch {
	case length > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", offset, offset+length-1))
	case offset > 0:
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	out, err := s.client.GetObject(ctx, in, func(o *s3.Options) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	var noKey *types.NoSuchKey
	var noBucket *types.NoSuchBucket
	if errors.As(err, &noKey) || errors.As(err, &noBucket) {
		return nil, fmt.Errorf("s3: GET %s/%s: %w", bucket, key, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("s3: GET %s/%s: %w", bucket, key, err)
	}
	return out.Body, nil
}

// eof is an empty reader: S3 has no range of no bytes.
type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
