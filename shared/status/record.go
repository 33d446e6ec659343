// Package status carries the state of commands to whoever waits for it, by Redis.
//
// The log alone says what became of a command. What stands here is a copy that may be
// late, incomplete or lost: it makes waiting short, and nothing depends on it.
//
//	record.go  a state and its rank
//	redis.go   the board: states by command, and their announcement
//	scribe.go  turns events of the log into states
//	writer.go  writes states beside the real work, never in its way
//	tasks.go   tells that background tasks changed; how stands in the database
package status

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
)

// Record is the state of a command and whose it is.
type Record struct {
	command.Status
	User string // the actor of the command
}

// Board keeps the newest state of commands. A state that does not rank above the one
// that is known (command.Status.Order) is ignored: states come late, twice and out of
// order, a terminal one never changes.
type Board interface {
	// Put writes states and announces those that are news; which, in their order.
	Put(ctx context.Context, records []Record) (news []bool, err error)
	// Get reads a state. ok is false if none is known, or it was too large to keep.
	Get(ctx context.Context, id event.ID) (r Record, ok bool, err error)
	// Listen hands over what is announced from now on, until ctx ends or nothing can
	// be heard any more. ready is called once, when nothing will be missed.
	Listen(ctx context.Context, ready func(), hear func(Record)) error
}

// stored is a record as JSON.
type stored struct {
	Log     string           `json:"log"` // ids of commands are unique within a log
	User    string           `json:"user_id,omitempty"`
	Status  command.Status   `json:"status"`
	Problem *problem.Problem `json:"problem,omitempty"`
}

// maxRecord bounds a state, in bytes: what is larger is read from the log.
const maxRecord = 64 << 10

func encode(log string, r *Record) ([]byte, error) {
	raw, err := json.Marshal(stored{log, r.User, r.Status, r.Problem})
	if err != nil {
		return nil, fmt.Errorf("status: %s: %w", r.CommandID, err)
	}
	return raw, nil
}

// decode reads a record. Numbers keep their text.
func decode(raw []byte) (log string, r Record, err error) {
	var s stored
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&s); err != nil {
		return "", Record{}, fmt.Errorf("status: %w", err)
	}
	r = Record{s.Status, s.User}
	r.Problem = s.Problem
	return s.Log, r, nil
}
