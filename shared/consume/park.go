package consume

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"spiceharvester/shared/event"
)

// Permanent marks an error that another try cannot mend: the input is refused.
func Permanent(err error) error { return &permanent{err} }

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

// IsPermanent reports whether an error was marked so.
func IsPermanent(err error) bool {
	var p *permanent
	return errors.As(err, &p)
}

// Retry is how a handler tries again.
type Retry struct {
	// Tries is how often an effect is tried inside one delivery; default 3.
	Tries int
	// Attempts is how many deliveries a command gets before it fails; default 5.
	// Facts are never given up.
	Attempts int
	// Delay is the pause after the first parking; it doubles up to MaxDelay.
	// Defaults 1 s and 30 s.
	Delay, MaxDelay time.Duration
	// Pause waits between the tries inside one delivery; default a timer.
	Pause func(ctx context.Context, try int)
}

func (r Retry) withDefaults() Retry {
	if r.Tries == 0 {
		r.Tries = 3
	}
	if r.Attempts == 0 {
		r.Attempts = 5
	}
	if r.Delay == 0 {
		r.Delay = time.Second
	}
	if r.MaxDelay == 0 {
		r.MaxDelay = 30 * time.Second
	}
	if r.Pause == nil {
		r.Pause = func(ctx context.Context, try int) {
			t := time.NewTimer(time.Duration(try) * 100 * time.Millisecond)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
			}
		}
	}
	return r
}

// backoff gives the pause after a number of attempts.
func (r Retry) backoff(attempts int) time.Duration {
	d := r.Delay
	for i := 1; i < attempts && d < r.MaxDelay; i++ {
		d *= 2
	}
	return min(d, r.MaxDelay)
}

// waits reports whether a parked aggregate is to be left alone.
func (m Mark) waits(now time.Time) bool {
	return m.Parked != nil && (m.Parked.Dead || now.Before(m.Parked.NextTry))
}

// park makes the row of an aggregate that a handler cannot go on with.
func (r Retry) park(handler string, e *event.Event, next uint64, m Mark, cause error, now time.Time) *Parked {
	p := Parked{
		Handler: handler, Aggregate: e.Aggregate, Database: e.Database, Next: next, Attempts: 1, Since: now,
		Dead: IsPermanent(cause), Reason: cause.Error(), Position: e.Position,
	}
	if m.Parked != nil {
		p.Attempts, p.Since = m.Parked.Attempts+1, m.Parked.Since
	}
	p.NextTry = now.Add(r.backoff(p.Attempts))
	return &p
}

// protect turns a panic of an effect into an error: the delivery fails, the
// process goes on.
func protect(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	f()
	return nil
}

// tries runs a function over items, again for those that may pass, a few times.
// It gives one error per item.
func tries[T any, F ~func(context.Context, []T) []error](ctx context.Context, r Retry, items []T, f F) []error {
	errs := make([]error, len(items))
	todo := make([]int, len(items))
	for i := range items {
		todo[i] = i
	}
	for try := 1; len(todo) > 0; try++ {
		part := make([]T, len(todo))
		for i, at := range todo {
			part[i] = items[at]
		}
		var results []error
		if err := protect(func() { results = f(ctx, part) }); err != nil {
			results = slices.Repeat([]error{err}, len(part))
		}
		var again []int
		for i, at := range todo {
			if errs[at] = results[i]; errs[at] != nil && !IsPermanent(errs[at]) {
				again = append(again, at)
			}
		}
		if todo = again; len(todo) == 0 || try >= r.Tries || ctx.Err() != nil {
			break
		}
		r.Pause(ctx, try)
	}
	return errs
}
