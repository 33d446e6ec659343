package consume

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"spiceharvester/shared/batch"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/telemetry"
)

// Work is what one call of an effect does with one aggregate: facts without a
// gap, in order, the first being the one after the handler's watermark.
type Work struct {
	Aggregate event.Aggregate
	Facts     []event.Event
}

// Effect writes facts into a sink. It returns one error per work item, nil for
// done; the sink itself must refuse what is older than it has. Errors marked
// Permanent are refusals, all others are tried again.
type Effect func(ctx context.Context, work []Work) []error

// FactsConfig describes a handler of facts.
type FactsConfig struct {
	Base
	Effect Effect
}

// Facts consumes facts. It is safe for concurrent use.
type Facts struct {
	FactsConfig
	group *batch.Group[delivery, struct{}]
}

// NewFacts makes the middleware of a handler of facts.
func NewFacts(c FactsConfig) *Facts {
	c.Base = c.withDefaults()
	f := &Facts{FactsConfig: c}
	f.group = batch.New(batch.Config[delivery]{MaxItems: c.MaxBatch}, f.run)
	return f
}

// Consume takes deliveries and returns when each had its effect, was done
// before, or waits parked. An error means that the registry or the log could
// not be reached: deliver again.
func (f *Facts) Consume(ctx context.Context, events []event.Event) error {
	mine := deliveries(ctx, events, func(e *event.Event) bool { return e.IsFact() && slices.Contains(f.Types, e.Aggregate.Type) })
	return firstError(f.group.Submit(mine).Wait(ctx))
}

// Close waits for the batch in flight.
func (f *Facts) Close() { f.group.Close() }

func firstError(answers []batch.Answer[struct{}]) error {
	for _, a := range answers {
		if a.Err != nil {
			return a.Err
		}
	}
	return nil
}

func (f *Facts) run(calls []*batch.Call[delivery, struct{}]) {
	ctx, cancel := context.WithTimeout(context.Background(), f.Timeout)
	defer cancel()
	ctx = telemetry.With(ctx, calls[0].Item.scope)
	telemetry.BatchSize.WithLabelValues(f.Handler).Observe(float64(len(calls)))
	deliveries := make([]event.Event, len(calls))
	for i, c := range calls {
		deliveries[i] = c.Item.Event
	}
	err := f.consume(ctx, deliveries)
	for _, c := range calls {
		c.Answer(struct{}{}, err)
	}
}

// consume brings every delivered aggregate up to the delivered fact.
func (f *Facts) consume(ctx context.Context, deliveries []event.Event) error {
	newest := map[event.Aggregate][]event.Event{}
	var order []event.Aggregate
	for _, e := range deliveries {
		if _, seen := newest[e.Aggregate]; !seen {
			order = append(order, e.Aggregate)
		}
		newest[e.Aggregate] = append(newest[e.Aggregate], e)
	}
	marks, err := f.Registry.Load(ctx, f.Handler, order)
	if err != nil {
		return fmt.Errorf("consume: marks of %s: %w", f.Handler, err)
	}
	var work []Work
	var done []Progress
	for _, a := range order {
		if marks[a].waits(f.Now()) {
			continue
		}
		facts, err := f.missing(ctx, marks[a].Sequence, newest[a])
		switch {
		case err != nil:
			if errors.Is(err, eventlog.ErrDamaged) || errors.Is(err, event.ErrNewerSchema) {
				f.Logger.ErrorContext(ctx, "the log cannot be read", "handler", f.Handler, "aggregate", a.String(), "error", err)
			}
			return fmt.Errorf("consume: facts of %s: %w", a, err)
		case len(facts) > 0:
			work = append(work, Work{a, facts})
		default:
			for i := range newest[a] {
				stale(ctx, &newest[a][i])
			}
		}
		if len(facts) == 0 && marks[a].Parked != nil {
			done = append(done, Progress{Aggregate: a, Sequence: marks[a].Sequence})
		}
	}
	var newestFacts []*event.Event
	for _, w := range work {
		newestFacts = append(newestFacts, &w.Facts[len(w.Facts)-1])
	}
	ctx, watch := watched(ctx, f.Handler, newestFacts)
	results := tries(ctx, f.Retry, work, f.Effect)
	watch.done()
	for i, err := range results {
		watch.ended(i, newestFacts[i], err)
		mark := marks[work[i].Aggregate]
		if IsPermanent(err) && len(work[i].Facts) > 1 {
			done, work[i], err = f.oneByOne(ctx, done, work[i], err)
			mark.Sequence = work[i].Facts[0].Sequence - 1
		}
		done = append(done, f.progress(ctx, work[i], mark, err))
	}
	if len(done) == 0 {
		return nil
	}
	if err := f.Registry.Save(ctx, f.Handler, f.Now(), done); err != nil {
		return fmt.Errorf("consume: save progress of %s: %w", f.Handler, err)
	}
	return nil
}

