package rest

import (
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/engine"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// flag reads a boolean parameter; given without value it is true.
func (q *request) flag(name string) bool {
	return q.params.Has(name) && q.params.Get(name) != "false"
}

// long reads a whole-number parameter, nil if absent.
func (q *request) long(name string) (*int64, *eserr.Error) {
	text := q.params.Get(name)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, eserr.IllegalArgument("Failed to parse long parameter [%s] with value [%s]", name, text).By(eserr.NumberFormat(text))
	}
	return &n, nil
}

func (q *request) refreshPolicy() (engine.RefreshPolicy, *eserr.Error) {
	if !q.params.Has("refresh") {
		return engine.RefreshNone, nil
	}
	switch text := q.params.Get("refresh"); text {
	case "", "true":
		return engine.RefreshNow, nil
	case "false":
		return engine.RefreshNone, nil
	case "wait_for":
		return engine.RefreshWait, nil
	default:
		return "", eserr.IllegalArgument("Unknown value for refresh: [%s].", text)
	}
}

// versions reads the version parameters into a write.
func (q *request) versions(op *engine.Op) (err *eserr.Error) {
	if op.Version, err = q.long("version"); err != nil {
		return err
	}
	if op.IfSeqNo, err = q.long("if_seq_no"); err != nil {
		return err
	}
	if op.IfTerm, err = q.long("if_primary_term"); err != nil {
		return err
	}
	op.VersionType, err = versionType(q.params.Get("version_type"))
	return err
}

func versionType(text string) (string, *eserr.Error) {
	switch text {
	case "", engine.Internal:
		return engine.Internal, nil
	case engine.External, engine.ExternalGTE:
		return text, nil
	}
	return "", eserr.IllegalArgument("No version type match [%s]", text)
}

// expression reads the index part of the path with its options.
func (q *request) expression() engine.Expression {
	x := engine.Expression{
		IgnoreUnavailable: q.flag("ignore_unavailable"),
		RequireMatch:      q.params.Get("allow_no_indices") == "false",
	}
	if list := q.vars["index"]; list != "" {
		x.Names = strings.Split(list, ",")
	}
	return x
}

// targets resolves the path for administration, closed indices included.
func (h *Handler) targets(q *request) ([]engine.Target, *eserr.Error) {
	x := q.expression()
	x.Closed = true
	return h.e.Resolve(x)
}

func indices(targets []engine.Target) []*engine.Index {
	out := make([]*engine.Index, len(targets))
	for i := range targets {
		out[i] = targets[i].Index
	}
	return out
}

// object parses the body as a JSON object.
func (q *request) object() (xcontent.Value, *eserr.Error) {
	if q.body == "" {
		return xcontent.Value{}, eserr.New(400, "parse_exception", "request body is required")
	}
	doc, err := xcontent.Parse(q.body)
	if err != nil {
		return xcontent.Value{}, eserr.Syntax(err)
	}
	root := doc.Root()
	if root.Kind() != xcontent.Object {
		return root, eserr.Parsing(root.Start(), "Expected [START_OBJECT] but found [%s]", root.Token())
	}
	return root, nil
}
