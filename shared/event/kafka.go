package event

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// ToRecord gives the event as a Kafka record in the CloudEvents binary mode:
// attributes are headers "ce_<name>", the value is the data, the key is the
// aggregate id. The record's own timestamp is left to the client: a broker may
// refuse business times that lie far from its clock.
func ToRecord(topic string, e *Event) *kgo.Record {
	attrs := e.attributes()
	headers := make([]kgo.RecordHeader, 0, len(attrs)+4)
	headers = append(headers, kgo.RecordHeader{Key: "ce_specversion", Value: []byte("1.0")})
	if len(e.Data) > 0 {
		headers = append(headers, kgo.RecordHeader{Key: "content-type", Value: []byte("application/json")})
	}
	for _, a := range append(attrs, e.transport()...) {
		headers = append(headers, kgo.RecordHeader{Key: "ce_" + a.name, Value: []byte(a.value)})
	}
	return &kgo.Record{Topic: topic, Key: []byte(e.Aggregate.ID), Value: e.Data, Headers: headers}
}

// transport lists the attributes that only deliveries carry.
func (e *Event) transport() []attribute {
	list := []attribute{{"partitionkey", e.Aggregate.ID}}
	if !e.Position.IsZero() {
		list = append(list, attribute{"position", e.Position.String()})
	}
	return list
}

// FromRecord reads a record that ToRecord made.
func FromRecord(r *kgo.Record) (Event, error) {
	var e Event
	for _, h := range r.Headers {
		name, ok := strings.CutPrefix(h.Key, "ce_")
		if !ok {
			continue
		}
		if err := e.set(name, string(h.Value)); err != nil {
			return Event{}, fmt.Errorf("record %s/%d@%d: %w", r.Topic, r.Partition, r.Offset, err)
		}
	}
	if len(r.Value) > 0 {
		e.Data = r.Value
	}
	if err := e.decoded(); err != nil {
		return Event{}, fmt.Errorf("record %s/%d@%d: %w", r.Topic, r.Partition, r.Offset, err)
	}
	return e, nil
}
