package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/lake"
)

// Objects reads the bucket behind the lake.
type Objects interface {
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

// Repository is the lake's repository of raw data.
type Repository struct {
	Lake    lake.Lake
	Name    string
	Bucket  string
	Objects Objects

	mu    sync.Mutex
	known bool
}

// do makes calls in the repository. If they do not find something they are made
// once more: the lake may have lost its data since this process used it first.
func (r *Repository) do(ctx context.Context, calls func() error) error {
	if err := r.ensure(ctx); err != nil {
		return err
	}
	err := calls()
	if !errors.Is(err, lake.ErrNotFound) {
		return err
	}
	r.mu.Lock()
	r.known = false
	r.mu.Unlock()
	if err := r.ensure(ctx); err != nil {
		return err
	}
	return calls()
}

// ensure makes the repository, once a process. A lake that has lost its data
// gets it back from the dump in the bucket.
func (r *Repository) ensure(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known {
		return nil
	}
	namespace := "s3://" + r.Bucket + "/" + r.Name
	err := r.Lake.EnsureRepository(ctx, r.Name, namespace)
	if err == nil {
		err = r.hasMain(ctx) // a restoration that broke off has left none
	}
	if errors.Is(err, lake.ErrNamespaceInUse) || errors.Is(err, lake.ErrNotFound) {
		err = r.restore(ctx, namespace)
	}
	if err != nil {
		return lakeError(err)
	}
	r.known = true
	return nil
}

func (r *Repository) hasMain(ctx context.Context) error {
	_, err := r.Lake.Head(ctx, r.Name, lake.MainBranch)
	return err
}

func (r *Repository) restore(ctx context.Context, namespace string) error {
	key := r.Name + "/" + lake.ManifestName
	body, err := r.Objects.Open(ctx, r.Bucket, key)
	if err != nil {
		return fmt.Errorf("ingest: refs dump %s/%s: %w", r.Bucket, key, err)
	}
	defer body.Close()
	var refs lake.Refs
	if err := json.NewDecoder(body).Decode(&refs); err != nil {
		return fmt.Errorf("ingest: refs dump %s/%s: %w", r.Bucket, key, err)
	}
	err = r.Lake.Restore(ctx, r.Name, namespace, refs)
	if err != nil && r.hasMain(ctx) == nil {
		return nil // another process was faster
	}
	return err
}

// Open streams the file of a version. The caller closes it.
func (r *Repository) Open(ctx context.Context, v datasets.Version) (io.ReadCloser, error) {
	rest, ok := strings.CutPrefix(v.ArtifactKey, "s3://"+r.Name+"/"+v.Commit+"/")
	if !ok {
		return nil, fmt.Errorf("ingest: version %s lies at %s, outside of its repository", v.ID, v.ArtifactKey)
	}
	var body io.ReadCloser
	err := r.do(ctx, func() (err error) {
		body, err = r.Lake.Get(ctx, r.Name, v.Commit, rest, lake.Range{})
		return err
	})
	if err != nil {
		return nil, lakeError(err)
	}
	return body, nil
}

// commit commits an ingest's branch. A repeated call finds the first one's commit.
func (r *Repository) commit(ctx context.Context, q datasets.Request, metadata map[string]string) (string, error) {
	commit, err := r.Lake.Commit(ctx, r.Name, q.LakeBranch, "ingest "+q.ID.String(), metadata)
	if !errors.Is(err, lake.ErrNoChanges) {
		return commit, err
	}
	head, err := r.Lake.Head(ctx, r.Name, q.LakeBranch)
	if err != nil {
		return "", err
	}
	if head.Metadata["ingest_request_id"] != q.ID.String() {
		return "", fmt.Errorf("ingest: branch %s has nothing to commit", q.LakeBranch)
	}
	return head.ID, nil
}

// discard removes branches; missing ones are no error.
func (r *Repository) discard(ctx context.Context, branches ...string) error {
	for _, branch := range branches {
		if err := r.Lake.DeleteBranch(ctx, r.Name, branch); err != nil {
			return err
		}
	}
	return nil
}

// mergeTries bounds how often a merge is tried when other ingests move the
// branch at the same time.
const mergeTries = 5

// tidy brings a published ingest's commit onto the dataset's branch, removes the
// ingest's branches and dumps the refs; of a failed ingest only the branches go.
func (s *Service) tidy(ctx context.Context, q datasets.Request, status string) error {
	repo := s.Repository
	err := repo.do(ctx, func() error {
		if status != datasets.Published {
			return repo.discard(ctx, append(q.Superseded(), q.LakeBranch)...)
		}
		if err := repo.merge(ctx, q); err != nil {
			return err
		}
		if err := repo.discard(ctx, append(q.Superseded(), q.LakeBranch)...); err != nil {
			return err
		}
		_, err := repo.Lake.Dump(ctx, repo.Name)
		return err
	})
	if err != nil {
		return err
	}
	return s.Store.Merged(ctx, q)
}

func (r *Repository) merge(ctx context.Context, q datasets.Request) (err error) {
	for try := range mergeTries {
		_, err = r.Lake.Merge(ctx, r.Name, q.LakeBranch, q.Branch, "ingest "+q.ID.String(), map[string]string{"ingest_request_id": q.ID.String()})
		switch {
		case err == nil, errors.Is(err, lake.ErrNoChanges), errors.Is(err, lake.ErrNotFound):
			return nil // merged now, or before: then the branch may be gone
		case !lake.Retryable(err):
			return err
		}
		timer := time.NewTimer(time.Duration(try+1) * 20 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
	return err
}

// ascii makes a text fit the lake's metadata.
func ascii(text string) string {
	for _, c := range text {
		if c < 0x20 || c > 0x7e {
			return url.PathEscape(text)
		}
	}
	return text
}
