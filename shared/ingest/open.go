package ingest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/lakekeys"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/telemetry"
)

// DefaultMaxBytes bounds a file unless UPLOAD_MAX_BYTES says otherwise.
const DefaultMaxBytes = 1 << 30

// Open makes the service out of the environment: LAKEFS_* (lake.FromEnv,
// lakekeys.FromEnv),
// LAKEFS_BUCKET (default spice-lakefs), LAKEFS_RAW_REPOSITORY (default
// raw-datasets) and UPLOAD_MAX_BYTES.
func Open(p *platform.Platform) (*Service, error) {
	env := func(name string) string { return strings.TrimSpace(p.Config.Env(name)) }
	keys, err := lakekeys.FromEnv(p.Config.Env, lakekeys.Open(p))
	if err != nil {
		return nil, err
	}
	var credentials lake.Credentials
	if keys != nil {
		credentials = keys.Credentials
	}
	client, err := lake.FromEnv(p.Config.Env, telemetry.Transport, credentials)
	if err != nil {
		return nil, err
	}
	limit := int64(DefaultMaxBytes)
	if text := env("UPLOAD_MAX_BYTES"); text != "" {
		if limit, err = strconv.ParseInt(text, 10, 64); err != nil || limit < 1 {
			return nil, fmt.Errorf("UPLOAD_MAX_BYTES is %q, not a number of bytes", text)
		}
	}
	return &Service{
		Store: &datasets.Store{Pool: p.Pool, Now: p.Now},
		Repository: &Repository{
			Lake: client, Name: cmp.Or(env("LAKEFS_RAW_REPOSITORY"), "raw-datasets"), Bucket: Bucket(p.Config.Env),
			Objects: bucket{platform.S3Client(p.Config, p.Transport)},
		},
		MaxBytes: limit, Now: p.Now, Logger: p.Logger,
	}, nil
}

// Bucket is where the lake keeps its bytes.
func Bucket(getenv func(string) string) string {
	return cmp.Or(strings.TrimSpace(getenv("LAKEFS_BUCKET")), "spice-lakefs")
}

// bucket reads objects past the lake: the dump of its refs.
type bucket struct{ client *s3.Client }

func (b bucket) Open(ctx context.Context, name, key string) (io.ReadCloser, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(name), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	return out.Body, nil
}
