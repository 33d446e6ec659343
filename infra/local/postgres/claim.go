package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spiceharvester/infra/local/folderlock"
)

const (
	// pollInterval is how often files of the server are looked at while waiting.
	pollInterval = 10 * time.Millisecond
	// orphanPatience is how long a ready server without a launcher is given to begin its shutdown.
	orphanPatience = 2 * time.Second
)

// claim makes this process the launcher of the folder, or finds the running server to attach to.
//
// Another launcher lives: wait until its server is ready, or until it gives the lock up. No launcher lives, but a server
// does: where servers end with their launcher it is about to stop, so wait for its end; one that stays ready was started
// by other means (or survived its launcher, where nothing tells it) and is attached to.
func (f *folder) claim(ctx context.Context) (*folderlock.Lock, *postmaster, error) {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	var lock *folderlock.Lock
	var locked time.Time
	for {
		if lock == nil {
			var err error
			if lock, err = folderlock.Try(f.dir); err != nil && !errors.Is(err, folderlock.ErrTaken) {
				return nil, nil, err
			}
			locked = time.Now()
		}
		p := readPostmaster(f.data())
		switch alive := p.alive(f.data()); {
		case lock != nil && !alive:
			return lock, nil, nil
		case alive && p.ready && (lock == nil || !endsWithLauncher || time.Since(locked) > orphanPatience):
			lock.Release()
			return nil, p, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			lock.Release()
			return nil, nil, fmt.Errorf("wait for the other server or launcher in %s: %w", f.dir, ctx.Err())
		}
	}
}
