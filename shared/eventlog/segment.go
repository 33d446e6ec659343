package eventlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"spiceharvester/shared/event"
)

// Digest is the SHA-256 of a segment's bytes.
type Digest [sha256.Size]byte

// String gives lower-case hex.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// segmentFormat is the version of the format below. A reader stops at another.
const segmentFormat = 1

// header is the first line of a segment.
type header struct {
	Format   int       `json:"format"`
	Log      string    `json:"log"`      // id of the log, as in log.json
	Chain    int       `json:"chain"`    //
	Number   uint64    `json:"number"`   // from 0
	Previous string    `json:"previous"` // digest of segment number-1, "" for the first
	Writer   string    `json:"writer"`   // the process and its attempt: makes each PUT's bytes unique
	Written  time.Time `json:"written"`  // the writer's clock; decides only how long ids are remembered
}

// Segment is one object of a chain: a header line, then one line per event.
// Zero events are fine: such a segment only proves that its writer was up to
// date.
type Segment struct {
	Log      string
	Chain    int
	Number   uint64
	Previous Digest // zero for number 0
	Writer   string
	Written  time.Time
	Events   []event.Event // each with its Position

	body   []byte
	digest Digest
}

// Digest is the digest of the encoded segment. It is set after Seal and Decode.
func (s *Segment) Digest() Digest { return s.digest }

// Bytes is the encoded segment. It is set after Seal and Decode.
func (s *Segment) Bytes() []byte { return s.body }

// begin writes the header.
func (s *Segment) begin() error {
	h := header{Format: segmentFormat, Log: s.Log, Chain: s.Chain, Number: s.Number, Writer: s.Writer, Written: s.Written.UTC()}
	if s.Number > 0 {
		h.Previous = s.Previous.String()
	}
	line, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("eventlog: segment header: %w", err)
	}
	s.body = append(line, '\n')
	return nil
}

// ErrTooLarge means that an event does not fit into a line of the log.
var ErrTooLarge = errors.New("eventlog: event is too large")

// add appends one event's line and sets the event's position. The first call
// writes the header.
func (s *Segment) add(e *event.Event) error {
	if s.body == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	e.Time = e.Time.UTC().Truncate(time.Microsecond) // what the index can hold
	if e.Lifecycle == event.Creates {
		e.Created = e.Time
	}
	start := len(s.body)
	body, err := event.AppendLine(s.body, e)
	if err != nil {
		return err
	}
	if len(body)-start > event.MaxSize {
		return fmt.Errorf("%w: %s takes %d bytes, the limit is %d; store its data with PutData", ErrTooLarge, e.ID, len(body)-start, event.MaxSize)
	}
	s.body = body
	e.Position = event.Position{Chain: s.Chain, Segment: s.Number, Offset: uint32(start), Length: uint32(len(body) - start)}
	s.Events = append(s.Events, *e)
	return nil
}

// seal ends the segment: its bytes and digest are final.
func (s *Segment) seal() error {
	if s.body == nil {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.digest = sha256.Sum256(s.body)
	return nil
}

// ErrDamaged means that the log does not fit together: a segment is missing,
// altered or of another log. Nothing is written until an operator has looked.
var ErrDamaged = errors.New("eventlog: the log is damaged or the bucket is not the one it was")

// decodeSegment reads a segment's bytes and checks that it is the one asked
// for. Whether it continues the chain is the caller's to check (see follows).
func decodeSegment(log string, chain int, number uint64, body []byte) (*Segment, error) {
	damaged := func(reason string) error {
		return fmt.Errorf("%w: chain %d, segment %d: %s", ErrDamaged, chain, number, reason)
	}
	end := bytes.IndexByte(body, '\n')
	if end < 0 || body[len(body)-1] != '\n' {
		return nil, damaged("cut off")
	}
	var h header
	if err := json.Unmarshal(body[:end], &h); err != nil {
		return nil, damaged("header: " + err.Error())
	}
	switch {
	case h.Format != segmentFormat:
		return nil, fmt.Errorf("%w (segment format %d)", event.ErrNewerSchema, h.Format)
	case h.Log != log:
		return nil, damaged(fmt.Sprintf("belongs to log %s, not %s", h.Log, log))
	case h.Chain != chain || h.Number != number:
		return nil, damaged(fmt.Sprintf("says that it is chain %d, segment %d", h.Chain, h.Number))
	}
	s := &Segment{Log: h.Log, Chain: chain, Number: number, Writer: h.Writer, Written: h.Written, body: body, digest: sha256.Sum256(body)}
	if number > 0 {
		digest, err := hex.DecodeString(h.Previous)
		if err != nil || len(digest) != len(s.Previous) {
			return nil, damaged("digest of the segment before is malformed")
		}
		copy(s.Previous[:], digest)
	}
	for start := end + 1; start < len(body); {
		length := bytes.IndexByte(body[start:], '\n') + 1
		e, err := event.ParseLine(body[start : start+length])
		if err != nil {
			return nil, fmt.Errorf("chain %d, segment %d, offset %d: %w", chain, number, start, err)
		}
		e.Position = event.Position{Chain: chain, Segment: number, Offset: uint32(start), Length: uint32(length)}
		s.Events = append(s.Events, e)
		start += length
	}
	return s, nil
}

// follows checks that the segment continues a chain at head.
func (s *Segment) follows(h Head) error {
	if s.Number != h.Next || s.Previous != h.Digest {
		return fmt.Errorf("%w: chain %d: segment %d names %s as the one before, the chain ends in segment %d with %s",
			ErrDamaged, s.Chain, s.Number, s.Previous, int64(h.Next)-1, h.Digest)
	}
	return nil
}
