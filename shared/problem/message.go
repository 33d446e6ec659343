package problem

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Text is an entry of the message catalogue: one key with its English and Korean
// templates. A template names its parameters in braces: "Class '{id}' is unknown."
type Text struct{ key, en, ko string }

// Message is a text with its parameters filled in. It holds both languages, so it can
// be stored in the log (a reason does not change with a later release) and shown to
// any reader. It is an error: checks that have one reason return it.
type Message struct {
	Key    string         `json:"key"`
	Params map[string]any `json:"params,omitempty"`
	EN     string         `json:"en"`
	KO     string         `json:"ko"`
}

var catalogue = struct {
	sync.Mutex
	texts map[string]*Text
}{texts: map[string]*Text{}}

// Define adds a text to the catalogue. Packages define theirs in package variables, so
// a mistake shows when the program starts: Define panics when the key is taken, a
// language is empty or the languages name different parameters.
func Define(key, en, ko string) *Text {
	switch {
	case key == "" || en == "" || ko == "":
		panic(fmt.Sprintf("problem.Define(%q): the key and both languages must be given", key))
	case !slices.Equal(placeholders(en), placeholders(ko)):
		panic(fmt.Sprintf("problem.Define(%q): the languages name different parameters", key))
	}
	catalogue.Lock()
	defer catalogue.Unlock()
	if catalogue.texts[key] != nil {
		panic(fmt.Sprintf("problem.Define(%q): this key is taken", key))
	}
	t := &Text{key, en, ko}
	catalogue.texts[key] = t
	return t
}

// Catalogue yields every defined text, sorted by key: key, English, Korean template.
func Catalogue() iter.Seq2[string, [2]string] {
	return func(yield func(string, [2]string) bool) {
		catalogue.Lock()
		texts := slices.SortedFunc(maps.Values(catalogue.texts), func(a, b *Text) int { return cmp.Compare(a.key, b.key) })
		catalogue.Unlock()
		for _, t := range texts {
			if !yield(t.key, [2]string{t.en, t.ko}) {
				return
			}
		}
	}
}

// placeholders returns the parameter names of a template, sorted and without doubles.
func placeholders(template string) []string {
	var names []string
	for {
		_, rest, ok := strings.Cut(template, "{")
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			break
		}
		names = append(names, name)
		template = after
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// With fills the parameters in, given as name, value, name, value. A value that is a
// Message is shown in each language; a []string is joined with commas.
func (t *Text) With(pairs ...any) Message {
	m := Message{Key: t.key}
	en, ko := make([]string, 0, len(pairs)), make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), pairs[i+1]
		if m.Params == nil {
			m.Params = make(map[string]any, len(pairs)/2)
		}
		m.Params[name] = value
		inEN, inKO := paramTexts(value)
		en = append(en, "{"+name+"}", inEN)
		ko = append(ko, "{"+name+"}", inKO)
	}
	// A Replacer works in one pass, so a brace in a value is never taken for a parameter.
	m.EN = strings.NewReplacer(en...).Replace(t.en)
	m.KO = strings.NewReplacer(ko...).Replace(t.ko)
	return m
}

func paramTexts(value any) (en, ko string) {
	switch v := value.(type) {
	case Message:
		return v.EN, v.KO
	case string:
		return v, v
	case json.Number:
		return v.String(), v.String()
	case []string:
		s := strings.Join(v, ", ")
		return s, s
	}
	s := fmt.Sprint(value)
	return s, s
}

// In returns the text in a language.
func (m Message) In(lang Lang) string {
	if lang == English {
		return m.EN
	}
	return m.KO
}

// UnmarshalJSON reads a stored message. Numbers among the parameters keep their text.
func (m *Message) UnmarshalJSON(data []byte) error {
	type plain Message
	return decodeNumbers(data, (*plain)(m))
}

// decodeNumbers reads JSON and keeps the text of numbers.
func decodeNumbers(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	return dec.Decode(v)
}

// Error returns the English text.
func (m Message) Error() string { return m.EN }

// IsZero reports whether there is no message.
func (m Message) IsZero() bool { return m.Key == "" && m.EN == "" && m.KO == "" }

// MessageOf returns the message inside an error: the error itself, what it wraps, or
// the message of a Problem. An error without one is shown as it is in both languages.
func MessageOf(err error) Message {
	var m Message
	if errors.As(err, &m) {
		return m
	}
	var p *Problem
	if errors.As(err, &p) {
		return p.Message
	}
	return textAsIs.With("text", err.Error())
}
