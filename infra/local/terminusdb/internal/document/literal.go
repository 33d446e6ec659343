package document

import (
	"spiceharvester/infra/local/terminusdb/internal/graph"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// Literal is the term that a value of a plain property is kept as. Links,
// objects and unknown properties fail as templates with them do on the real
// server.
func Literal(s *schema.Schema, class *schema.Class, name string, v any) (graph.Term, error) {
	p := class.Property(s.Context.Name(name))
	if p == nil {
		return graph.Term{}, terr.Unexpected("query_error(unknown_property_for_type('%s',%s))", class.IRI, name)
	}
	if _, ok := v.(map[string]any); ok || !p.Datatype() {
		return graph.Term{}, terr.Unexpected("query_error(unknown_query_format_for_datatype('%s'))", p.Range)
	}
	i, err := elaborator{s}.value(p, v)
	return i.term, err
}
