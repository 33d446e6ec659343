package rest

import (
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func (h *Handler) bulk(q *request) reply {
	if q.body == "" {
		return failed(eserr.New(400, "parse_exception", "request body is required"))
	}
	policy, err := q.refreshPolicy()
	if err != nil {
		return failed(err)
	}
	ops, err := parseBulk(q.body, engine.Op{Index: q.vars["index"], Routing: q.params.Get("routing"), RequireAlias: q.flag("require_alias")})
	if err != nil {
		return failed(err)
	}
	if len(ops) == 0 {
		return failed(eserr.Validation("no requests added"))
	}
	var problems []string
	for _, op := range ops {
		if op.Index == "" {
			problems = append(problems, "index is missing")
		}
		problems = append(problems, op.Problems()...)
	}
	if len(problems) > 0 {
		return failed(eserr.Validation(problems...))
	}
	outs, err := h.writeAll(q, ops, policy)
	if err != nil {
		return failed(err)
	}
	errs := false
	items := make([]xcontent.Obj, len(outs))
	for i := range outs {
		errs = errs || outs[i].Err != nil
		items[i] = xcontent.Obj{{Key: string(ops[i].Action), Val: outs[i].Item()}}
	}
	return ok(xcontent.Obj{{Key: "errors", Val: errs}, {Key: "took", Val: q.took()}, {Key: "items", Val: items}})
}

func (h *Handler) writeAll(q *request, ops []*engine.Op, policy engine.RefreshPolicy) ([]engine.Outcome, *eserr.Error) {
	if h.faults.Lost() {
		outs := make([]engine.Outcome, len(ops))
		for i, op := range ops {
			outs[i] = engine.Outcome{Index: op.Index, ID: op.ID, Err: unavailable(op, q.params.Get("timeout"))}
		}
		return outs, nil
	}
	outs := make([]engine.Outcome, len(ops))
	taken, at := make([]*engine.Op, 0, len(ops)), make([]int, 0, len(ops))
	for i, op := range ops {
		if err := h.faults.refused(op); err != nil {
			outs[i] = engine.Outcome{Index: op.Index, ID: op.ID, Err: err}
			continue
		}
		taken, at = append(taken, op), append(at, i)
	}
	written, err := h.e.Write(q.ctx, taken, policy)
	if err != nil {
		return nil, eserr.New(500, "i_o_exception", "%s", err.Error())
	}
	for k, i := range at {
		outs[i] = written[k]
	}
	return outs, nil
}

// parseBulk reads the lines of a bulk request: an action, and for all but
// delete a document. A last action without document is dropped.
func parseBulk(body string, defaults engine.Op) ([]*engine.Op, *eserr.Error) {
	if !strings.HasSuffix(body, "\n") {
		return nil, eserr.IllegalArgument("The bulk request must be terminated by a newline [\\n]")
	}
	ops := make([]*engine.Op, 0, strings.Count(body, "\n")/2)
	line := 0
	next := func() (text string, more bool) {
		text, body, more = strings.Cut(body, "\n")
		line++
		return strings.TrimSuffix(text, "\r"), more
	}
	for {
		text, more := next()
		if !more {
			return ops, nil
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		op, err := parseAction(text, line, defaults)
		if err != nil {
			return nil, err
		}
		if op.Action != engine.DeleteDoc {
			source, more := next()
			if !more {
				return ops, nil
			}
			// A copy: the document must not keep the whole request alive.
			op.Source = strings.Clone(source)
			if op.Action == engine.UpdateDoc {
				if err := bulkUpdate(op); err != nil {
					return nil, err
				}
			}
		}
		ops = append(ops, op)
	}
}

func bulkUpdate(op *engine.Op) *eserr.Error {
	doc, err := xcontent.Parse(op.Source)
	if err != nil {
		return eserr.Syntax(err)
	}
	return updateBody(op, doc.Root())
}

func parseAction(text string, line int, defaults engine.Op) (*engine.Op, *eserr.Error) {
	doc, err := xcontent.ParsePrefix(text)
	if err != nil {
		return nil, eserr.Syntax(err)
	}
	root := doc.Root()
	if root.Kind() != xcontent.Object {
		return nil, eserr.IllegalArgument("Malformed action/metadata line [%d], expected START_OBJECT but found [%s]", line, root.Token())
	}
	op := defaults
	op.VersionType = engine.Internal
	hasID := false
	for action := range root.Members() {
		switch op.Action = engine.Action(action.Key()); op.Action {
		case engine.IndexDoc, engine.CreateDoc, engine.UpdateDoc, engine.DeleteDoc:
		default:
			return nil, eserr.IllegalArgument("Malformed action/metadata line [%d], expected field [create], [delete], [index] or [update] but found [%s]", line, action.Key())
		}
		if action.Kind() != xcontent.Object {
			return nil, eserr.IllegalArgument("Malformed action/metadata line [%d], expected START_OBJECT but found [%s]", line, action.Token())
		}
		for m := range action.Members() {
			if err := actionField(&op, m, line); err != nil {
				return nil, err
			}
			hasID = hasID || m.Key() == "_id"
		}
		break
	}
	if op.Action == "" {
		return nil, eserr.IllegalArgument("Malformed action/metadata line [%d], expected FIELD_NAME but found [END_OBJECT]", line)
	}
	op.ID = strings.Clone(op.ID)
	if !hasID {
		if op.Action == engine.UpdateDoc || op.Action == engine.DeleteDoc {
			return nil, eserr.Validation("id is missing")
		}
		op.AutoID = true
	}
	return &op, nil
}

func actionField(op *engine.Op, m xcontent.Value, line int) *eserr.Error {
	text := m.Text()
	number := func() (*int64, *eserr.Error) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, eserr.IllegalArgument("For input string: \"%s\"", text)
		}
		return &n, nil
	}
	var err *eserr.Error
	switch m.Key() {
	case "_index":
		op.Index = strings.Clone(text)
	case "_id":
		if op.ID = text; m.Kind() == xcontent.Null {
			op.ID = ""
		}
	case "routing":
		op.Routing = strings.Clone(text)
	case "require_alias":
		op.RequireAlias = text == "true"
	case "version":
		op.Version, err = number()
	case "version_type":
		op.VersionType, err = versionType(text)
	case "if_seq_no":
		op.IfSeqNo, err = number()
	case "if_primary_term":
		op.IfTerm, err = number()
	case "retry_on_conflict":
	case "op_type":
		if text == "create" {
			op.Action = engine.CreateDoc
		}
	default:
		err = eserr.IllegalArgument("Action/metadata line [%d] contains an unknown parameter [%s]", line, m.Key())
	}
	return err
}
