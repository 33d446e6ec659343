package consume

import (
	"context"
	"net/http"
	"time"

	"spiceharvester/shared/event"
)

// Registry keeps what consumers know. Losing it loses no fact: everything is
// then delivered again, and the sinks refuse what is old.
type Registry interface {
	// Load reads the marks of aggregates for a handler. Aggregates without one
	// are absent.
	Load(ctx context.Context, handler string, aggregates []event.Aggregate) (map[event.Aggregate]Mark, error)
	// Save stores what was done, in one transaction. Watermarks only move
	// forward.
	Save(ctx context.Context, handler string, now time.Time, done []Progress) error
	// RecordRaw keeps the bytes of a delivery that nobody can handle.
	RecordRaw(ctx context.Context, l DeadLetter) error
	// Due lists parked aggregates whose next try has come, oldest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Parked, error)
	// Parked lists all parked aggregates, dead ones too.
	Parked(ctx context.Context, limit int) ([]Parked, error)
}

// Mark is where a handler stands with an aggregate.
type Mark struct {
	Sequence uint64  // of the last fact applied
	Parked   *Parked // nil if the handler may go on
}

// Parked is an aggregate that waits for another try, or for an operator.
type Parked struct {
	Handler   string
	Aggregate event.Aggregate
	Database  string
	Next      uint64 // sequence of the fact to go on with; 0 for commands
	Attempts  int
	NextTry   time.Time
	Dead      bool // refused for good
	Reason    string
	Position  event.Position // of the event to deliver again
	Since     time.Time
}

// Progress is what a handler did with one aggregate.
type Progress struct {
	Aggregate event.Aggregate
	Sequence  uint64  // new watermark; 0 leaves it alone (commands)
	Park      *Parked // nil removes the aggregate from the parked ones
	Events    []ProcessedEvent
}

// ProcessedEvent is a row of processed_events, which tests and tools read.
type ProcessedEvent struct {
	ID       event.ID
	Sequence uint64
	Status   string // StatusDone, StatusFailed or StatusStale
	Attempts int
	Error    string
}

// The statuses of processed events.
const (
	StatusDone   = "done"
	StatusFailed = "failed"
	StatusStale  = "skipped_stale"
)

// DeadLetter is a delivery as it came.
type DeadLetter struct {
	Handler  string
	Received time.Time
	Reason   string
	Headers  http.Header
	Body     []byte
}
