package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	testAccess = "harvester"
	testSecret = "a-secret-that-nobody-prints"
	testBucket = "events"
)

// testClient speaks to a gateway without retries of its own.
type testClient struct {
	t *testing.T
	*s3.Client
}

func newTestClient(t *testing.T, endpoint, access, secret string) testClient {
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(transport.CloseIdleConnections)
	return testClient{t, s3.New(s3.Options{
		BaseEndpoint: &endpoint, UsePathStyle: true, Region: Region, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(access, secret, ""),
		HTTPClient:  &http.Client{Transport: transport},
	})}
}

// startTest runs a gateway in this process, with a bucket, until the test ends. Tests that use it do not run in parallel.
func startTest(t *testing.T, config Config) (*Server, testClient) {
	t.Helper()
	config.AccessKey, config.SecretKey = testAccess, testSecret
	s, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	c := newTestClient(t, s.Endpoint(), testAccess, testSecret)
	c.createBucket()
	return s, c
}

func (c testClient) createBucket() {
	c.t.Helper()
	_, err := c.CreateBucket(c.t.Context(), &s3.CreateBucketInput{Bucket: aws.String(testBucket)})
	if err != nil && status(err) != http.StatusConflict { // ours from an earlier start
		c.t.Fatal(err)
	}
}

// create puts an object that must not exist and answers the status.
func (c testClient) create(key, content string) int {
	_, err := c.PutObject(context.WithoutCancel(c.t.Context()), &s3.PutObjectInput{
		Bucket: aws.String(testBucket), Key: &key, Body: bytes.NewReader([]byte(content)), IfNoneMatch: aws.String("*"),
	})
	return status(err)
}

// get answers the status and the content of an object.
func (c testClient) get(key string) (int, string) {
	out, err := c.GetObject(context.WithoutCancel(c.t.Context()), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: &key})
	if err != nil {
		return status(err), ""
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	if err != nil {
		c.t.Error(err)
	}
	return http.StatusOK, string(content)
}

func (c testClient) expectCreate(key, content string, want int) {
	c.t.Helper()
	if got := c.create(key, content); got != want {
		c.t.Errorf("PUT %s answers %d, want %d", key, got, want)
	}
}

func (c testClient) expectGet(key string, want int, content string) {
	c.t.Helper()
	if got, text := c.get(key); got != want || text != content {
		c.t.Errorf("GET %s answers %d %q, want %d %q", key, got, text, want, content)
	}
}

// status is the HTTP status of an answer: 200 for no error, 0 for one without an answer.
func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if response := (*awshttp.ResponseError)(nil); errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
