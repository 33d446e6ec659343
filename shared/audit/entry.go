package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// Whether something went as it was wished.
const (
	Success = "success"
	Failure = "failure"
)

// Entry is one line of the trail.
type Entry struct {
	ID           string
	Partition    string
	Ordinal      int64 // within the partition, from 1
	Time         time.Time
	Actor        string
	Action       string // the event's type
	Status       string
	ResourceType string
	ResourceID   string
	EventID      string
	CommandID    *string
	TraceID      *string
	Correlation  *string
	Metadata     json.RawMessage // canonical
	Error        *string
	Previous     string // hash of the entry before, "" for the first
	Hash         string
}

// MarshalJSON writes an entry as clients read it.
func (e Entry) MarshalJSON() ([]byte, error) {
	body := e.content()
	body["ordinal"], body["prev_hash"], body["entry_hash"] = e.Ordinal, e.Previous, e.Hash
	return json.Marshal(body)
}

// content is what the hash covers (bff-api 2.12).
func (e *Entry) content() map[string]any {
	return map[string]any{
		"audit_id": e.ID, "partition_key": e.Partition, "occurred_at": problem.Timestamp(e.Time), "actor": e.Actor, "action": e.Action, "status": e.Status,
		"resource_type": e.ResourceType, "resource_id": e.ResourceID, "event_id": e.EventID, "command_id": e.CommandID, "trace_id": e.TraceID,
		"correlation_id": e.Correlation, "metadata": e.Metadata, "error": e.Error,
	}
}

// chain gives the entry its place behind another hash.
func (e *Entry) chain(previous string, ordinal int64) error {
	hash, err := e.hash(previous)
	if err != nil {
		return err
	}
	e.Previous, e.Ordinal, e.Hash = previous, ordinal, hash
	return nil
}

// hash is the SHA-256 of the previous hash, a line feed and the entry as canonical
// JSON: keys sorted, no blanks, nothing escaped that JSON lets stand but U+2028 and
// U+2029.
func (e *Entry) hash(previous string) (string, error) {
	var body bytes.Buffer
	body.WriteString(previous + "\n")
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.content()); err != nil {
		return "", fmt.Errorf("audit: entry %s: %w", e.ID, err)
	}
	sum := sha256.Sum256(bytes.TrimSuffix(body.Bytes(), []byte("\n")))
	return hex.EncodeToString(sum[:]), nil
}

// Wanted reports whether an event has an entry.
func Wanted(e *event.Event) bool {
	return e.Kind == event.Command || e.Ends() || e.Command == ""
}

// NeedsData reports whether an entry tells something out of the event's data, even
// if that stands outside the event: why a command failed, what a bulk command came
// to, what a dataset is. Of commands only what stands in the event is told.
func NeedsData(e *event.Event) bool {
	return e.Ends() && !e.IsFact() || e.Command == "" && e.Kind == event.Domain
}

// Of makes the entry of an event; its place in the chain comes later. Without data
// the entry tells less.
func Of(e *event.Event, data []byte) (Entry, error) {
	a := Entry{
		ID:        uuid.NewSHA1(uuid.NameSpaceURL, []byte("spice:audit:"+e.Position.String())).String(),
		Partition: partition(e), Time: e.Time, Actor: e.Actor, Action: e.Type, Status: Success,
		ResourceType: string(e.Aggregate.Type), ResourceID: e.Aggregate.ID, EventID: string(e.ID), Correlation: optional(e.Correlation),
	}
	if a.Actor == "" {
		a.Actor = "system"
	}
	a.CommandID = optional(string(e.Command))
	if e.Kind == event.Command {
		a.CommandID = &a.EventID
	}
	if parts := strings.Split(e.TraceParent, "-"); len(parts) == 4 {
		a.TraceID = &parts[1]
	}
	metadata := map[string]any{"kind": string(e.Kind), "position": e.Position.String()}
	for name, value := range map[string]string{"branch": e.Branch, "lifecycle": string(e.Lifecycle), "outcome": string(e.Outcome), "expect": string(e.Expect)} {
		if value != "" {
			metadata[name] = value
		}
	}
	if e.Sequence > 0 {
		metadata["sequence"] = e.Sequence
	}
	var d details
	if len(data) > 0 && json.Unmarshal(data, &d) == nil { // what does not read tells nothing
		d.add(metadata)
	}
	if e.Outcome == event.Failed || d.Job.Status == "FAILED" {
		a.Status, a.Error = Failure, optional(d.reason())
	}
	var err error
	if a.Metadata, err = canonical(metadata); err != nil {
		return a, fmt.Errorf("audit: event %s: %w", e.ID, err)
	}
	return a, nil
}

