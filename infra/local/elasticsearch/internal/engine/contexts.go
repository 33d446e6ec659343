package engine

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/search"
)

// contexts holds the points in time and scrolls that are open.
type contexts struct {
	mu   sync.Mutex
	last int64
	open map[int64]*openContext
}

type openContext struct {
	views   []view
	keep    time.Duration
	expires time.Time
	// For scrolls:
	request *search.Request
	next    int
}

// magic starts the decoded form of an id, so that other text is noticed.
const magic = "spice-es"

func contextID(n int64, index string) string {
	b := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint64(b[len(magic):], uint64(n))
	return base64.URLEncoding.EncodeToString(append(b, index...))
}

// decodeContext reads an id; ok is false if it is not one of ours.
func decodeContext(id string) (n int64, index string, ok bool) {
	b, err := base64.URLEncoding.DecodeString(id)
	if err != nil || len(b) < len(magic)+8 || string(b[:len(magic)]) != magic {
		return 0, "", false
	}
	return int64(binary.BigEndian.Uint64(b[len(magic):])), string(b[len(magic)+8:]), true
}

// keepAlive reads how long a context lives without use.
func keepAlive(text string) (time.Duration, *eserr.Error) {
	d, bad := dates.Duration(text)
	if bad {
		return 0, eserr.IllegalArgument("failed to parse setting [keep_alive] with value [%s] as a time value: unit is missing or unrecognized", text)
	}
	if d > 24*time.Hour {
		return 0, eserr.IllegalArgument("Keep alive for request (%s) is too large. It must be less than (1d). This limit can be set by changing the [search.max_keep_alive] cluster level setting.", text)
	}
	return d, nil
}

func (e *Engine) openContext(c *openContext) (id string, err *eserr.Error) {
	e.contexts.mu.Lock()
	defer e.contexts.mu.Unlock()
	e.contexts.expire(e.clock())
	if len(e.contexts.open) >= 500 {
		return "", eserr.New(429, "es_rejected_execution_exception", "Trying to create too many search contexts. Must be less than or equal to: [500].")
	}
	e.contexts.last++
	c.expires = e.clock().Add(c.keep)
	e.contexts.open[e.contexts.last] = c
	index := ""
	if len(c.views) > 0 {
		index = c.views[0].index.Name
	}
	return contextID(e.contexts.last, index), nil
}

// expire drops what nobody has used in time. The caller holds the lock.
func (c *contexts) expire(now time.Time) {
	for n, o := range c.open {
		if now.After(o.expires) {
			delete(c.open, n)
		}
	}
}

// use finds an open context and prolongs it.
func (e *Engine) use(n int64, keep time.Duration) *openContext {
	e.contexts.mu.Lock()
	defer e.contexts.mu.Unlock()
	now := e.clock()
	e.contexts.expire(now)
	c := e.contexts.open[n]
	if c == nil || slices.ContainsFunc(c.views, func(v view) bool { return v.index.isGone() }) {
		return nil
	}
	if keep > 0 {
		c.keep = keep
	}
	c.expires = now.Add(c.keep)
	return c
}

// sweep is expire for callers without the lock: an abandoned context must not
// keep old documents alive.
func (c *contexts) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire(now)
}

func (i *Index) isGone() bool {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.gone
}

func missing(n int64, index string) *eserr.Error {
	return search.AllFailed("query", []search.Failure{{Index: index, Err: contextMissing(n)}})
}

func contextMissing(n int64) *eserr.Error {
	return eserr.New(404, "search_context_missing_exception", "No search context found for id [%d]", n)
}

// OpenPIT opens a point in time and returns its id and number of shards.
func (e *Engine) OpenPIT(x Expression, keep string) (id string, shards int, err *eserr.Error) {
	d, err := keepAlive(keep)
	if err != nil {
		return "", 0, err
	}
	targets, err := e.Resolve(x)
	if err != nil {
		return "", 0, err
	}
	views, err := e.views(targets, false)
	if err != nil {
		return "", 0, err
	}
	e.read(views, func(readers []*search.Reader) {
		for _, r := range readers {
			shards += r.Shards
		}
	})
	id, err = e.openContext(&openContext{views: views, keep: d})
	return id, shards, err
}

// SearchPIT calls fn with the indices as they were when the point in time was
// opened.
func (e *Engine) SearchPIT(id, keep string, fn func([]*search.Reader)) *eserr.Error {
	n, index, ok := decodeContext(id)
	if !ok {
		return eserr.IllegalArgument("java.io.EOFException: tried to read: 123 bytes but only 1 remaining").
			By(eserr.New(400, "e_o_f_exception", "tried to read: 123 bytes but only 1 remaining"))
	}
	d := time.Duration(0)
	if keep != "" {
		var err *eserr.Error
		if d, err = keepAlive(keep); err != nil {
			return err
		}
	}
	c := e.use(n, d)
	if c == nil {
		return missing(n, index)
	}
	e.read(c.views, fn)
	return nil
}

// OpenScroll runs the first page of a scroll and returns its id.
func (e *Engine) OpenScroll(x Expression, keep string, q *search.Request, fn func([]*search.Reader)) (string, *eserr.Error) {
	d, err := keepAlive(keep)
	if err != nil {
		return "", err
	}
	targets, err := e.Resolve(x)
	if err != nil {
		return "", err
	}
	views, err := e.views(targets, false)
	if err != nil {
		return "", err
	}
	e.read(views, fn)
	return e.openContext(&openContext{views: views, keep: d, request: q, next: q.Size})
}

// Scroll runs the next page: fn gets the request, moved on.
func (e *Engine) Scroll(id, keep string, fn func(*search.Request, []*search.Reader)) *eserr.Error {
	n, _, ok := decodeContext(id)
	if !ok {
		return eserr.IllegalArgument("Cannot parse scroll id").By(eserr.New(400, "e_o_f_exception", "tried to read: 257623198 bytes but only 2 remaining"))
	}
	d := time.Duration(0)
	if keep != "" {
		var err *eserr.Error
		if d, err = keepAlive(keep); err != nil {
			return err
		}
	}
	c := e.use(n, d)
	if c == nil || c.request == nil {
		return search.ContextMissing(contextMissing(n))
	}
	e.contexts.mu.Lock()
	q := *c.request
	q.From = c.next
	q.Scroll, q.Page = true, true
	c.next += q.Size
	e.contexts.mu.Unlock()
	e.read(c.views, func(r []*search.Reader) { fn(&q, r) })
	return nil
}

// CloseContexts closes points in time or scrolls and returns how many there
// were. ok is false if an id is not one.
func (e *Engine) CloseContexts(ids []string) (freed int, ok bool) {
	e.contexts.mu.Lock()
	defer e.contexts.mu.Unlock()
	e.contexts.expire(e.clock())
	for _, id := range ids {
		n, _, ok := decodeContext(id)
		if !ok {
			return freed, false
		}
		if e.contexts.open[n] != nil {
			delete(e.contexts.open, n)
			freed++
		}
	}
	return freed, true
}

// CloseScrolls closes all scrolls.
func (e *Engine) CloseScrolls() (freed int) {
	e.contexts.mu.Lock()
	defer e.contexts.mu.Unlock()
	for n, c := range e.contexts.open {
		if c.request != nil {
			delete(e.contexts.open, n)
			freed++
		}
	}
	return freed
}
