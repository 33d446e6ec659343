package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Canonical writes a value in its one form: keys sorted, no blanks, no HTML escapes,
// numbers as they were written (so 1.5 and 1.50 differ: a number's text is kept end to
// end). The value must be of the kinds that [Decode] returns.
func Canonical(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("strictjson.Canonical: a value that no JSON text gives: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Equal reports whether two values have the same canonical form.
func Equal(a, b any) bool { return bytes.Equal(Canonical(a), Canonical(b)) }
