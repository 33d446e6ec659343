package status

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"spiceharvester/shared/redisclient"
)

// tasksChannel carries the id of a log whose installation has tasks that changed. Which
// ones and how stands in the database.
const tasksChannel = "task_updates"

// AnnounceTasks tells those who listen that tasks have changed.
func (b *Redis) AnnounceTasks(ctx context.Context) error {
	log, err := b.LogID(ctx)
	if err != nil {
		return err
	}
	if err := b.Client.Publish(ctx, tasksChannel, log).Err(); err != nil {
		return fmt.Errorf("status: announce tasks: %w", err)
	}
	return nil
}

// ListenTasks calls changed for every announcement from now on, until ctx ends or nothing
// can be heard any more. ready is called once, when nothing will be missed.
func (b *Redis) ListenTasks(ctx context.Context, ready, changed func()) error {
	log, err := b.LogID(ctx)
	if err != nil {
		return err
	}
	return listen(ctx, b.Client.Subscribe(ctx, tasksChannel), ready, func(whose string) {
		if whose == log {
			changed()
		}
	})
}

// TaskNews announces in the background that tasks have changed. What changes while an
// announcement is under way makes a single one after it; one that fails is not repeated,
// since who waits looks at the database too. The zero of *TaskNews does nothing, for
// processes without Redis.
type TaskNews struct {
	board  *Redis
	logger *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc

	mu          sync.Mutex
	busy, again bool
	closed      bool
	idle        sync.WaitGroup
}

// NewTaskNews makes an announcer.
func NewTaskNews(board *Redis, logger *slog.Logger) *TaskNews {
	ctx, cancel := context.WithCancel(context.Background())
	return &TaskNews{board: board, logger: logger, ctx: ctx, cancel: cancel}
}

// Changed hands in that a task has changed. It never waits.
func (n *TaskNews) Changed() {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || n.busy {
		n.again = true
		return
	}
	n.busy = true
	n.idle.Go(n.announce)
}

func (n *TaskNews) announce() {
	for {
		n.mu.Lock()
		n.again = false
		n.mu.Unlock()
		ctx, cancel := context.WithTimeout(n.ctx, redisclient.Timeout)
		err := n.board.AnnounceTasks(ctx)
		cancel()
		if err != nil {
			n.logger.DebugContext(n.ctx, "a change of tasks is not announced", "error", err)
		}
		n.mu.Lock()
		if !n.again || n.closed {
			n.busy = false
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
	}
}

// Close cuts off what is under way.
func (n *TaskNews) Close() {
	if n == nil {
		return
	}
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.idle.Wait()
}
