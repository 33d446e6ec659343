package tree

import (
	"container/list"
	"context"
	"fmt"
	"sync"
)

// cached bounds the ranges and lists in memory: about 64 KiB each.
const cached = 512

// Objects reads and writes the objects of one storage namespace.
type Objects interface {
	Put(ctx context.Context, id string, body []byte) error
	Get(ctx context.Context, id string) ([]byte, error)
}

// Cache keeps recently used parts of trees. They are named by their content,
// so one cache serves all namespaces.
type Cache struct {
	mu    sync.Mutex
	parts map[string]*list.Element
	order list.List // of part, the last used first
}

type part struct {
	id    string
	value any
}

// NewCache makes an empty cache.
func NewCache() *Cache { return &Cache{parts: map[string]*list.Element{}} }

func (c *Cache) get(id string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.parts[id]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(part).value
}

func (c *Cache) put(id string, value any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.parts[id]; ok {
		return
	}
	c.parts[id] = c.order.PushFront(part{id, value})
	if c.order.Len() > cached {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.parts, last.Value.(part).id)
	}
}

// Trees are the trees of one namespace.
type Trees struct {
	objects Objects
	cache   *Cache
}

// New makes Trees. It does no I/O.
func New(objects Objects, cache *Cache) *Trees { return &Trees{objects: objects, cache: cache} }

// load reads a list or range. Callers must not change it.
func load[T any](ctx context.Context, t *Trees, id string) ([]T, error) {
	if items, ok := t.cache.get(id).([]T); ok {
		return items, nil
	}
	body, err := t.objects.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	items, err := decode[T](id, body)
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	t.cache.put(id, items)
	return items, nil
}

func save[T any](ctx context.Context, t *Trees, items []T) (id string, err error) {
	id, body, err := encode(items)
	if err != nil {
		return "", fmt.Errorf("tree: %w", err)
	}
	if err := t.objects.Put(ctx, id, body); err != nil {
		return "", fmt.Errorf("tree: %w", err)
	}
	t.cache.put(id, items)
	return id, nil
}

// spans reads the list of a tree.
func (t *Trees) spans(ctx context.Context, id string) ([]span, error) {
	if id == Empty {
		return nil, nil
	}
	return load[span](ctx, t, id)
}
