package graphprojection

import (
	"fmt"
	"strconv"
	"strings"

	"spiceharvester/shared/event"
)

// The classes of the projection itself. No class of the platform has a dot.
const (
	nodeClass  = "spice.Node"   // what every class inherits from, and every link points at
	fenceClass = "spice.Fence"  // one document: how far the database is
	markClass  = "spice.Schema" // no documents: its metadata says how far the schema is
	fenceID    = fenceClass + "/log"
)

// Prefixes of properties: what an instance holds cannot be taken for what the
// projection says about it.
const (
	valuePrefix = "v_"
	linkPrefix  = "l_"
)

// DatabaseName is the TerminusDB database of one life of a database: born is the
// position of the fact that created it.
func DatabaseName(database string, born event.Position) string {
	return fmt.Sprintf("%s.%d-%d", database, born.Segment, born.Offset)
}

// parseDatabaseName is the reverse: the key of the position, for our databases.
func parseDatabaseName(name string) (born int64, ours bool) {
	_, life, ours := strings.Cut(name, ".")
	segment, offset, ok := strings.Cut(life, "-")
	var p event.Position
	var err1 error
	p.Segment, err1 = strconv.ParseUint(segment, 10, 39)
	o, err2 := strconv.ParseUint(offset, 10, 24)
	p.Offset = uint32(o)
	return positionKey(p), ours && ok && err1 == nil && err2 == nil
}

// escape makes any text a part of a name: all but ASCII letters, digits, "_" and
// "-" as %XX of its UTF-8.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// unescape is the reverse.
func unescape(s string) (string, bool) {
	digit := func(c byte) (byte, bool) {
		switch {
		case c >= '0' && c <= '9':
			return c - '0', true
		case c >= 'A' && c <= 'F':
			return c - 'A' + 10, true
		}
		return 0, false
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, ok1 := digit(s[i+1])
		low, ok2 := digit(s[i+2])
		if !ok1 || !ok2 {
			return "", false
		}
		b = append(b, high<<4|low)
		i += 2
	}
	return string(b), true
}

// NodeID is the id of an instance's document.
func NodeID(class, id string) string { return escape(class) + "/" + escape(id) }

// ParseNodeID is the reverse.
func ParseNodeID(node string) (class, id string, ok bool) {
	c, i, ok := strings.Cut(node, "/")
	if !ok {
		return "", "", false
	}
	class, ok1 := unescape(c)
	id, ok2 := unescape(i)
	return class, id, ok1 && ok2
}

// positionKey orders the events of a chain by one number. A segment is shorter
// than 16 MiB.
func positionKey(p event.Position) int64 { return int64(p.Segment)<<24 | int64(p.Offset) }

// placeKey is the key of all events that stand before segment next: theirs are
// smaller.
func placeKey(next uint64) int64 { return int64(next) << 24 }
