package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

const (
	// metaHeader begins the headers of an object's own metadata.
	metaHeader = "X-Lakefs-Meta-"
	// perPage is the longest page of a list that lakeFS gives.
	perPage = 1000
)

// stats is an object as the API describes it.
type stats struct {
	Path        string
	Checksum    string
	Size        int64  `json:"size_bytes"`
	Modified    int64  `json:"mtime"`
	ContentType string `json:"content_type"`
	Metadata    map[string]string
}

func (s stats) object() Object {
	return Object{Path: s.Path, Checksum: s.Checksum, Size: s.Size, Modified: time.Unix(s.Modified, 0).UTC(), ContentType: s.ContentType, Metadata: s.Metadata}
}

// Upload implements Lake. The content goes out as it is read.
func (c *Client) Upload(ctx context.Context, repo, branch, path string, content io.Reader, p Properties) (Uploaded, error) {
	header := http.Header{"Content-Type": {p.ContentType}}
	if p.ContentType == "" {
		header.Set("Content-Type", "application/octet-stream")
	}
	for k, v := range p.Metadata {
		header.Set(metaHeader+k, v)
	}
	sent := &outgoing{content: content, hash: sha256.New()}
	op := "upload " + repo + "/" + branch + "/" + path
	var answer stats
	err := c.call(ctx, request{
		op: op, method: http.MethodPost, path: []string{"repositories", repo, "branches", branch, "objects"},
		query: url.Values{"path": {path}}, header: header, body: sent,
	}, &answer)
	// net/http may still be reading, for example when the answer came early.
	sent.Close()
	if err != nil {
		return Uploaded{}, err
	}
	if answer.Size != sent.size {
		return Uploaded{}, fmt.Errorf("lakefs: %s: %d bytes sent, %d arrived", op, sent.size, answer.Size)
	}
	return Uploaded{Checksum: answer.Checksum, SHA256: hex.EncodeToString(sent.hash.Sum(nil)), Size: sent.size}, nil
}

// errSent is what a reader of a closed body gets.
var errSent = errors.New("the request is over")

// outgoing is a body on its way: it counts and digests what passes. After
// Close nobody reads the content any more.
type outgoing struct {
	mu      sync.Mutex
	content io.Reader
	hash    hash.Hash
	size    int64
	closed  bool
}

func (o *outgoing) Read(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, errSent
	}
	n, err := o.content.Read(b)
	o.hash.Write(b[:n])
	o.size += int64(n)
	return n, err
}

// Close waits for a Read that runs.
func (o *outgoing) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	return nil
}

// Get implements Lake.
func (c *Client) Get(ctx context.Context, repo, ref, path string, r Range) (io.ReadCloser, error) {
	q := request{
		op: "get " + repo + "/" + ref + "/" + path, method: http.MethodGet,
		path: []string{"repositories", repo, "refs", ref, "objects"}, query: url.Values{"path": {path}},
	}
	want := http.StatusOK
	if r != (Range{}) {
		want = http.StatusPartialContent
		last := ""
		if r.Length > 0 {
			last = strconv.FormatInt(r.Offset+r.Length-1, 10)
		}
		q.header = http.Header{"Range": {fmt.Sprintf("bytes=%d-%s", r.Offset, last)}}
	}
	resp, err := c.send(ctx, q)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != want {
		resp.Body.Close()
		return nil, fmt.Errorf("lakefs: %s: the server answered %d, not %d", q.op, resp.StatusCode, want)
	}
	return resp.Body, nil
}

// Stat implements Lake.
func (c *Client) Stat(ctx context.Context, repo, ref, path string) (Object, error) {
	var answer stats
	err := c.call(ctx, request{
		op: "stat " + repo + "/" + ref + "/" + path, method: http.MethodGet,
		path: []string{"repositories", repo, "refs", ref, "objects", "stat"}, query: url.Values{"path": {path}},
	}, &answer)
	if err != nil {
		return Object{}, err
	}
	return answer.object(), nil
}

// List implements Lake.
func (c *Client) List(ctx context.Context, repo, ref, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		after := ""
		for {
			var page struct {
				Pagination struct {
					More bool   `json:"has_more"`
					Next string `json:"next_offset"`
				}
				Results []stats
			}
			err := c.call(ctx, request{
				op: "list " + repo + "/" + ref + "/" + prefix, method: http.MethodGet, path: []string{"repositories", repo, "refs", ref, "objects", "ls"},
				query: url.Values{"prefix": {prefix}, "after": {after}, "amount": {strconv.Itoa(perPage)}},
			}, &page)
			if err != nil {
				yield(Object{}, err)
				return
			}
			for _, s := range page.Results {
				if !yield(s.object(), nil) {
					return
				}
			}
			if !page.Pagination.More {
				return
			}
			after = page.Pagination.Next
		}
	}
}
