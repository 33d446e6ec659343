package s3test_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"spiceharvester/infra/local/s3/s3test"
)

func TestEveryCallGetsAnEmptyBucketOfOneGateway(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	a, b := s3test.New(t), s3test.New(t)
	if a.URL != b.URL || a.Bucket == b.Bucket {
		t.Errorf("want two buckets of one gateway, got %s/%s and %s/%s", a.URL, a.Bucket, b.URL, b.Bucket)
	}
	key := "log/v1/000/00000000000000000000"
	put := &s3.PutObjectInput{Bucket: &a.Bucket, Key: &key, Body: bytes.NewReader([]byte("segment"))}
	if _, err := a.Client().PutObject(t.Context(), put); err != nil {
		t.Fatal(err)
	}
	got, err := a.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &a.Bucket, Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if content, err := io.ReadAll(got.Body); err != nil || string(content) != "segment" {
		t.Errorf("got %q, %v", content, err)
	}
	_, err = b.Client().GetObject(t.Context(), &s3.GetObjectInput{Bucket: &b.Bucket, Key: &key})
	if api := smithy.APIError(nil); !errors.As(err, &api) || api.ErrorCode() != "NoSuchKey" {
		t.Errorf("the second bucket answers %v, want NoSuchKey", err)
	}
	if after, err := os.Getwd(); err != nil || after != before {
		t.Errorf("the working directory moved from %s to %s (%v)", before, after, err)
	}
}

func TestAfterStopThereIsAnotherGateway(t *testing.T) {
	first := s3test.New(t)
	if err := s3test.Stop(); err != nil {
		t.Fatal(err)
	}
	if second := s3test.New(t); second.URL == first.URL && second.SecretKey == first.SecretKey {
		t.Error("the stopped gateway was given out again")
	}
}
