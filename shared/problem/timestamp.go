package problem

import "time"

// Timestamp is the contract's form of a time in answers: ISO 8601 in UTC,
// microseconds, with the offset "+00:00" and never Z.
func Timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999+00:00") }

// OptionalTimestamp is Timestamp of a time that may be absent.
func OptionalTimestamp(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := Timestamp(*t)
	return &text
}