// canonical is the one form of an object.
func canonical(metadata map[string]any) (json.RawMessage, error) {
	body, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	v, err := strictjson.Decode(body)
	if err != nil {
		return nil, err
	}
	return strictjson.Canonical(v), nil
}

// partition names the chain of an entry: one a database.
func partition(e *event.Event) string {
	if e.Database != "" {
		return "db:" + e.Database
	}
	return "agg:" + string(e.Aggregate.Type) + ":" + e.Aggregate.ID
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// details are what entries tell out of an event's data.
type details struct {
	Payload struct {
		Reason string `json:"change_reason"`
	} `json:"payload"`
	Error   string           `json:"error"`
	Problem *problem.Problem `json:"problem"`
	Result  *struct {
		Created   *int64 `json:"created"`
		Updated   *int64 `json:"updated"`
		Unchanged *int64 `json:"unchanged"`
		Refused   *int64 `json:"refused"`
		Total     *int64 `json:"total"`
	} `json:"result"`
	Job struct {
		Version string `json:"dataset_version_id"`
		Spec    string `json:"mapping_spec_id"`
		Status  string `json:"status"`
		Attempt int64  `json:"attempt"`
		Error   string `json:"error"`
		Counts  *struct {
			Created   int64 `json:"created"`
			Updated   int64 `json:"updated"`
			Unchanged int64 `json:"unchanged"`
			Refused   int64 `json:"refused"`
		} `json:"counts"`
	} `json:"job"`
	Name     string `json:"name"`
	Dataset  string `json:"dataset_id"`
	Commit   string `json:"lakefs_commit_id"`
	Artifact string `json:"artifact_key"`
	Rows     *int64 `json:"row_count"`
	Class    string `json:"target_class_id"`
}

// maxText bounds a text of an entry, in bytes.
const maxText = 2000

func clean(text string) string {
	if len(text) > maxText {
		text = text[:maxText]
	}
	return datasets.Storable(text)
}

func (d *details) add(metadata map[string]any) {
	for name, text := range map[string]string{
		"change_reason": d.Payload.Reason, "name": d.Name, "dataset_id": d.Dataset, "lakefs_commit_id": d.Commit, "artifact_key": d.Artifact,
		"target_class_id": d.Class, "dataset_version_id": d.Job.Version, "mapping_spec_id": d.Job.Spec, "job_status": d.Job.Status,
	} {
		if text != "" {
			metadata[name] = clean(text)
		}
	}
	number := func(name string, n *int64) {
		if n != nil {
			metadata[name] = *n
		}
	}
	number("row_count", d.Rows)
	if r := d.Result; r != nil {
		number("created", r.Created)
		number("updated", r.Updated)
		number("unchanged", r.Unchanged)
		number("refused", r.Refused)
		number("total", r.Total)
	}
	if c := d.Job.Counts; c != nil {
		number("attempt", &d.Job.Attempt)
		number("created", &c.Created)
		number("updated", &c.Updated)
		number("unchanged", &c.Unchanged)
		number("refused", &c.Refused)
	}
}

// reason is why something failed, in English.
func (d *details) reason() string {
	for _, text := range []string{d.Error, d.Job.Error} {
		if text != "" {
			return clean(text)
		}
	}
	if d.Problem != nil {
		return clean(d.Problem.Message.EN)
	}
	return ""
}
