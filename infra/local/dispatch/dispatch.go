package dispatch

import (
	"context"
	"sync"
)

// Dispatcher runs all sources and timers of a set of triggers.
type Dispatcher struct {
	sources []*source
	timers  []*timer
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

// Start begins to consume and to deliver. Every function that a trigger names
// must be known to Config.Resolve.
func Start(c Config, t Triggers) (*Dispatcher, error) {
	d := &Dispatcher{}
	for i := range t.Kafka {
		s, err := newSource(&c, &t.Kafka[i])
		if err != nil {
			d.closeClients()
			return nil, err
		}
		d.sources = append(d.sources, s)
	}
	for i := range t.Ping {
		p, err := newTimer(&c, &t.Ping[i])
		if err != nil {
			d.closeClients()
			return nil, err
		}
		d.timers = append(d.timers, p)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	for _, s := range d.sources {
		d.work.Go(func() { s.run(ctx) })
	}
	for _, p := range d.timers {
		d.work.Go(func() { p.run(ctx) })
	}
	return d, nil
}

func (d *Dispatcher) closeClients() {
	for _, s := range d.sources {
		s.client.Close()
	}
}

// Stop ends the deliveries in flight, commits what is done and waits.
func (d *Dispatcher) Stop() {
	d.cancel()
	d.work.Wait()
}
