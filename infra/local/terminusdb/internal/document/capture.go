package document

import (
	"maps"
	"slices"

	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// CheckCaptures wants each name that the documents of a request capture once,
// and each name that they refer to captured.
func CheckCaptures(docs []map[string]any) error {
	captured, referred := map[string]bool{}, map[string]bool{}
	for _, doc := range docs {
		if err := captures(doc, captured, referred); err != nil {
			return err
		}
	}
	var missing []any
	for _, name := range slices.Sorted(maps.Keys(referred)) {
		if !captured[name] {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return terr.New("NotAllCapturesFound", map[string]any{"captures": missing}, "Ids were referenced but never captured.")
	}
	return nil
}

func captures(v any, captured, referred map[string]bool) error {
	switch x := v.(type) {
	case map[string]any:
		if name, ok := x["@capture"].(string); ok {
			if captured[name] {
				return terr.New("CaptureIdAlreadyBound", map[string]any{"capture": name, "document": x}, "Tried to insert a document with capture id %q which was bound earlier.", name)
			}
			captured[name] = true
		}
		if name, ok := x["@ref"].(string); ok {
			referred[name] = true
		}
		for _, inner := range x {
			if err := captures(inner, captured, referred); err != nil {
				return err
			}
		}
	case []any:
		for _, inner := range x {
			if err := captures(inner, captured, referred); err != nil {
				return err
			}
		}
	}
	return nil
}
