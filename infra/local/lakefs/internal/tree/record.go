package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
)

// Empty is the id of the tree without records.
const Empty = ""

// Record is an entry of a tree. Two records of one key are equal if their
// identities are.
type Record struct {
	Key      string          `json:"key"`
	Identity string          `json:"identity"`
	Value    json.RawMessage `json:"value"`
}

// span is what a list says about a range.
type span struct {
	ID    string `json:"id"` // sha256 of the encoded range
	First string `json:"first"`
	Last  string `json:"last"`
	Count int    `json:"count"`
}

// boundary reports whether a range ends after the key.
func boundary(key string) bool {
	h := fnv.New32a()
	h.Write([]byte(key))
	return h.Sum32()%256 == 0
}

// encode writes a list or range as JSON lines and names it.
func encode[T any](items []T) (id string, body []byte, err error) {
	var buf bytes.Buffer
	w := json.NewEncoder(&buf)
	w.SetEscapeHTML(false)
	for i := range items {
		if err := w.Encode(&items[i]); err != nil {
			return "", nil, err
		}
	}
	sum := sha256.Sum256(buf.Bytes())
	return hex.EncodeToString(sum[:]), buf.Bytes(), nil
}

func decode[T any](id string, body []byte) ([]T, error) {
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != id {
		return nil, fmt.Errorf("the content of %s does not match its name: restore it from a copy of the bucket", id)
	}
	var items []T
	r := json.NewDecoder(bytes.NewReader(body))
	for r.More() {
		var item T
		if err := r.Decode(&item); err != nil {
			return nil, fmt.Errorf("decode %s: %w", id, err)
		}
		items = append(items, item)
	}
	return items, nil
}
