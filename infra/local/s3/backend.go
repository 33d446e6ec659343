package s3

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

const (
	// logPrefix begins the keys that must survive a power cut: the event log's.
	logPrefix = "log/"

	// concurrency bounds the system calls that run at once, and with them the threads of the process.
	concurrency = 64
	// copyLimit is S3's own limit of CopyObject. It must be set: the zero value refuses every copy.
	copyLimit = 5 << 30
)

// backend is versitygw's backend of plain files, which calls fsync nowhere, with durability for PutObject under "log/".
//
// The files backend writes the body to an unnamed file, then, under a lock of the key, evaluates the conditions, sets
// the attributes and links the file to its name. This type adds, in order:
//
//  1. The body is synced before the link: a name never stands for content that a power cut can tear.
//  2. After the link and before the answer the file is synced again (its attributes), then its folder (its name), and
//     the folders above that are new. An acknowledged object survives.
//  3. Nobody sees the object in between: GET and HEAD of the key wait until 2 is done. Otherwise a reader could act on
//     an event, in another store that is durable, that a power cut takes back.
//  4. A key with a file is never free for If-None-Match, even if the power went between 1 and 2 and took the attributes,
//     by which the files backend tells whether an object exists.
//  5. What a killed process left between 1 and 2 is synced when the next one starts.
//
// When a sync fails the client gets a 500, and the key answers 500 until the gateway is started again: after a failed
// fsync the kernel may call lost pages clean, so that a second attempt proves nothing.
//
// Not covered: keys outside "log/"; CopyObject and multipart uploads, which the log does not use; a listing may name an
// object some milliseconds before 2 is done; disks that acknowledge a flush without doing it.
type backend struct {
	*posix.Posix
	root    string // of the buckets
	durable bool
	disk    *disk
	pending pending
}

func bucketFolder(dir string) string { return filepath.Join(dir, "buckets") }

// newBackend opens the data folder. It changes the working directory of the process to the buckets' folder.
func newBackend(dir string, durable bool) (*backend, error) {
	root := bucketFolder(dir)
	storer, sidecar, err := openMetadata(root, filepath.Join(dir, "metadata"), meta.XattrMeta{})
	if err != nil {
		return nil, err
	}
	files, err := posix.New(root, storer, posix.PosixOpts{Concurrency: concurrency, CopyObjectThreshold: copyLimit})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", root, err)
	}
	b := &backend{Posix: files, root: root, durable: durable, disk: newDisk(root, sidecar)}
	if durable {
		if err := syncFileSystem(root); err != nil {
			return nil, fmt.Errorf("sync the file system of %s: %w", root, err)
		}
	}
	return b, nil
}

func (b *backend) guards(key *string) bool {
	return b.durable && key != nil && strings.HasPrefix(*key, logPrefix)
}

// PutObject makes objects under "log/" durable before it answers.
func (b *backend) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if !b.guards(in.Key) {
		return b.Posix.PutObject(ctx, in)
	}
	name := filepath.Join(*in.Bucket, *in.Key)
	if in.IfNoneMatch != nil && *in.IfNoneMatch == "*" && isFile(filepath.Join(b.root, name)) {
		return s3response.PutObjectOutput{}, s3err.GetPreconditionFailedErr(s3err.ConditionIfNoneMatch)
	}
	entered := false
	out, err := b.PutObjectWithPostFunc(ctx, in, func(body *os.File) error {
		if err := b.disk.sync(body); err != nil {
			return fmt.Errorf("sync the content of %s: %w", name, err)
		}
		// From here on the name may appear.
		if err := b.pending.begin(name); err != nil {
			return err
		}
		entered = true
		return nil
	})
	if !entered {
		return out, err
	}
	if err != nil {
		b.pending.end(name, nil)
		return out, err
	}
	err = b.disk.syncObject(*in.Bucket, *in.Key)
	b.pending.end(name, err)
	if err != nil {
		return s3response.PutObjectOutput{}, err
	}
	return out, nil
}

// GetObject waits until what it found is durable. The order matters: an object that was linked after a look at the
// pending keys would be answered too early.
func (b *backend) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	out, err := b.Posix.GetObject(ctx, in)
	if err != nil || !b.guards(in.Key) {
		return out, err
	}
	if err := b.pending.wait(ctx, filepath.Join(*in.Bucket, *in.Key)); err != nil {
		_ = out.Body.Close()
		return nil, err
	}
	return out, nil
}

// HeadObject waits until what it found is durable.
func (b *backend) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	out, err := b.Posix.HeadObject(ctx, in)
	if err != nil || !b.guards(in.Key) {
		return out, err
	}
	if err := b.pending.wait(ctx, filepath.Join(*in.Bucket, *in.Key)); err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteObject forgets which folders are durable, because the files backend removes those that became empty.
func (b *backend) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	defer b.disk.forget()
	return b.Posix.DeleteObject(ctx, in)
}

// DeleteObjects is DeleteObject for many.
func (b *backend) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	defer b.disk.forget()
	return b.Posix.DeleteObjects(ctx, in)
}

// DeleteBucket is DeleteObject for a bucket's folder.
func (b *backend) DeleteBucket(ctx context.Context, bucket string) error {
	defer b.disk.forget()
	return b.Posix.DeleteBucket(ctx, bucket)
}

// isFile says whether path is a file that is not a folder.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
