package live

import (
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/status"
	"spiceharvester/shared/tasks"
)

// offer implements watcher.
func (s *socket) offer(r status.Record) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, rank := r.CommandID, r.Order()
	known, subscribed := s.ranks[id]
	switch {
	case !subscribed && (s.user == "" || r.User != s.user):
		return false
	case !subscribed:
		known = s.seen.get(id, -1)
	}
	if rank <= known {
		return false
	}
	if subscribed {
		s.ranks[id] = rank
	} else {
		s.seen.set(id, rank)
	}
	if _, waits := s.newest[id]; !waits {
		if len(s.newest) >= s.hub.Limits.Pending {
			s.cancel() // it does not keep up; it may come again and gets the present state
			return true
		}
		s.queue = append(s.queue, id)
	}
	s.newest[id] = r
	s.signal()
	return true
}

// offerTask implements watcher.
func (s *socket) offerTask(t *tasks.Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, subscribed := s.ranks[event.ID(t.ID.String())]
	if !subscribed && (s.user == "" || t.Actor != s.user) || !s.tasks.offer(t) {
		return
	}
	if len(s.tasks.newest) > s.hub.Limits.Pending {
		s.cancel() // as for commands
	}
	s.signal()
}

// taskQueue holds the tasks that a client has not read, and remembers what it has.
type taskQueue struct {
	begun   time.Time         // of the connection
	offered recent[taskState] // what was offered last
	read    recent[string]    // the status that was sent last
	queue   []event.ID        // tasks with a new state, in the order of their first
	newest  map[event.ID]*tasks.Task
}

// taskState is how far a task had come.
type taskState struct {
	order  int64
	status string
}

// taskWord is a task and what is new about it.
type taskWord struct {
	event string
	task  *tasks.Task
}

func newTaskQueue(begun time.Time, remembered int) taskQueue {
	return taskQueue{begun: begun, offered: newRecent[taskState](remembered), read: newRecent[string](remembered), newest: map[event.ID]*tasks.Task{}}
}

// offer takes a state in, if it is news.
func (q *taskQueue) offer(t *tasks.Task) bool {
	id := event.ID(t.ID.String())
	is, was := taskState{t.Order(), t.Status}, q.offered.get(id, taskState{order: -1})
	if is.order < was.order || is == was || t.Ended() && is.order == was.order {
		return false
	}
	q.offered.set(id, is)
	if q.newest[id] == nil {
		q.queue = append(q.queue, id)
	}
	q.newest[id] = t
	return true
}

// take gives what is to be sent. The first word about a task says that it was created if
// that was since the connection began.
func (q *taskQueue) take() (news []taskWord) {
	for _, id := range q.queue {
		t, was := q.newest[id], q.read.get(id, "")
		q.read.set(id, t.Status)
		switch {
		case was == "" && !t.CreatedAt.Before(q.begun):
			news = append(news, taskWord{taskCreated, t})
		case was != t.Status:
			news = append(news, taskWord{taskChanged, t})
		default:
			news = append(news, taskWord{taskProgress, t})
		}
	}
	q.queue = nil
	clear(q.newest)
	return news
}
