package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// AppendLine appends the event as one line of a log segment: a CloudEvent in
// the JSON event format, compact, with a final newline. Extension attributes
// are JSON strings. It fails on an invalid event and on data that is no JSON.
func AppendLine(buf []byte, e *Event) ([]byte, error) {
	if err := e.Validate(); err != nil {
		return buf, err
	}
	start := len(buf)
	buf = append(buf, `{"specversion":"1.0"`...)
	for _, a := range e.attributes() {
		buf = append(buf, ',', '"')
		buf = append(buf, a.name...)
		buf = append(buf, '"', ':')
		buf = appendString(buf, a.value)
	}
	if len(e.Data) > 0 {
		var compact bytes.Buffer
		if err := json.Compact(&compact, e.Data); err != nil {
			return buf[:start], fmt.Errorf("event: data of %s: %w", e.ID, err)
		}
		buf = append(buf, `,"datacontenttype":"application/json","data":`...)
		buf = append(buf, compact.Bytes()...)
	}
	buf = append(buf, '}', '\n')
	return buf, nil
}

// appendString appends s, which is valid UTF-8 without control characters (see
// Validate), as a JSON string.
func appendString(buf []byte, s string) []byte {
	buf = append(buf, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			buf = append(buf, '\\')
		}
		buf = append(buf, s[i])
	}
	return append(buf, '"')
}

// ParseLine reads a line that AppendLine wrote. It returns ErrNewerSchema for
// an event of a later release. The event's Data does not alias line.
func ParseLine(line []byte) (Event, error) {
	var e Event
	if !e.scanLine(line) {
		e = Event{}
		if err := e.parseObject(line); err != nil {
			return Event{}, err
		}
	}
	return e, e.decoded()
}

// scanLine reads a line in the form that AppendLine writes: a flat object of
// string attributes, then at most "data" as the last member. It reports false
// for any other JSON, which parseObject reads, six times as slowly.
func (e *Event) scanLine(line []byte) bool {
	rest := bytes.TrimSuffix(line, []byte("\n"))
	if len(rest) < 2 || rest[0] != '{' || rest[len(rest)-1] != '}' {
		return false
	}
	rest = rest[1 : len(rest)-1]
	seen := 0
	for len(rest) > 0 {
		name, after, ok := scanString(rest)
		if !ok || len(after) == 0 || after[0] != ':' {
			return false
		}
		rest = after[1:]
		if name == "data" {
			if !json.Valid(rest) {
				return false
			}
			e.Data = bytes.Clone(rest)
			return seen > 0
		}
		value, after, ok := scanString(rest)
		if !ok || e.set(name, value) != nil {
			return false
		}
		if seen++; len(after) == 0 {
			return true
		}
		if after[0] != ',' || len(after) == 1 {
			return false
		}
		rest = after[1:]
	}
	return false
}

// scanString reads a JSON string whose only escapes are of quotes and
// backslashes, as appendString writes it.
func scanString(b []byte) (s string, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return "", nil, false
	}
	escaped := false
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			text := b[1:i]
			if escaped {
				text = unescape(text)
			}
			return string(text), b[i+1:], true
		case c == '\\':
			if i+1 == len(b) || b[i+1] != '"' && b[i+1] != '\\' {
				return "", nil, false
			}
			escaped = true
			i++
		case c < ' ':
			return "", nil, false
		}
	}
	return "", nil, false
}

// unescape takes the backslashes off that appendString put on.
func unescape(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		}
		out = append(out, text[i])
	}
	return out
}

func (e *Event) parseObject(line []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return fmt.Errorf("event: line is no JSON object: %w", err)
	}
	if fields == nil {
		return errors.New("event: line is no JSON object")
	}
	for name, raw := range fields {
		if name == "data" {
			e.Data = raw
			continue
		}
		var value string
		if err := json.Unmarshal(raw, &value); err != nil {
			return fmt.Errorf("event: attribute %s is no string", name)
		}
		if err := e.set(name, value); err != nil {
			return err
		}
	}
	return nil
}
