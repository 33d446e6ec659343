package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// kept are the keys of a class document that are kept. Anything else that
// begins with @ must be text, as the real server has it.
var kept = []string{"@id", "@type", "@key", "@documentation", "@inherits", "@abstract", "@subdocument", "@unfoldable", "@value", "@oneOf", "@metadata"}

// Normalize checks a document of the schema graph by itself and answers it as
// it is kept.
func Normalize(x Context, doc map[string]any) (map[string]any, error) {
	kind, ok := doc["@type"].(string)
	if !ok {
		return nil, terr.New("MissingField", map[string]any{"document": doc, "field": "@type"}, "Missing '@type' field in submitted document.")
	}
	if kind != "Class" && kind != "Enum" && kind != "TaggedUnion" {
		return nil, unknownType(kind)
	}
	if id, ok := doc["@id"].(string); !ok || id == "" {
		return nil, terr.New("MissingField", map[string]any{"document": doc, "field": "@id"}, "Missing '@id' field in submitted document.")
	}
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		v := doc[name]
		switch {
		case !strings.HasPrefix(name, "@"):
			if x.UnknownPrefix(name) {
				return nil, terr.New("UnknownPrefixError", map[string]any{"key": name}, "The key '%s' is utilising an unknown prefix.", name)
			}
			if err := checkProperty(v); err != nil {
				return nil, err
			}
			v = normalProperty(v)
		case !slices.Contains(kept, name):
			if _, ok := v.(string); !ok {
				b, _ := json.Marshal(v)
				return nil, terr.TypeError(string(b), "text")
			}
			continue
		}
		out[name] = v
	}
	if err := checkKey(doc); err != nil {
		return nil, err
	}
	if d, ok := out["@documentation"]; ok {
		out["@documentation"] = documentation(d)
	}
	if parents := texts(out["@inherits"]); len(parents) == 1 {
		out["@inherits"] = parents[0]
	} else if len(parents) == 0 {
		delete(out, "@inherits")
	}
	return out, nil
}

// normalProperty spells out what a property may leave to the server.
func normalProperty(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := maps.Clone(m)
	if m["@type"] == string(Array) && m["@dimensions"] == nil {
		out["@dimensions"] = json.Number("1")
	}
	if n, ok := m["@cardinality"]; ok {
		out["@min_cardinality"], out["@max_cardinality"] = n, n
		delete(out, "@cardinality")
	}
	return out
}

func unknownType(kind string) error {
	return terr.New("UnknownSchemaType", map[string]any{"type": kind}, "The '@type' field referred to an unimplemented schema type.")
}

func checkProperty(v any) error {
	m, ok := v.(map[string]any)
	if !ok {
		if _, ok := v.(string); !ok {
			b, _ := json.Marshal(v)
			return terr.TypeError(string(b), "text")
		}
		return nil
	}
	family, _ := m["@type"].(string)
	switch Family(family) {
	case Optional, Set, List, Array, Cardinality:
		if _, ok := m["@class"].(string); ok {
			return nil
		}
		return terr.New("MissingField", map[string]any{"document": m, "field": "@class"}, "Missing '@class' field in submitted document.")
	}
	return unknownType(family)
}

func checkKey(doc map[string]any) error {
	key, ok := doc["@key"].(map[string]any)
	if !ok {
		if _, sub := doc["@subdocument"]; sub {
			return terr.New("SubdocumentKeyMissing", map[string]any{"document": doc}, "Subdocument @key missing")
		}
		return nil
	}
	switch kind, _ := key["@type"].(string); kind {
	case "Random", "ValueHash":
	case "Lexical", "Hash":
		if _, ok := key["@fields"].([]any); !ok {
			return terr.New("KeyMissingFields", map[string]any{"document": doc, "key_type": kind}, "Missing required @fields array for key type %q", kind)
		}
	default:
		return terr.New("DocumentKeyTypeUnknown", map[string]any{"document": doc, "key_type": kind}, "Document @key type unknown: %q. It must be ValueHash, Hash, Lexical, or Random.", kind)
	}
	return nil
}

// documentation keeps what the real server keeps of a documentation, or of each
// language of one.
func documentation(v any) any {
	switch d := v.(type) {
	case []any:
		list := make([]any, len(d))
		for i, e := range d {
			list[i] = documentation(e)
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for _, name := range []string{"@label", "@comment", "@properties", "@language", "@values", "@title", "@description", "@authors"} {
			if v, ok := d[name]; ok {
				m[name] = v
			}
		}
		return m
	}
	return v
}
