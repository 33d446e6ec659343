package command

import (
	"context"
	"sync"
	"time"

	"spiceharvester/shared/problem"
)

// Limits above which no command is taken: what is accepted must end in bounded
// time, so more than the workers can do is refused at the door.
const (
	MaxOpen = 20_000 // commands without an outcome
	MaxLag  = 5_000  // segments that the relay has not published
)

// Pressure is how much is under way.
type Pressure struct {
	Open int
	Lag  int64
}

// Valve refuses commands while too much is under way. It reads the pressure at
// most once a second, so its limits are approximate.
type Valve struct {
	Read func(context.Context) (Pressure, error)
	Now  func() time.Time

	mu   sync.Mutex
	last Pressure
	at   time.Time
}

// Check returns a 429 problem while the pressure is too high. A pressure that
// cannot be read holds nobody up: the append itself will tell.
func (v *Valve) Check(ctx context.Context) error {
	if v == nil {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if now := v.Now(); now.Sub(v.at) >= time.Second {
		p, err := v.Read(ctx)
		if err != nil {
			return nil
		}
		v.last, v.at = p, now
	}
	if v.last.Open > MaxOpen || v.last.Lag > MaxLag {
		return problem.Overloaded(2 * time.Second)
	}
	return nil
}
