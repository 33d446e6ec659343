package s3store_test

import (
	"testing"

	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
	"spiceharvester/shared/eventlog/s3store"
)

func TestConformance(t *testing.T) {
	eventlogtest.ObjectsSuite(t, func(t *testing.T) eventlog.Objects {
		endpoint := s3test.New(t)
		return s3store.New(endpoint.Client(), endpoint.Bucket)
	})
}

func TestProbe(t *testing.T) {
	endpoint := s3test.New(t)
	store := s3store.New(endpoint.Client(), endpoint.Bucket)
	for range 2 {
		if err := store.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.EnsureBucket(t.Context()); err != nil {
		t.Error("a bucket that is there:", err)
	}
}
