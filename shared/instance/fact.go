package instance

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Fact is the data of an event about an instance (created, updated, deleted). Header and
// payload are apart: a property named "branch" cannot overwrite the branch. A created or
// updated fact carries the whole state, a deleted one the header alone.
type Fact struct {
	Ref
	Data  map[string]any `json:"data,omitzero"`
	Links []Link         `json:"links,omitzero"`
	// Restored is the sequence of the version that this state was taken from, 0 if
	// the fact restores none.
	Restored uint64 `json:"restored_from_sequence,omitzero"`
}

// NewFact is the fact that an instance has this state.
func NewFact(ref Ref, inst Instance) Fact {
	ref.ID = inst.ID
	return Fact{Ref: ref, Data: inst.Data, Links: inst.Links}
}

// Encode writes the fact as JSON. The same fact gives the same bytes.
func (f Fact) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("encode fact of %s: %w", f.AggregateID(), err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// DecodeFact reads the data of a stored event. Numbers keep their text. Members that a
// later release has added are ignored.
func DecodeFact(data []byte) (Fact, error) {
	var f Fact
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&f); err != nil {
		return Fact{}, fmt.Errorf("decode fact of an instance: %w", err)
	}
	return f, nil
}