// maxSingles bounds the facts that one delivery applies each by itself.
const maxSingles = 100

// oneByOne applies facts that were refused together, each by itself, so that what
// is parked for good begins with the one that the sink refuses. It gives the rest,
// with its error: not a permanent one if there are too many for one delivery.
func (f *Facts) oneByOne(ctx context.Context, done []Progress, w Work, refused error) ([]Progress, Work, error) {
	for singles := 0; len(w.Facts) > 1; singles++ {
		if singles == maxSingles {
			return done, w, fmt.Errorf("the rest of many facts is tried later: %s", refused)
		}
		first := Work{w.Aggregate, w.Facts[:1]}
		if err := tries(ctx, f.Retry, []Work{first}, f.Effect)[0]; err != nil {
			return done, w, err
		}
		done = append(done, f.progress(ctx, first, Mark{}, nil))
		w.Facts = w.Facts[1:]
	}
	return done, w, refused
}

// missing gives the facts after a watermark up to the newest delivered one, in
// order. What was not delivered is read from the log.
func (f *Facts) missing(ctx context.Context, watermark uint64, delivered []event.Event) ([]event.Event, error) {
	slices.SortFunc(delivered, func(a, b event.Event) int { return cmp.Compare(a.Sequence, b.Sequence) })
	bySequence := map[uint64]event.Event{}
	for _, e := range delivered {
		bySequence[e.Sequence] = e
	}
	newest := delivered[len(delivered)-1]
	if newest.Sequence <= watermark {
		return nil, nil
	}
	facts := make([]event.Event, newest.Sequence-watermark)
	for e := newest; ; {
		facts[e.Sequence-watermark-1] = e
		if e.Sequence == watermark+1 {
			return facts, nil
		}
		before, ok := bySequence[e.Sequence-1]
		if !ok {
			var err error
			if before, err = f.Log.Event(ctx, e.Previous); err != nil {
				return nil, err
			}
			if before.Aggregate != e.Aggregate || before.Sequence != e.Sequence-1 {
				return nil, fmt.Errorf("%w: the fact before %s of %s is %s with sequence %d", eventlog.ErrDamaged, e.ID, e.Aggregate, before.ID, before.Sequence)
			}
		}
		e = before
	}
}

// progress says what the registry shall remember of one work item.
func (f *Facts) progress(ctx context.Context, w Work, m Mark, err error) Progress {
	p := Progress{Aggregate: w.Aggregate, Sequence: w.Facts[len(w.Facts)-1].Sequence}
	attempts := 1
	if m.Parked != nil {
		attempts = m.Parked.Attempts + 1
	}
	if err != nil {
		// The newest fact is delivered again: the others are found through it.
		newest := &w.Facts[len(w.Facts)-1]
		p.Sequence = m.Sequence
		p.Park = f.Retry.park(f.Handler, newest, w.Facts[0].Sequence, m, err, f.Now())
		p.Events = []ProcessedEvent{{ID: w.Facts[0].ID, Sequence: w.Facts[0].Sequence, Status: StatusFailed, Attempts: attempts, Error: err.Error()}}
		ctx = telemetry.About(telemetry.Within(ctx, newest.TraceParent), newest.Correlation, string(newest.Command))
		f.Logger.WarnContext(ctx, "parked", "handler", f.Handler, "aggregate", w.Aggregate.String(), "sequence", w.Facts[0].Sequence,
			"attempts", p.Park.Attempts, "dead", p.Park.Dead, "error", err)
		return p
	}
	for i := range w.Facts {
		p.Events = append(p.Events, ProcessedEvent{ID: w.Facts[i].ID, Sequence: w.Facts[i].Sequence, Status: StatusDone, Attempts: attempts})
	}
	return p
}
