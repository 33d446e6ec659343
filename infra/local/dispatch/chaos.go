package dispatch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Chaos disturbs deliveries: what the design calls safe must be safe. Each field
// is a probability per batch.
type Chaos struct {
	Duplicate float64 // the batch is delivered twice
	Drop      float64 // the batch is never delivered, and committed all the same
	Delay     float64 // the batch waits up to MaxDelay
	Reorder   float64 // the batch is turned round and cut in two
	MaxDelay  time.Duration

	mu  sync.Mutex
	rng *rand.Rand
}

// ParseChaos reads "seed=1,duplicate=0.1,drop=0.05,delay=0.2,reorder=0.2,max-delay=500ms".
func ParseChaos(text string) (*Chaos, error) {
	c := &Chaos{MaxDelay: 200 * time.Millisecond}
	seed := uint64(1)
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		var err error
		switch name {
		case "seed":
			seed, err = strconv.ParseUint(value, 10, 64)
		case "duplicate":
			c.Duplicate, err = strconv.ParseFloat(value, 64)
		case "drop":
			c.Drop, err = strconv.ParseFloat(value, 64)
		case "delay":
			c.Delay, err = strconv.ParseFloat(value, 64)
		case "reorder":
			c.Reorder, err = strconv.ParseFloat(value, 64)
		case "max-delay":
			c.MaxDelay, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("unknown: seed, duplicate, drop, delay, reorder and max-delay are known")
		}
		if err != nil {
			return nil, fmt.Errorf("chaos: %q: %w", part, err)
		}
	}
	c.rng = rand.New(rand.NewPCG(seed, 0))
	return c, nil
}

func (c *Chaos) chance(p float64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.Float64() < p
}

func (c *Chaos) wrap(next func(context.Context, []*kgo.Record) error) func(context.Context, []*kgo.Record) error {
	return func(ctx context.Context, records []*kgo.Record) error {
		if c.chance(c.Drop) {
			return nil
		}
		if c.chance(c.Delay) {
			c.mu.Lock()
			d := time.Duration(c.rng.Int64N(int64(c.MaxDelay) + 1))
			c.mu.Unlock()
			pause(ctx, d)
		}
		parts := [][]*kgo.Record{records}
		if c.chance(c.Reorder) && len(records) > 1 {
			half := len(records) / 2
			parts = [][]*kgo.Record{records[half:], records[:half]}
		}
		if c.chance(c.Duplicate) {
			parts = append(parts, records)
		}
		for _, part := range parts {
			if err := next(ctx, part); err != nil {
				return err
			}
		}
		return nil
	}
}
