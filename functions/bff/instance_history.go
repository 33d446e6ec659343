package bff

import (
	"encoding/base64"
	"errors"
	"time"

	"spiceharvester/shared/core"
	"spiceharvester/shared/event"
	"spiceharvester/shared/history"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textAsOfOne    = problem.Define("read.as_of_one", "Only one of as_of, as_of_sequence and as_of_position can be given, and none of them with min_sequence.", "as_of, as_of_sequence, as_of_position 중 하나만 지정할 수 있으며 min_sequence와 함께 쓸 수 없습니다.")
	textAsOf       = problem.Define("read.as_of", "as_of must be a time such as 2026-01-31T09:00:00Z; in a URL the '+' of an offset is written %2B.", "as_of는 2026-01-31T09:00:00Z 형식의 시각이어야 합니다. URL에서 오프셋의 '+'는 %2B로 씁니다.")
	textAsOfAt     = problem.Define("read.as_of_position", "as_of_position must be a position that this database's log has answered.", "as_of_position은 이 데이터베이스의 로그가 응답한 위치여야 합니다.")
	textHistoryEnd = problem.Define("read.history_cursor", "The cursor is none that the history of this instance has answered.", "커서는 이 인스턴스의 이력 응답에서 받은 값이어야 합니다.")
)

// moment reads which earlier state a client asks for; past is false for the present.
func (f *Function) moment(r *httpapi.Request, database string) (m history.Moment, past bool, err error) {
	query := r.URL.Query()
	given := 0
	for _, name := range []string{"as_of", "as_of_sequence", "as_of_position", "min_sequence"} {
		if query.Has(name) {
			given++
		}
	}
	if given == 0 || given == 1 && query.Has("min_sequence") {
		return m, false, nil
	}
	if given > 1 {
		return m, false, problem.InvalidParameter([]any{"query", "as_of"}, textAsOfOne.With(), nil)
	}
	switch {
	case query.Has("as_of_sequence"):
		text := query.Get("as_of_sequence")
		if m.Sequence, err = core.ParseSequence(text); err != nil {
			return m, false, problem.InvalidParameter([]any{"query", "as_of_sequence"}, err, text)
		}
	case query.Has("as_of_position"):
		text := query.Get("as_of_position")
		if m.Position, err = event.ParsePosition(text); err != nil || m.Position.IsZero() {
			return m, false, problem.InvalidParameter([]any{"query", "as_of_position"}, textAsOfAt.With(), text)
		}
		chain, err := f.core.Log.ChainOf(r.Context(), database)
		if err != nil {
			return m, false, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		if chain != m.Position.Chain {
			return m, false, problem.InvalidParameter([]any{"query", "as_of_position"}, textAsOfAt.With(), text)
		}
	default:
		text := query.Get("as_of")
		if m.Time, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return m, false, problem.InvalidParameter([]any{"query", "as_of"}, textAsOf.With(), text)
		}
	}
	return m, true, nil
}

// historyEntry is one fact in the history of an instance.
type historyEntry struct {
	Sequence  uint64          `json:"sequence"`
	Position  string          `json:"position"`
	EventID   event.ID        `json:"event_id"`
	EventType string          `json:"event_type"`
	Time      string          `json:"recorded_at"`
	Actor     string          `json:"actor"`
	CommandID event.ID        `json:"command_id"`
	Deleted   bool            `json:"deleted"`
	Changes   []history.Field `json:"changes"`
	Restored  *uint64         `json:"restored_from_sequence"`
	Origin    *historyOrigin  `json:"origin"`
}

// historyOrigin is the row of a file that a fact was made of.
type historyOrigin struct {
	URI         string `json:"uri"`
	Source      string `json:"source"`
	Row         int64  `json:"row"`
	Line        int64  `json:"line"`
	Correlation string `json:"objectify_job_id"`
}

// historyPage is one page of a history.
type historyPage struct {
	ClassID    string         `json:"class_id"`
	InstanceID string         `json:"instance_id"`
	Entries    []historyEntry `json:"entries"`
	Limit      int            `json:"limit"`
	Next       *string        `json:"next_cursor"`
}

// instanceHistory answers the facts of an instance, newest first, also of a deleted
// one.
func (f *Function) instanceHistory(r *httpapi.Request) (*httpapi.Response, error) {
	ref, err := f.instance(r)
	if err != nil {
		return nil, err
	}
	limit := int(r.Int("limit", 50, 1, 500))
	if err := r.Check(); err != nil {
		return nil, err
	}
	var from event.Position
	cursor := r.Query("cursor", "")
	badCursor := problem.InvalidParameter([]any{"query", "cursor"}, textHistoryEnd.With(), nil)
	if cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return nil, badCursor
		}
		if from, err = event.ParsePosition(string(text)); err != nil || from.IsZero() {
			return nil, badCursor
		}
	}
	list, next, err := (&history.Reader{Log: f.core.Log}).Page(r.Context(), ref, from, limit)
	if errors.Is(err, history.ErrNotHere) {
		return nil, badCursor
	}
	if err != nil {
		return nil, err
	}
	page := historyPage{ClassID: ref.Class, InstanceID: ref.ID, Entries: make([]historyEntry, len(list)), Limit: limit}
	for i, c := range list {
		page.Entries[i] = entryOf(&c)
	}
	if !next.IsZero() {
		text := base64.RawURLEncoding.EncodeToString([]byte(next.String()))
		page.Next = &text
	}
	return httpapi.OK(map[string]any{"status": "success", "data": page}), nil
}

func entryOf(c *history.Change) historyEntry {
	e := &c.Event
	entry := historyEntry{
		Sequence: e.Sequence, Position: e.Position.String(), EventID: e.ID, EventType: e.Type, Time: problem.Timestamp(e.Time),
		Actor: e.Actor, CommandID: e.Command, Deleted: c.Deleted(), Changes: c.Fields,
	}
	if n := c.Fact.Restored; n > 0 {
		entry.Restored = &n
	}
	if e.Origin != "" {
		entry.Origin = &historyOrigin{URI: e.Origin, Correlation: e.Correlation}
		if source, row, line, err := writes.ParseOrigin(e.Origin); err == nil {
			entry.Origin.Source, entry.Origin.Row, entry.Origin.Line = source, row, line
		}
	}
	return entry
}
