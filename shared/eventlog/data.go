package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"spiceharvester/shared/event"
)

// inlineData is how much data stays inside an event, in bytes; the attributes
// need the rest of event.MaxSize.
const inlineData = event.MaxSize - 8<<10

// Outline moves an event's data into an object of its own if it is too large
// for an event.
func (l *Log) Outline(ctx context.Context, e *event.Event) error {
	if len(e.Data) <= inlineData {
		return nil
	}
	ref, err := l.PutData(ctx, e.Data)
	if err != nil {
		return err
	}
	e.Data, e.DataRef = nil, ref
	return nil
}

// PutData stores data that is too large for an event, under its digest, before
// the event that refers to it is appended. Storing it again is free.
func (l *Log) PutData(ctx context.Context, data []byte) (event.Ref, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	ref := event.Ref{Key: dataKey(digest), Size: int64(len(data)), SHA256: digest}
	if err := l.objects.Create(ctx, ref.Key, data); err != nil && !errors.Is(err, ErrExists) {
		return event.Ref{}, fmt.Errorf("%w: PUT %s: %w", ErrUnknown, ref.Key, err)
	}
	return ref, nil
}

// EventData reads one event by its position, and its data.
func (l *Log) EventData(ctx context.Context, at event.Position) (event.Event, []byte, error) {
	e, err := l.Event(ctx, at)
	if err != nil {
		return event.Event{}, nil, err
	}
	data, err := l.Data(ctx, &e)
	return e, data, err
}

// Data gives an event's data, from the event or from the object it refers to.
func (l *Log) Data(ctx context.Context, e *event.Event) ([]byte, error) {
	if e.DataRef.Key == "" {
		return e.Data, nil
	}
	data, err := l.objects.Get(ctx, e.DataRef.Key)
	if err != nil {
		return nil, fmt.Errorf("eventlog: GET %s: %w", e.DataRef.Key, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != e.DataRef.SHA256 {
		return nil, fmt.Errorf("%w: %s does not have its digest", ErrDamaged, e.DataRef.Key)
	}
	return data, nil
}
