package s3

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// BenchmarkPut compares a PUT of 1 KiB that is durable with one that is not.
func BenchmarkPut(b *testing.B) {
	server, err := Start(b.Context(), Config{Dir: b.TempDir(), AccessKey: testAccess, SecretKey: testSecret})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = server.Stop() })
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(server.Endpoint()), UsePathStyle: true, Region: Region, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider(testAccess, testSecret, ""),
	})
	if _, err := client.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: aws.String(testBucket)}); err != nil {
		b.Fatal(err)
	}
	content := bytes.Repeat([]byte{'x'}, 1024)
	for _, prefix := range []string{"log/v1/000", "data"} {
		n := 0
		b.Run(prefix, func(b *testing.B) {
			for b.Loop() {
				n++
				key := fmt.Sprintf("%s/%020d", prefix, n)
				_, err := client.PutObject(b.Context(), &s3.PutObjectInput{
					Bucket: aws.String(testBucket), Key: &key, Body: bytes.NewReader(content), IfNoneMatch: aws.String("*"),
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
