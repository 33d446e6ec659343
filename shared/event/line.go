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
	if err := e.parseObject(line); err != nil {
		return Event{}, err
	}
	return e, e.decoded()
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
