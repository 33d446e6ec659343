package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"

	"spiceharvester/shared/event"
)

// ContentOf digests type, subject and data. Data is compared by its compact
// text: a producer writes the keys of its data in one order.
func ContentOf(e *event.Event) Content {
	h := sha256.New()
	h.Write([]byte(e.Type))
	h.Write([]byte{0})
	h.Write([]byte(e.Aggregate.Type))
	h.Write([]byte{0})
	h.Write([]byte(e.Aggregate.ID))
	h.Write([]byte{0})
	if e.DataRef.Key != "" {
		h.Write([]byte(e.DataRef.SHA256))
	} else {
		var compact bytes.Buffer
		if json.Compact(&compact, e.Data) == nil {
			h.Write(compact.Bytes())
		}
	}
	var c Content
	copy(c[:], h.Sum(nil))
	return c
}
