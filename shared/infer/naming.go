package infer

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"spiceharvester/shared/ontology"
)

const (
	maxClassID      = 100 // characters that the id of a class may have
	maxPropertyName = ontology.MaxNameBytes - 12
)

// classID writes a name in CamelCase: "sales order" is SalesOrder. Only the letters and
// digits of ASCII may stand in an id; of a name without any the id is made of the time.
func classID(name string, now time.Time) string {
	var b strings.Builder
	for _, word := range words(norm.NFKD.String(name)) { // accents come off
		word = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, word)
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	id := b.String()
	switch {
	case id == "":
		return "GeneratedClass" + now.UTC().Format("20060102150405")
	case id[0] <= '9':
		id = "Class" + id
	}
	return id[:min(len(id), maxClassID)]
}

// propertyName makes the name of a property from that of column i: lower-case letters,
// digits and Hangul, with one "_" for everything that stands between them. A name that
// begins with a digit gets "col_" before it, a column without a name is called after its
// place.
func propertyName(column string, i int) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(norm.NFC.String(column)) {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || unicode.Is(unicode.Hangul, r)) {
			gap = true
			continue
		}
		if b.Len()+utf8.RuneLen(r) >= maxPropertyName {
			break
		}
		switch {
		case b.Len() == 0 && r <= '9':
			b.WriteString("col_")
		case b.Len() > 0 && gap:
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return "column_" + strconv.Itoa(i+1)
	}
	return b.String()
}

// names counts the uses of each name.
type names map[string]int

// unique returns the name, or the name with the first number from 2 on that makes it one
// that was not returned before.
func (n names) unique(name string) string {
	for {
		n[name]++
		if n[name] == 1 {
			return name
		}
		if numbered := name + "_" + strconv.Itoa(n[name]); n[numbered] == 0 {
			n[numbered] = 1
			return numbered
		}
	}
}

// printable shows control characters, which no JSON key of a request may hold, as blanks.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
