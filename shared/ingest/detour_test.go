package ingest_test

import (
	"context"
	"errors"
	"io"

	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
)

// detour is a lake on whose way the test does something. What is nil goes straight.
type detour struct {
	lake.Lake
	twice        bool // every call is done twice, and the second answer arrives
	upload       func(content io.Reader, send func(io.Reader) (lake.Uploaded, error)) (lake.Uploaded, error)
	get          func(body io.ReadCloser) (io.ReadCloser, error)
	deleteBranch func(branch string) error // before the branch is deleted
	restore      func() error              // before the repository is restored
}

var errLost = errors.New("connection reset by peer")

// detour puts a detour on the way to the lake.
func (w *world) detour(d detour) {
	d.Lake = w.lake.Lake
	w.lake.Lake = &d
}

// another is another process over the same registry and lake.
func (w *world) another() *ingest.Service {
	p := *w.Service
	p.Repository = &ingest.Repository{Lake: w.lake, Name: w.Repository.Name, Bucket: w.Repository.Bucket, Objects: w.Repository.Objects}
	return &p
}

func (d *detour) do(call func() error) error {
	if d.twice {
		if err := call(); err != nil {
			return err
		}
	}
	return call()
}

func (d *detour) EnsureRepository(ctx context.Context, repo, namespace string) error {
	return d.do(func() error { return d.Lake.EnsureRepository(ctx, repo, namespace) })
}

func (d *detour) CreateBranch(ctx context.Context, repo, branch, source string) (commit string, err error) {
	err = d.do(func() error { commit, err = d.Lake.CreateBranch(ctx, repo, branch, source); return err })
	return commit, err
}

func (d *detour) DeleteBranch(ctx context.Context, repo, branch string) error {
	if d.deleteBranch != nil {
		if err := d.deleteBranch(branch); err != nil {
			return err
		}
	}
	return d.do(func() error { return d.Lake.DeleteBranch(ctx, repo, branch) })
}

func (d *detour) Upload(ctx context.Context, repo, branch, path string, content io.Reader, p lake.Properties) (lake.Uploaded, error) {
	send := func(content io.Reader) (lake.Uploaded, error) {
		return d.Lake.Upload(ctx, repo, branch, path, content, p)
	}
	if d.upload != nil {
		return d.upload(content, send)
	}
	return send(content)
}

func (d *detour) Commit(ctx context.Context, repo, branch, message string, metadata map[string]string) (commit string, err error) {
	err = d.do(func() error { commit, err = d.Lake.Commit(ctx, repo, branch, message, metadata); return err })
	return commit, err
}

func (d *detour) Merge(ctx context.Context, repo, source, branch, message string, metadata map[string]string) (commit string, err error) {
	err = d.do(func() error { commit, err = d.Lake.Merge(ctx, repo, source, branch, message, metadata); return err })
	return commit, err
}

func (d *detour) Dump(ctx context.Context, repo string) (refs lake.Refs, err error) {
	err = d.do(func() error { refs, err = d.Lake.Dump(ctx, repo); return err })
	return refs, err
}

func (d *detour) Get(ctx context.Context, repo, ref, path string, r lake.Range) (io.ReadCloser, error) {
	body, err := d.Lake.Get(ctx, repo, ref, path, r)
	if err != nil || d.get == nil {
		return body, err
	}
	return d.get(body)
}

func (d *detour) Restore(ctx context.Context, repo, namespace string, refs lake.Refs) error {
	if d.restore != nil {
		if err := d.restore(); err != nil {
			// What breaks off leaves a repository without branches.
			return errors.Join(err, d.Lake.Restore(ctx, repo, namespace, lake.Refs{Commits: "none", Tags: "none", Branches: "none"}))
		}
	}
	return d.Lake.Restore(ctx, repo, namespace, refs)
}
