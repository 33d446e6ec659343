package engine

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// update merges a partial document into the current one. The caller holds
// i.mu.
func (i *Index) update(e *Engine, op *Op) Outcome {
	out := Outcome{Index: i.Name, ID: op.ID, Copies: 1 + i.replicas()}
	fail := func(err *eserr.Error) Outcome {
		out.Err = err
		return out
	}
	rec, _ := i.current(op.ID)
	inner := Op{Action: IndexDoc, Index: op.Index, ID: op.ID, Routing: op.Routing, IfSeqNo: op.IfSeqNo, IfTerm: op.IfTerm}
	switch {
	case rec == nil && op.IfSeqNo != nil:
		return fail(i.conflict("[%s]: version conflict, required seqNo [%d], primary term [%d]. but no document was found", op.ID, *op.IfSeqNo, *op.IfTerm))
	case rec == nil && op.Upsert == "" && !op.DocAsUpsert:
		return fail(i.shardError(eserr.New(404, "document_missing_exception", "[%s]: document missing", op.ID)))
	case rec != nil && op.ScriptError:
		return fail(eserr.IllegalArgument("failed to execute script").By(eserr.IllegalArgument("script_lang not supported [painless]")))
	case rec == nil:
		if inner.Source = op.Upsert; op.DocAsUpsert {
			inner.Source = op.Doc
		}
	default:
		merged, changed, err := merge(rec.Source, op.Doc)
		if err != nil {
			return fail(eserr.Syntax(err))
		}
		if !changed && op.DetectNoop {
			if _, err := i.decide(&inner, rec, e.clock()); err != nil {
				return fail(err)
			}
			return Outcome{Index: i.Name, ID: op.ID, Version: rec.Version, SeqNo: rec.SeqNo, Result: "noop", Status: 200, NewSource: rec.Source}
		}
		inner.Source, inner.Routing = merged, rec.Routing
	}
	out = i.apply(e, &inner, i.parse(op.ID, inner.Source, true))
	out.NewSource = inner.Source
	return out
}

// merge lays the members of a partial document over a document: objects are
// merged deeply, everything else is replaced.
func merge(source, partial string) (merged string, changed bool, err error) {
	old, err := xcontent.Parse(source)
	if err != nil {
		return "", false, err
	}
	add, err := xcontent.Parse(partial)
	if err != nil {
		return "", false, err
	}
	target, _ := old.Root().Tree().(xcontent.Obj)
	changes, _ := add.Root().Tree().(xcontent.Obj)
	target, changed = overlay(target, changes)
	return string(xcontent.Append(nil, target)), changed, nil
}

func overlay(target, changes xcontent.Obj) (xcontent.Obj, bool) {
	changed := false
	for _, c := range changes {
		at := -1
		for k := range target {
			if target[k].Key == c.Key {
				at = k
			}
		}
		if at < 0 {
			target, changed = target.Add(c.Key, c.Val), true
			continue
		}
		from, isObject := target[at].Val.(xcontent.Obj)
		into, alsoObject := c.Val.(xcontent.Obj)
		if isObject && alsoObject {
			merged, more := overlay(from, into)
			target[at].Val, changed = merged, changed || more
			continue
		}
		if string(xcontent.Append(nil, target[at].Val)) != string(xcontent.Append(nil, c.Val)) {
			target[at].Val, changed = c.Val, true
		}
	}
	return target, changed
}
