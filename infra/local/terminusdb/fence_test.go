package terminusdb_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The request that applies a batch exactly once: a query that begins with the
// position of a fence document and moves it in the end.

type object = map[string]any

func node(id string) object { return object{"@type": "NodeValue", "node": id} }

func text(v any) object {
	s, ok := v.(string)
	if !ok {
		s = fmt.Sprint(v)
	}
	return object{"@type": "Value", "data": object{"@type": "xsd:string", "@value": s}}
}

func all(ops ...object) object { return object{"@type": "And", "and": ops} }

// field is a part of a document; order matters to no one but the reader.
type field struct {
	name  string
	value any
}

func template(doc []field) object {
	pairs := make([]object, len(doc))
	for i, f := range doc {
		value, ok := f.value.(object)
		if !ok {
			value = text(f.value)
		}
		pairs[i] = object{"@type": "FieldValuePair", "field": f.name, "value": value}
	}
	return object{"@type": "Value", "dictionary": object{"@type": "DictionaryTemplate", "data": pairs}}
}

func get(doc []field, name string) string {
	i := slices.IndexFunc(doc, func(f field) bool { return f.name == name })
	return doc[i].value.(string)
}

func isThere(id string) object {
	class, _, _ := strings.Cut(id, "/")
	return object{"@type": "Triple", "subject": node(id), "predicate": node("rdf:type"), "object": node("@schema:" + class)}
}

func insertDocument(doc []field) object {
	return object{"@type": "InsertDocument", "document": template(doc)}
}

func updateDocument(doc []field) object {
	return object{"@type": "UpdateDocument", "document": template(doc)}
}

func upsert(doc []field) object {
	there := isThere(get(doc, "@id"))
	return object{"@type": "Or", "or": []object{
		all(there, updateDocument(doc)),
		all(object{"@type": "Not", "query": there}, insertDocument(doc)),
	}}
}

func deleteDocument(id string) object {
	return object{"@type": "Optional", "query": all(isThere(id), object{"@type": "DeleteDocument", "identifier": node(id)})}
}

func fenced(from, to int, ops ...object) string {
	at := func(kind string, n int) object {
		return object{
			"@type": kind, "subject": node("Fence/f"), "predicate": node("position"),
			"object": object{"@type": "Value", "data": object{"@type": "xsd:long", "@value": n}},
		}
	}
	return query(all(slices.Concat([]object{at("Triple", from)}, ops, []object{at("DeleteTriple", from), at("AddTriple", to)})...))
}

// query is the body of a request that may write.
func query(q object) string {
	b, err := json.Marshal(object{"query": q, "commit_info": object{"author": "fence", "message": "batch"}})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// item is a document of the class Item with 8 properties and 2 links.
func item(i int) []field {
	id := "k" + strconv.Itoa(i)
	doc := []field{
		{"@type", "Item"},
		{"@id", "Item/" + id},
		{"key", id},
		{"title", fmt.Sprintf("title number %d", i)},
		{"n", i},
		{"price", fmt.Sprintf("%d.25", i)},
		{"flag", i%2 == 0},
		{"at", fmt.Sprintf("2024-01-01T00:00:%02dZ", i%60)},
		{"cat", fmt.Sprintf("c%d", i%20)},
		{"note", fmt.Sprintf("a note of some length about item %d", i)},
		{"owner", fmt.Sprintf("Owner/o%d", i%100)},
	}
	if i > 0 {
		doc = append(doc, field{"parent", fmt.Sprintf("Item/k%d", i/3%100)})
	}
	return doc
}

func upserts(from, to int) (ops []object) {
	for i := from; i < to; i++ {
		ops = append(ops, upsert(item(i)))
	}
	return ops
}

const fenceSchema = `[{"@type":"Class","@id":"Fence","@key":{"@type":"Random"},"position":"xsd:long"},
 {"@type":"Class","@id":"Owner","@key":{"@type":"Random"},"name":"xsd:string"},
 {"@type":"Class","@id":"Item","@key":{"@type":"Random"},"key":"xsd:string","title":"xsd:string","n":{"@type":"Optional","@class":"xsd:int"},
  "price":{"@type":"Optional","@class":"xsd:decimal"},"flag":{"@type":"Optional","@class":"xsd:boolean"},"at":{"@type":"Optional","@class":"xsd:dateTime"},
  "cat":{"@type":"Optional","@class":"xsd:string"},"note":{"@type":"Optional","@class":"xsd:string"},"owner":{"@type":"Optional","@class":"Owner"},
  "parent":{"@type":"Optional","@class":"Item"},"tags":{"@type":"Set","@class":"xsd:string"},"nums":{"@type":"Set","@class":"xsd:int"},
  "knows":{"@type":"Set","@class":"Item"},"steps":{"@type":"Array","@class":"xsd:string"}}]`

// fenceDatabase has a fence at 0 and 100 owners.
func (s server) fenceDatabase() {
	s.t.Helper()
	s.fresh("fence")
	s.must("POST", "/api/document/admin/fence"+by+"&graph_type=schema", fenceSchema)
	docs := []string{`{"@type":"Fence","@id":"Fence/f","position":0}`}
	for i := range 100 {
		docs = append(docs, fmt.Sprintf(`{"@type":"Owner","@id":"Owner/o%d","name":"o%d"}`, i, i))
	}
	s.must("POST", "/api/document/admin/fence"+by, "["+strings.Join(docs, ",")+"]")
}
