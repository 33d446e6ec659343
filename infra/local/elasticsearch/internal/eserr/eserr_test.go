package eserr

import (
	"testing"

	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func text(o xcontent.Obj) string { return string(xcontent.Append(nil, o)) }

// TestRootCause shows which error of a chain the real server calls the root:
// the innermost of its own, not a plain Java exception.
func TestRootCause(t *testing.T) {
	plain := New(400, "document_parsing_exception", "outer").By(NumberFormat("x"))
	if got, want := text(plain.Body()), `{"root_cause":[{"type":"document_parsing_exception","reason":"outer"}],"type":"document_parsing_exception","reason":"outer","caused_by":{"type":"number_format_exception","reason":"For input string: \"x\""}}`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	own := New(400, "document_parsing_exception", "outer").By(Parsing(xcontent.Pos{Line: 1, Col: 7}, "inner"))
	if got := own.Root().Reason; got != "inner" {
		t.Errorf("root %s", got)
	}
	foreign := New(400, "query_shard_exception", "outer").By(&Error{Type: "parse_exception", Reason: "of Lucene", Foreign: true})
	if got := foreign.Root().Reason; got != "outer" {
		t.Errorf("root %s", got)
	}
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		e    *Error
		want string
	}{
		{IndexNotFound("i"), `{"type":"index_not_found_exception","reason":"no such index [i]","resource.type":"index_or_alias","resource.id":"i","index_uuid":"_na_","index":"i"}`},
		{Validation("a", "b"), `{"type":"action_request_validation_exception","reason":"Validation Failed: 1: a;2: b;"}`},
		{Parsing(xcontent.Pos{Line: 1, Col: 2}, "x %d", 3), `{"type":"parsing_exception","reason":"x 3","line":1,"col":2}`},
		{XContent(xcontent.Pos{Line: 1, Col: 2}, "y"), `{"type":"x_content_parse_exception","reason":"[1:2] y"}`},
		{&Error{Type: "t", NoReason: true}, `{"type":"t","reason":null}`},
	} {
		if got := text(c.e.Short()); got != c.want {
			t.Errorf("%s\nwant %s", got, c.want)
		}
	}
}
