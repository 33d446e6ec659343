package lake

import (
	"context"
	"io"
	"iter"
	"time"
)

// Lake is a set of repositories of versioned objects. A ref is a branch, a tag
// or a commit id. Methods are safe for concurrent use; their errors wrap
// *Error when the server answered one.
type Lake interface {
	// EnsureRepository makes a repository with the branch main, unless it
	// exists. The namespace is s3://bucket/prefix; one that holds the objects
	// of a repository which the server does not know is ErrNamespaceInUse:
	// Restore it.
	EnsureRepository(ctx context.Context, repo, namespace string) error

	// CreateBranch makes a branch at a ref and answers its commit. A branch
	// that is there is ErrExists.
	CreateBranch(ctx context.Context, repo, branch, source string) (commit string, err error)
	// DeleteBranch removes a branch; a missing one is no error.
	DeleteBranch(ctx context.Context, repo, branch string) error

	// Upload streams an object to a path of a branch, over one that is there.
	// The object is not there if Upload fails, or it is there whole. Content is
	// not read after Upload returned.
	Upload(ctx context.Context, repo, branch, path string, content io.Reader, p Properties) (Uploaded, error)
	// Commit commits what was uploaded to a branch. Nothing new is ErrNoChanges.
	Commit(ctx context.Context, repo, branch, message string, metadata map[string]string) (commit string, err error)
	// Merge merges a ref into a branch. Nothing new is ErrNoChanges; paths that
	// both changed are ErrConflict.
	Merge(ctx context.Context, repo, source, branch, message string, metadata map[string]string) (commit string, err error)
	// Head is the newest commit of a ref: after ErrNoChanges it is the commit
	// that an earlier attempt made.
	Head(ctx context.Context, repo, ref string) (Commit, error)

	// Get reads an object; the caller closes the reader. A missing one is
	// ErrNotFound. The reader fails if the object ends early.
	Get(ctx context.Context, repo, ref, path string, r Range) (io.ReadCloser, error)
	// Stat describes an object. A missing one is ErrNotFound.
	Stat(ctx context.Context, repo, ref, path string) (Object, error)
	// List yields the objects of a ref whose path has the prefix, in order of
	// paths. An error ends the sequence.
	List(ctx context.Context, repo, ref, prefix string) iter.Seq2[Object, error]

	// Dump writes all refs and commits to the bucket and waits until they are
	// there. What it answers is what Restore needs: keep it in the bucket too.
	Dump(ctx context.Context, repo string) (Refs, error)
	// Restore makes a repository whose objects are in the namespace, but which
	// the server does not know, from a dump, and waits until it is there. It
	// can be repeated until it succeeded.
	Restore(ctx context.Context, repo, namespace string, refs Refs) error
}

// MainBranch is the default branch of every repository.
const MainBranch = "main"

// ManifestName is where, below a repository's namespace, the server keeps the
// Refs of its last dump, as JSON.
const ManifestName = "_lakefs/refs_manifest.json"

// Properties are what an object has beside its content.
type Properties struct {
	ContentType string            // "" is application/octet-stream
	Metadata    map[string]string // keys in lower case, values in ASCII
}

// Uploaded is an object as it arrived.
type Uploaded struct {
	Checksum string // of the server: an MD5 in hex, or what its object store calls it
	SHA256   string // of the content as it was sent, hex
	Size     int64  // bytes
}

// Object describes an object.
type Object struct {
	Path        string
	Checksum    string
	Size        int64 // bytes
	Modified    time.Time
	ContentType string
	Metadata    map[string]string
}

// Commit is a commit.
type Commit struct {
	ID       string
	Message  string
	Metadata map[string]string
	Parents  []string
	Created  time.Time
}

// Range is a part of an object, in bytes. The zero value is all of it.
type Range struct {
	Offset int64
	Length int64 // 0 is to the end
}

// Refs are the ids of a dump. The JSON is lakeFS's own.
type Refs struct {
	Commits  string `json:"commits_meta_range_id"`
	Tags     string `json:"tags_meta_range_id"`
	Branches string `json:"branches_meta_range_id"`
}
