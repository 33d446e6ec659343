package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"spiceharvester/infra/local/lakefs/internal/tree"
)

// Repository is a repository without its content.
type Repository struct {
	ID            string `json:"id"`
	Namespace     string `json:"storage_namespace"` // s3://bucket/prefix
	DefaultBranch string `json:"default_branch"`
	Created       int64  `json:"creation_date"` // Unix seconds
	ReadOnly      bool   `json:"read_only"`
}

// Commit is a commit. It never changes.
type Commit struct {
	ID         string            `json:"id"` // 64 hex digits
	Parents    []string          `json:"parents"`
	Committer  string            `json:"committer"`
	Message    string            `json:"message"`
	Created    int64             `json:"creation_date"` // Unix seconds
	Tree       string            `json:"meta_range_id"`
	Metadata   map[string]string `json:"metadata"`
	Generation int               `json:"generation"` // 1 for a root, else more than each parent
}

// name sets the id: the digest of everything else.
func (c *Commit) name() {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %d %q %d", c.Committer, c.Message, c.Created, c.Tree, c.Generation)
	for _, p := range c.Parents {
		fmt.Fprintf(h, " %s", p)
	}
	for _, k := range slices.Sorted(maps.Keys(c.Metadata)) {
		fmt.Fprintf(h, " %q=%q", k, c.Metadata[k])
	}
	c.ID = hex.EncodeToString(h.Sum(nil))
}

// Object is what a path means.
type Object struct {
	Checksum    string            `json:"checksum"` // MD5 of the bytes, hex
	Name        string            `json:"name"`     // of the bytes, below the namespace
	Size        int64             `json:"size"`     // bytes
	Modified    int64             `json:"modified"` // Unix seconds
	ContentType string            `json:"content_type"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// identity leaves out time and place: writing the same content again is no
// change, as on the real server.
func (o *Object) identity() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %d", o.Checksum, o.Size)
	for _, k := range slices.Sorted(maps.Keys(o.Metadata)) {
		fmt.Fprintf(h, " %q=%q", k, o.Metadata[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// record is the object as an entry of a tree.
func (o *Object) record(path string) (*tree.Record, error) {
	value, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("lakefs: encode %s: %w", path, err)
	}
	return &tree.Record{Key: path, Identity: o.identity(), Value: value}, nil
}

func decodeObject(r tree.Record) (*Object, error) {
	var o Object
	if err := json.Unmarshal(r.Value, &o); err != nil {
		return nil, fmt.Errorf("lakefs: decode %s: %w", r.Key, err)
	}
	return &o, nil
}

// Kinds of journal records.
const (
	opRepository = "repository"      // Repository; with Commit its first branch too
	opDropRepo   = "drop-repository" //
	opBranches   = "branches"        // Heads
	opDropBranch = "drop-branch"     // Branch
	opStage      = "stage"           // Branch, Path, Seq, Object; none: the path is deleted
	opUnstage    = "unstage"         // Branch, Paths
	opCommit     = "commit"          // Commit; with Branch its new head, which covers what was staged up to Seq
	opTag        = "tag"             // Tag, Head
	opDropTag    = "drop-tag"        // Tag
	opRules      = "rules"           // Rules
)

// record is one change of the state, as the journal keeps it.
type record struct {
	Op         string            `json:"op"`
	Repo       string            `json:"repo"`
	Repository *Repository       `json:"repository,omitempty"`
	Branch     string            `json:"branch,omitempty"`
	Heads      map[string]string `json:"heads,omitempty"` // branch: commit
	Head       string            `json:"head,omitempty"`
	Commit     *Commit           `json:"commit,omitempty"`
	Path       string            `json:"path,omitempty"`
	Paths      []string          `json:"paths,omitempty"`
	Seq        uint64            `json:"seq,omitempty"`
	Object     *Object           `json:"object,omitempty"`
	Tag        string            `json:"tag,omitempty"`
	Rules      []string          `json:"rules,omitempty"`
}
