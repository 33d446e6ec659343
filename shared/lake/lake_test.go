package lake_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/lake/laketest"
)

// standIn runs the local stand-in and a client of it.
func standIn(tb testing.TB, blobs lakefs.Blobs) (*lakefs.Server, *lake.Client) {
	tb.Helper()
	s, err := lakefs.Start(context.Background(), lakefs.Config{Dir: tb.TempDir(), AccessKey: "key", SecretKey: "secret", Blobs: blobs})
	if err != nil {
		tb.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			tb.Error(err)
		}
	})
	client, err := lake.New(lake.Config{Endpoint: s.URL() + "/", AccessKey: "key", SecretKey: "secret", HTTP: &http.Client{Transport: transport}})
	if err != nil {
		tb.Fatal(err)
	}
	return s, client
}

func TestConformance(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		_, client := standIn(t, lakefs.Memory())
		laketest.Run(t, laketest.Subject{Lake: client, Namespace: "s3://bucket/prefix"})
	})
	t.Run("S3", func(t *testing.T) {
		endpoint := s3test.New(t)
		_, client := standIn(t, lakefs.S3(endpoint.Client()))
		laketest.Run(t, laketest.Subject{Lake: client, Namespace: "s3://" + endpoint.Bucket})
	})
}

// TestRealServer runs the suite over the lakeFS of the environment
// (LAKEFS_ENDPOINT and its keys) if LAKEFS_TEST_NAMESPACE says where it may
// keep objects: s3://bucket/prefix.
func TestRealServer(t *testing.T) {
	namespace := os.Getenv("LAKEFS_TEST_NAMESPACE")
	if namespace == "" {
		t.Skip("LAKEFS_TEST_NAMESPACE names no storage namespace of a real lakeFS")
	}
	client, err := lake.FromEnv(os.Getenv, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	laketest.Run(t, laketest.Subject{Lake: client, Namespace: namespace})
}
