package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

// The simulation runs the real package: processes are coroutines, and each call
// to the object store, the index or the publisher is a step. The seed decides
// who takes the next step and what goes wrong. Nothing else varies, so a seed
// replays its run exactly.

const simChains = 2

// world is everything that outlives a process.
type world struct {
	rng      *rand.Rand
	broken   sabotage
	objects  *eventlogtest.Objects
	index    *eventlogtest.Index
	late     []latePut // PUTs that the store has not carried out yet
	restores []func()  // older states of the index
	buckets  []map[string][]byte

	published [simChains][]event.Event
	history   []*invocation
	commands  []*eventlog.Entry // commands that clients sent
	clock     int64             // steps; also the wall clock, in seconds
	processes []*process
	names     int
	ids       int
	calm      bool     // no more faults
	restless  []string // processes that found no end
	trace     []string
}

type latePut struct {
	key  string
	body []byte
}

func newWorld(seed uint64, broken sabotage) *world {
	w := &world{
		rng: rand.New(rand.NewPCG(seed, 1)), broken: broken,
		objects: eventlogtest.NewObjects(), index: eventlogtest.NewIndex(),
	}
	w.keepBackup()
	return w
}

func (w *world) now() time.Time {
	return time.Date(2026, 1, 1, 0, 0, int(w.clock), 0, time.UTC)
}

// chance is true one time in n, but not when the world is calm.
func (w *world) chance(n int) bool { return !w.calm && w.rng.IntN(n) == 0 }

func (w *world) keepBackup() {
	w.restores = append(w.restores, w.index.Backup())
	w.buckets = append(w.buckets, w.objects.Backup())
}

func (w *world) note(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%4d ", w.clock)+fmt.Sprintf(format, args...))
}

// process is one life of a writer or a relay.
type process struct {
	world *world
	name  string
	log   *eventlog.Log
	relay bool
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
}

// crashed unwinds a process that the world killed.
type crashed struct{}

func (w *world) spawn(relay bool, program func(*process)) *process {
	w.names++
	p := &process{world: w, name: fmt.Sprintf("p%d", w.names), relay: relay}
	p.log = eventlog.New(eventlog.Config{
		Objects: &simObjects{p}, Index: &simIndex{w.index, p}, Writer: p.name, Chains: simChains,
		NewID: func() string { return "log-of-" + p.name },
		Now:   w.now, Logger: slog.New(slog.DiscardHandler),
		Sleep: func(context.Context, time.Duration) error { p.pause(); return nil },
	})
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if r := recover(); r != nil {
				if _, ok := r.(crashed); !ok {
					panic(r)
				}
			}
		}()
		p.yield = yield
		program(p)
	})
	w.processes = append(w.processes, p)
	return p
}

// pause ends a step: others run now. A killed process does not come back.
func (p *process) pause() {
	if !p.yield(struct{}{}) {
		panic(crashed{})
	}
	p.world.clock++
}

func (w *world) kill(i int) {
	w.note("%s is killed", w.processes[i].name)
	w.processes[i].stop()
	w.processes = append(w.processes[:i], w.processes[i+1:]...)
}

func (w *world) killAll() {
	for len(w.processes) > 0 {
		w.kill(0)
	}
}

// step lets one process go on, or something happen to the world.
func (w *world) step() {
	w.clock++
	switch {
	case w.chance(25) && len(w.late) > 0:
		w.landLate()
	case w.chance(60):
		w.keepBackup()
	case w.chance(80):
		w.note("the index fails over to an older state")
		w.restores[w.rng.IntN(len(w.restores))]()
	case w.chance(30) && len(w.processes) > 0:
		w.kill(w.rng.IntN(len(w.processes)))
	}
	if len(w.processes) == 0 {
		return
	}
	i := w.rng.IntN(len(w.processes))
	if _, more := w.processes[i].next(); !more {
		w.processes = append(w.processes[:i], w.processes[i+1:]...)
	}
}

func (w *world) landLate() {
	i := w.rng.IntN(len(w.late))
	put := w.late[i]
	w.late = append(w.late[:i], w.late[i+1:]...)
	err := w.store(put.key, put.body)
	w.note("late PUT %s: %v", put.key, err)
}

func (w *world) store(key string, body []byte) error {
	if w.broken.unconditionalPut {
		w.objects.Overwrite(key, body)
		return nil
	}
	return w.objects.Create(context.Background(), key, body)
}

// run plays writers and a relay with faults, then lets everything settle: late
// PUTs land, a relay without faults reads to the end.
func (w *world) run() {
	for range 4 {
		for range 2 + w.rng.IntN(2) {
			w.spawn(false, w.writer)
		}
		w.spawn(true, w.relay)
		for range 150 {
			if w.step(); len(w.processes) == 0 {
				break
			}
		}
	}
	w.settle()
}

func (w *world) settle() {
	w.killAll()
	for len(w.late) > 0 {
		w.landLate()
	}
	w.calm = true
	w.drain(w.spawn(true, w.relay))
}

// drain runs one process alone to its end, which must come.
func (w *world) drain(p *process) {
	for range 5000 {
		if _, more := p.next(); !more {
			w.processes = nil
			return
		}
	}
	w.restless = append(w.restless, p.name)
	w.killAll()
}

func (w *world) relay(p *process) {
	for {
		failed := false
		for chain := range simChains {
			if _, err := p.log.Relay(context.Background(), chain, &simPublisher{p, chain}); err != nil {
				w.note("%s relay: %v", p.name, err)
				failed = true
			}
			p.pause()
		}
		if w.calm && !failed || w.rng.IntN(6) == 0 {
			return
		}
	}
}

var errUnknown = errors.New("connection reset by peer")
