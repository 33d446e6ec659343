package engine

import (
	"strconv"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Action is what a write does.
type Action string

// The actions, by their names in a bulk request.
const (
	IndexDoc  Action = "index"
	CreateDoc Action = "create"
	UpdateDoc Action = "update"
	DeleteDoc Action = "delete"
)

// Version types of a write.
const (
	Internal    = "internal"
	External    = "external"
	ExternalGTE = "external_gte"
)

// Op is one write.
type Op struct {
	Action  Action
	Index   string // index or alias
	ID      string
	AutoID  bool // the id was chosen by the server
	Source  string
	Routing string

	VersionType string
	Version     *int64
	IfSeqNo     *int64
	IfTerm      *int64

	RequireAlias bool

	// For UpdateDoc:
	Doc, Upsert string // JSON objects, "" if absent
	DocAsUpsert bool
	DetectNoop  bool
	ScriptError bool
}

// maxID is the longest _id in bytes.
const maxID = 512

// Problems lists what contradicts itself in a write; such a request is refused
// as a whole.
func (o *Op) Problems() []string {
	var out []string
	if len(o.ID) > maxID {
		out = append(out, "id ["+o.ID+"] is too long, must be no longer than 512 bytes but was: "+strconv.Itoa(len(o.ID)))
	}
	external := o.VersionType == External || o.VersionType == ExternalGTE
	switch {
	case o.Action == UpdateDoc && (external || o.Version != nil), !external && o.Version != nil:
		out = append(out, "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead")
	case o.Action == CreateDoc && external:
		out = append(out, "create operations only support internal versioning. use index instead")
	case external && o.Version == nil:
		out = append(out, "illegal version value [-3] for version type ["+upper(o.VersionType)+"]")
	case external && *o.Version < 0:
		out = append(out, "illegal version value ["+strconv.FormatInt(*o.Version, 10)+"] for version type ["+upper(o.VersionType)+"]")
	}
	if o.IfSeqNo != nil && external {
		out = append(out, "compare and write operations can not use versioning")
	}
	if o.IfSeqNo != nil && (o.IfTerm == nil || *o.IfTerm == 0) {
		out = append(out, "ifSeqNo is set, but primary term is [0]")
	}
	if o.IfSeqNo == nil && o.IfTerm != nil {
		out = append(out, "ifSeqNo is unassigned, but primary term is ["+strconv.FormatInt(*o.IfTerm, 10)+"]")
	}
	if o.Action == UpdateDoc && o.Doc == "" && !o.ScriptError {
		out = append(out, "script or doc is missing")
	}
	return out
}

func upper(s string) string {
	if s == ExternalGTE {
		return "EXTERNAL_GTE"
	}
	return "EXTERNAL"
}

// Outcome is the result of a write.
type Outcome struct {
	Index     string
	ID        string
	Version   int64
	SeqNo     int64
	Result    string // created, updated, deleted, not_found, noop
	Status    int
	Copies    int // 1 + replicas; 0 for a noop
	Routing   string
	Refreshed bool
	Err       *eserr.Error

	// NewSource is the document after an update.
	NewSource string
}

// JSON is the outcome as a single response shows it.
func (o *Outcome) JSON() xcontent.Obj {
	out := xcontent.Obj{
		{Key: "_index", Val: o.Index}, {Key: "_id", Val: o.ID}, {Key: "_version", Val: o.Version}, {Key: "result", Val: o.Result},
	}
	if o.Refreshed {
		out = out.Add("forced_refresh", true)
	}
	successful := min(o.Copies, 1)
	return append(out,
		xcontent.Field{Key: "_shards", Val: xcontent.Obj{{Key: "total", Val: o.Copies}, {Key: "successful", Val: successful}, {Key: "failed", Val: 0}}},
		xcontent.Field{Key: "_seq_no", Val: o.SeqNo}, xcontent.Field{Key: "_primary_term", Val: 1})
}

// Item is the outcome as a member of a bulk response.
func (o *Outcome) Item() xcontent.Obj {
	if o.Err != nil {
		return xcontent.Obj{
			{Key: "_index", Val: o.Index}, {Key: "_id", Val: o.ID}, {Key: "status", Val: o.Err.Status}, {Key: "error", Val: o.Err.Short()},
		}
	}
	return o.JSON().Add("status", o.Status)
}
