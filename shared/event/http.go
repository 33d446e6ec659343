package event

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	ce "github.com/cloudevents/sdk-go/v2/event"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// NewHTTPRequest makes a POST with one event in the CloudEvents binary mode.
// Attribute values are percent-encoded as the HTTP binding demands, which the
// SDK leaves to its caller.
func NewHTTPRequest(ctx context.Context, target string, e *Event) (*http.Request, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(e.Data))
	if err != nil {
		return nil, fmt.Errorf("event: request to %s: %w", target, err)
	}
	req.Header.Set("Ce-Specversion", ce.CloudEventsVersionV1)
	if len(e.Data) > 0 {
		req.Header.Set("Content-Type", ce.ApplicationJSON)
	}
	for _, a := range append(e.attributes(), e.transport()...) {
		req.Header.Set("Ce-"+a.name, headerEscape(a.value))
	}
	return req, nil
}

// NewHTTPBatchRequest makes a POST with several events in the batched content
// mode (application/cloudevents-batch+json).
func NewHTTPBatchRequest(ctx context.Context, target string, events []Event) (*http.Request, error) {
	body := []byte{'['}
	for i := range events {
		if i > 0 {
			body = append(body, ',')
		}
		line, err := AppendLine(nil, &events[i])
		if err != nil {
			return nil, err
		}
		// The transport's attributes go first: data must stay the last member for
		// scanLine to read the line.
		body = append(body, '{')
		for _, a := range events[i].transport() {
			body = append(body, `"`+a.name+`":`...)
			body = append(appendString(body, a.value), ',')
		}
		body = append(body, bytes.TrimSuffix(line[1:], []byte("\n"))...)
	}
	body = append(body, ']')
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("event: request to %s: %w", target, err)
	}
	req.Header.Set("Content-Type", ce.ApplicationCloudEventsBatchJSON)
	return req, nil
}

// ReadHTTP reads the events of a request: one in binary or structured mode, or
// a batch. The body is read whole; the caller limits it (http.MaxBytesReader).
func ReadHTTP(req *http.Request) ([]Event, error) {
	if cehttp.IsHTTPBatch(req.Header) {
		return readBatch(req.Body)
	}
	received, err := cehttp.NewEventFromHTTPRequest(req)
	if err != nil {
		return nil, fmt.Errorf("event: request is no CloudEvent: %w", err)
	}
	var e Event
	binary := req.Header.Get("Ce-Specversion") != ""
	text := func(s string) string {
		if !binary {
			return s
		}
		return headerUnescape(s)
	}
	attrs := []attribute{{"id", received.ID()}, {"source", received.Source()}, {"type", received.Type()}, {"subject", received.Subject()}}
	for name, value := range received.Extensions() {
		s, ok := value.(string)
		if !ok {
			s = fmt.Sprint(value)
		}
		attrs = append(attrs, attribute{name, s})
	}
	for _, a := range attrs {
		if err := e.set(a.name, text(a.value)); err != nil {
			return nil, err
		}
	}
	e.Time = received.Time().UTC()
	if data := received.Data(); len(data) > 0 {
		e.Data = data
	}
	if err := e.decoded(); err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

func readBatch(body io.Reader) ([]Event, error) {
	var lines []json.RawMessage
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(&lines); err != nil {
		return nil, fmt.Errorf("event: batch is no JSON array: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("event: batch is followed by more data")
	}
	events := make([]Event, len(lines))
	for i, line := range lines {
		var err error
		if events[i], err = ParseLine(line); err != nil {
			return nil, fmt.Errorf("batch item %d: %w", i, err)
		}
	}
	return events, nil
}

// headerEscape percent-encodes what the CloudEvents HTTP binding (1.0.2,
// section 3.1.3.2) keeps out of header values: space, double quote, percent and
// everything outside printable ASCII.
func headerEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// headerUnescape undoes headerEscape. A value with a stray percent comes from a
// producer that does not encode; it is taken as it is.
func headerUnescape(s string) string {
	if decoded, err := url.PathUnescape(s); err == nil {
		return decoded
	}
	return s
}
