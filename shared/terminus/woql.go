package terminus

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Term is a word of WOQL as JSON. Values stand in terms of their own and are
// never part of a query's text.
type Term map[string]any

// And holds if all terms hold.
func And(terms ...Term) Term { return Term{"@type": "And", "and": terms} }

// Or holds if one of the terms holds.
func Or(terms ...Term) Term { return Term{"@type": "Or", "or": terms} }

// Not holds if the term does not.
func Not(t Term) Term { return Term{"@type": "Not", "query": t} }

// Node names a node in the place of a subject, a predicate or a node as object.
func Node(id string) Term { return Term{"@type": "NodeValue", "node": id} }

// Select keeps some variables of the results.
func Select(variables []string, t Term) Term {
	return Term{"@type": "Select", "variables": variables, "query": t}
}

// NodeVariable is a variable in the place of a node.
func NodeVariable(name string) Term { return Term{"@type": "NodeValue", "variable": name} }

// ValueVariable is a variable in the place of an object.
func ValueVariable(name string) Term { return Term{"@type": "Value", "variable": name} }

// ValueNode names a node in the place of an object.
func ValueNode(id string) Term { return Term{"@type": "Value", "node": id} }

// Text is a text, in documents the value of any scalar property.
func Text(s string) Term {
	return Term{"@type": "Value", "data": Term{"@type": "xsd:string", "@value": s}}
}

// Long is a whole number.
func Long(n int64) Term {
	return Term{"@type": "Value", "data": Term{"@type": "xsd:long", "@value": n}}
}

// Links is a list of links, as the value of a property with many.
func Links(ids []string) Term {
	list := make([]Term, len(ids))
	for i, id := range ids {
		list[i] = ValueNode(id)
	}
	return Term{"@type": "Value", "list": list}
}

// Triple holds for triples of the instance graph.
func Triple(subject, predicate, object Term) Term {
	return Term{"@type": "Triple", "subject": subject, "predicate": predicate, "object": object}
}

// HasType holds if a document of this id and class is there.
func HasType(id, class string) Term {
	return Triple(Node(id), Node("rdf:type"), Node("@schema:"+class))
}

// AddTriple adds a triple.
func AddTriple(subject, predicate, object Term) Term {
	return Term{"@type": "AddTriple", "subject": subject, "predicate": predicate, "object": object}
}

// DeleteTriple removes a triple.
func DeleteTriple(subject, predicate, object Term) Term {
	return Term{"@type": "DeleteTriple", "subject": subject, "predicate": predicate, "object": object}
}

// Field is a property of a document to write.
type Field struct {
	Name  string
	Value Term
}

func dictionary(fields []Field) Term {
	pairs := make([]Term, len(fields))
	for i, f := range fields {
		pairs[i] = Term{"@type": "FieldValuePair", "field": f.Name, "value": f.Value}
	}
	return Term{"@type": "Value", "dictionary": Term{"@type": "DictionaryTemplate", "data": pairs}}
}

// InsertDocument writes a document that is not there. The fields hold @id and @type.
func InsertDocument(fields []Field) Term {
	return Term{"@type": "InsertDocument", "document": dictionary(fields)}
}

// UpdateDocument replaces a document that is there.
func UpdateDocument(fields []Field) Term {
	return Term{"@type": "UpdateDocument", "document": dictionary(fields)}
}

// Equals holds if both are the same; a variable takes the other's value.
func Equals(left, right Term) Term { return Term{"@type": "Equals", "left": left, "right": right} }

// Binding is one result: the values of the variables. A node is a text.
type Binding map[string]any

// Query runs a query that may write; a commit of no author is for those that do
// not. No binding means that the query's condition does not hold and nothing was
// written.
func (c *Client) Query(ctx context.Context, database, branch string, commit Commit, t Term) ([]Binding, error) {
	path := c.database("woql", database)
	if branch != DefaultBranch {
		path += "/local/branch/" + url.PathEscape(branch)
	}
	body := map[string]any{"query": t}
	if commit.Author != "" {
		body["commit_info"] = commit
	}
	var answer struct {
		Bindings []Binding `json:"bindings"`
	}
	err := c.do(ctx, call{what: "query", method: http.MethodPost, path: path, body: body}, into(&answer))
	return answer.Bindings, err
}

// Number reads a number that a document or a binding holds.
func Number(v any) (int64, bool) {
	if m, typed := v.(map[string]any); typed {
		v = m["@value"]
	}
	text, ok := v.(interface{ String() string })
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text.String(), 10, 64)
	return n, err == nil
}
