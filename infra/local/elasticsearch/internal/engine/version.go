package engine

import (
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
)

// conflict is the answer to a write that the version rules refuse.
func (i *Index) conflict(format string, args ...any) *eserr.Error {
	e := eserr.New(409, "version_conflict_engine_exception", format, args...)
	return i.shardError(e)
}

// shardError adds the shard that a document error names.
func (i *Index) shardError(e *eserr.Error) *eserr.Error {
	e.Meta = e.Meta.Add("index_uuid", i.UUID).Add("shard", "0").Add("index", i.Name)
	return e
}

// decide applies the version rules to a write and returns the version that the
// document gets. rec is the current document, nil if there is none. The caller
// holds i.mu.
func (i *Index) decide(op *Op, rec *inverted.Record, now time.Time) (int64, *eserr.Error) {
	version, known := int64(0), false
	tomb, buried := i.deleted(op.ID, now)
	switch {
	case rec != nil:
		version, known = rec.Version, true
	case buried:
		version, known = tomb.version, true
	}
	if op.IfSeqNo != nil {
		seq := int64(-1)
		if rec != nil {
			seq = rec.SeqNo
		}
		switch {
		case rec == nil:
			return 0, i.conflict("[%s]: version conflict, required seqNo [%d], primary term [%d]. but no document was found", op.ID, *op.IfSeqNo, *op.IfTerm)
		case seq != *op.IfSeqNo || *op.IfTerm != 1:
			return 0, i.conflict("[%s]: version conflict, required seqNo [%d], primary term [%d]. current document has seqNo [%d] and primary term [1]", op.ID, *op.IfSeqNo, *op.IfTerm, seq)
		}
	}
	switch op.VersionType {
	case External:
		if known && version >= *op.Version {
			return 0, i.conflict("[%s]: version conflict, current version [%d] is higher or equal to the one provided [%d]", op.ID, version, *op.Version)
		}
		return *op.Version, nil
	case ExternalGTE:
		if known && version > *op.Version {
			return 0, i.conflict("[%s]: version conflict, current version [%d] is higher than the one provided [%d]", op.ID, version, *op.Version)
		}
		return *op.Version, nil
	}
	if op.Action == CreateDoc && rec != nil {
		return 0, i.conflict("[%s]: version conflict, document already exists (current version [%d])", op.ID, rec.Version)
	}
	if known {
		return version + 1, nil
	}
	return 1, nil
}
