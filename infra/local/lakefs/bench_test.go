package lakefs_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/s3/s3test"
	"spiceharvester/shared/lake"
)

// startS3 runs a server over a real S3 gateway, with the repository "raw".
func startS3(b *testing.B) server {
	endpoint := s3test.New(b)
	s := start(b, lakefs.Config{Dir: b.TempDir(), Blobs: lakefs.S3(endpoint.Client())})
	if err := s.lake.EnsureRepository(b.Context(), "raw", "s3://"+endpoint.Bucket); err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkUpload(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20, 64 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s := startS3(b)
			b.SetBytes(int64(size))
			for i := 0; b.Loop(); i++ {
				if _, err := s.lake.Upload(b.Context(), "raw", "main", "a", &noise{left: uint64(size), start: uint64(i)}, lake.Properties{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIngest is the way of a dataset: branch, upload, commit, merge,
// removal, dump.
func BenchmarkIngest(b *testing.B) {
	for _, parallelism := range []int{1, 8} {
		b.Run(fmt.Sprintf("parallelism=%d", parallelism), func(b *testing.B) {
			s := startS3(b)
			var n atomic.Int64
			b.SetParallelism(parallelism)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := ingest(b, s, fmt.Sprint("ingest-", n.Add(1))); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

func ingest(b *testing.B, s server, branch string) error {
	ctx := b.Context()
	if _, err := s.lake.CreateBranch(ctx, "raw", branch, "main"); err != nil {
		return err
	}
	if _, err := s.lake.Upload(ctx, "raw", branch, "data/"+branch, strings.NewReader(branch), lake.Properties{}); err != nil {
		return err
	}
	if _, err := s.lake.Commit(ctx, "raw", branch, "ingest", nil); err != nil {
		return err
	}
	if _, err := s.lake.Merge(ctx, "raw", branch, "main", "merge", nil); err != nil {
		return err
	}
	if err := s.lake.DeleteBranch(ctx, "raw", branch); err != nil {
		return err
	}
	_, err := s.lake.Dump(ctx, "raw")
	return err
}

// BenchmarkCommit commits one changed object of many.
func BenchmarkCommit(b *testing.B) {
	for _, objects := range []int{1, 1_000, 100_000} {
		b.Run(fmt.Sprintf("objects=%d", objects), func(b *testing.B) {
			s := startS3(b)
			s.upload(b, "raw", "main", "a/file", "content")
			for from := 0; from < objects; from += 1000 {
				copies(b, s, from, min(from+1000, objects))
			}
			s.commit(b, "raw", "main")
			for i := 0; b.Loop(); i++ {
				b.StopTimer()
				s.upload(b, "raw", "main", fmt.Sprintf("a/%06d", i%objects), fmt.Sprint("content ", i))
				b.StartTimer()
				s.commit(b, "raw", "main")
			}
		})
	}
}

// copies makes objects without sending bytes.
func copies(b *testing.B, s server, from, to int) {
	for i := from; i < to; i++ {
		s.mustAsk(b, "POST", fmt.Sprintf("/repositories/raw/branches/main/objects/copy?dest_path=a/%06d", i), `{"src_path":"a/file"}`, 201)
	}
}
