// Package s3test gives tests buckets on a real S3 gateway.
//
// The first New of a test process starts one gateway in a temporary folder; every call gets an empty bucket of its own.
// The gateway lives in a child process, which ends and removes the folder when the test process ends, by whatever cause;
// no TestMain is needed, and the working directory of the tests stays.
package s3test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"spiceharvester/infra/local/reexec"
	gateway "spiceharvester/infra/local/s3"
)

// startLimit bounds the start of the gateway on a loaded machine.
const startLimit = time.Minute

// Endpoint is a bucket and how to reach it. Clients use path style.
type Endpoint struct {
	URL                          string // http://127.0.0.1:port
	Region, AccessKey, SecretKey string
	Bucket                       string
}

// Client is an S3 client with the endpoint's keys and without retries of its own.
func (e Endpoint) Client() *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(e.URL), UsePathStyle: true, Region: e.Region,
		Credentials: credentials.NewStaticCredentialsProvider(e.AccessKey, e.SecretKey, ""),
		Retryer:     aws.NopRetryer{},
	})
}

var server struct {
	sync.Mutex
	child *reexec.Child
	Endpoint
	err  error
	used int // buckets given out, for their names
}

func init() { reexec.Register("s3test", serve) }

// serve runs the gateway in the child process, in a folder of its own, until ctx is done.
func serve(ctx context.Context, keys Endpoint, ready func(url string)) (err error) {
	dir, err := os.MkdirTemp("", "s3test-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := gateway.Start(ctx, gateway.Config{Dir: dir, AccessKey: keys.AccessKey, SecretKey: keys.SecretKey, NoSync: true})
	if err != nil {
		return err
	}
	ready(s.Endpoint())
	<-ctx.Done()
	return s.Stop()
}

// New answers an endpoint with a new, empty bucket.
func New(tb testing.TB) Endpoint {
	tb.Helper()
	e, err := next()
	if err != nil {
		tb.Fatalf("s3test: %v", err)
	}
	if _, err := e.Client().CreateBucket(tb.Context(), &s3.CreateBucketInput{Bucket: &e.Bucket}); err != nil {
		tb.Fatalf("s3test: create bucket %s: %v", e.Bucket, err)
	}
	return e
}

// next starts the gateway on the first call and chooses the next bucket's name.
func next() (Endpoint, error) {
	server.Lock()
	defer server.Unlock()
	if server.child == nil && server.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		keys := Endpoint{Region: gateway.Region, AccessKey: "test", SecretKey: rand.Text()}
		server.Endpoint = keys
		server.child, server.URL, server.err = reexec.Start[Endpoint, string](ctx, "s3test", keys)
	}
	server.used++
	e := server.Endpoint
	e.Bucket = fmt.Sprintf("test-%d", server.used)
	return e, server.err
}

// Stop stops the gateway, if one runs, and waits until its folder is gone. A later New starts another one.
func Stop() error {
	server.Lock()
	defer server.Unlock()
	if server.child == nil {
		return nil
	}
	child := server.child
	server.child, server.Endpoint, server.err = nil, Endpoint{}, nil
	return child.Stop()
}
