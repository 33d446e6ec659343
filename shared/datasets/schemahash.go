package datasets

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode/utf16"
)

// SchemaHash is the SHA-256 of the columns' names and types, in order: two files
// with one hash can be read by one mapping. What is hashed is the contract's text
// (data-plane 0.3: Python's json.dumps of the list), so that a client can compute it.
func SchemaHash(schema Schema) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, c := range schema.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `{"name": %s, "type": %s}`, asciiJSON(c.Name), asciiJSON(c.Type))
	}
	b.WriteByte(']')
	return fmt.Sprintf("%x", sha256.Sum256([]byte(b.String())))
}

// shortEscapes are the characters that JSON escapes with a letter.
var shortEscapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)

// asciiJSON writes a JSON string in printable ASCII alone.
func asciiJSON(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range shortEscapes.Replace(s) {
		if r >= 0x20 && r < 0x7f {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	b.WriteByte('"')
	return b.String()
}
