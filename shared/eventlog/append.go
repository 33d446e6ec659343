package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"spiceharvester/shared/batch"
	"spiceharvester/shared/event"
	"spiceharvester/shared/telemetry"
)

// Limits of one segment. A batch that reaches one is committed.
const (
	maxSegmentEvents = 1000
	maxSegmentBytes  = 8 << 20
)

// commitTimeout bounds one batch, so that a hung store does not hold the
// chain's queue for ever. It is not the caller's context: the batch has many.
const commitTimeout = 30 * time.Second

// Config holds what a Log needs. Objects, Index, Writer and NewID are required.
type Config struct {
	Objects Objects
	Index   Index
	// Writer names this process; it must differ from every other process,
	// earlier ones included.
	Writer string
	// NewID makes a random id, for a log that does not exist yet.
	NewID func() string
	// Chains is the number of chains the log must have; 0 accepts any.
	Chains int
	Now    func() time.Time                           // default time.Now
	Sleep  func(context.Context, time.Duration) error // default waits on a timer
	Logger *slog.Logger                               // default slog.Default
	// Appended is told of each chain that got events; it must not block.
	Appended func(chain int) // optional
}

// Log is one process's access to the log. It is safe for concurrent use.
type Log struct {
	objects Objects
	index   Index
	writer  string
	newID   func() string
	want    int
	now     func() time.Time
	sleep   func(context.Context, time.Duration) error
	logger  *slog.Logger
	told    func(chain int)

	mu     sync.Mutex
	meta   Meta // zero until first use
	chains []*chain
	groups []*batch.Group[*Entry, Result]
	looks  []*batch.Group[[]event.Aggregate, View]
	closed bool
	recent recent
}

// New makes a Log. It does no I/O: the first use opens or creates log.json.
func New(c Config) *Log {
	l := &Log{objects: c.Objects, index: c.Index, writer: c.Writer, newID: c.NewID, want: c.Chains, now: c.Now, sleep: c.Sleep, logger: c.Logger, told: c.Appended}
	if l.now == nil {
		l.now = time.Now
	}
	if l.sleep == nil {
		l.sleep = sleep
	}
	if l.told == nil {
		l.told = func(int) {}
	}
	if l.logger == nil {
		l.logger = slog.Default()
	}
	return l
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ErrClosed is returned by appends after Close.
var ErrClosed = errors.New("eventlog: closed")

// Meta opens the log if need be and tells its id and number of chains.
func (l *Log) Meta(ctx context.Context) (Meta, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.meta.ID != "" {
		return l.meta, nil
	}
	if l.closed {
		return Meta{}, ErrClosed
	}
	meta, err := openMeta(ctx, l.objects, l.newID(), l.want)
	if err != nil {
		return Meta{}, err
	}
	if err := l.index.Bind(ctx, meta); err != nil {
		return Meta{}, fmt.Errorf("eventlog: bind index: %w", err)
	}
	l.meta = meta
	for number := range meta.Chains {
		c := &chain{log: l, number: number, meta: meta}
		l.chains = append(l.chains, c)
		l.groups = append(l.groups, batch.New(batch.Config[*Entry]{
			MaxItems: maxSegmentEvents,
			MaxSize:  maxSegmentBytes,
			Size:     func(en *Entry) int { return len(en.Event.Data) + 1024 },
		}, func(calls []*batch.Call[*Entry, Result]) {
			ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
			defer cancel()
			entries := make([]*Entry, len(calls))
			for i, call := range calls {
				entries[i] = call.Item
			}
			begin := time.Now()
			ctx, span := committing(ctx, number, entries)
			c.commit(ctx, entries, func(i int, r Result, err error) { calls[i].Answer(r, err) })
			span.End()
			telemetry.CommitDuration.WithLabelValues(strconv.Itoa(number)).Observe(time.Since(begin).Seconds())
		}))
		l.looks = append(l.looks, batch.New(batch.Config[[]event.Aggregate]{MaxItems: maxLooks}, func(calls []*batch.Call[[]event.Aggregate, View]) {
			l.look(number, calls)
		}))
	}
	return meta, nil
}

// Outcome is what Append says of one entry.
type Outcome struct {
	Result
	Err error
}

// Append appends one entry. Its error is nil, a *Refusal (final: not stored,
// and this append will not store it), ErrTooLarge or another defect of the
// event itself, ErrDamaged (an operator must look), or one that wraps
// ErrUnknown: then, and when ctx ends first, the caller repeats with the same
// event id.
func (l *Log) Append(ctx context.Context, en Entry) (Result, error) {
	o := l.AppendAll(ctx, []Entry{en})[0]
	return o.Result, o.Err
}

// AppendAll appends entries, those of one database in their order. Each gets
// its own answer; they are not one transaction.
func (l *Log) AppendAll(ctx context.Context, entries []Entry) []Outcome {
	watch := watched(ctx, entries)
	outcomes := l.appendAll(ctx, watch.entries)
	watch.end(outcomes)
	return outcomes
}

func (l *Log) appendAll(ctx context.Context, entries []Entry) []Outcome {
	outcomes := make([]Outcome, len(entries))
	meta, err := l.Meta(ctx)
	if err != nil {
		for i := range outcomes {
			outcomes[i].Err = fmt.Errorf("%w: %w", ErrUnknown, err)
			if errors.Is(err, ErrDamaged) || errors.Is(err, ErrOtherLog) {
				outcomes[i].Err = err
			}
		}
		return outcomes
	}
	byChain := map[int][]int{}
	for i := range entries {
		c := meta.ChainOf(entries[i].Event.Database)
		byChain[c] = append(byChain[c], i)
	}
	waits := make(map[int]*batch.Pending[*Entry, Result], len(byChain))
	for c, list := range byChain {
		items := make([]*Entry, len(list))
		for k, i := range list {
			items[k] = &entries[i]
		}
		waits[c] = l.groups[c].Submit(items)
	}
	for c, list := range byChain {
		for k, r := range waits[c].Wait(ctx) {
			err := r.Err
			if errors.Is(err, batch.ErrNotAnswered) || errors.Is(err, batch.ErrClosed) || err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
				err = fmt.Errorf("%w: %w", ErrUnknown, err)
			}
			outcomes[list[k]] = Outcome{Result: r.Value, Err: err}
		}
	}
	return outcomes
}

// ChainOf opens the log if need be and gives the chain of a database.
func (l *Log) ChainOf(ctx context.Context, database string) (int, error) {
	meta, err := l.Meta(ctx)
	if err != nil {
		return 0, err
	}
	return meta.ChainOf(database), nil
}

// Close waits for the batches in flight. Appends after it fail.
func (l *Log) Close() {
	l.mu.Lock()
	groups, looks := l.groups, l.looks
	l.closed = true
	l.mu.Unlock()
	for i := range groups {
		groups[i].Close()
		looks[i].Close()
	}
}
