package live_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
)

// A user's client that comes back is told what it missed, by whichever process, and also
// by an index that was made again from the log.
func TestWhatAUserMissedIsTold(t *testing.T) {
	for name, board := range map[string]status.Board{"with a board": statustest.NewBoard(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, board, limits)
			long := s.submit("ada")
			s.end(long, event.Completed, "")
			s.Pass(time.Hour)
			open, another := s.submit("ada"), s.submit("eve")
			c := s.dial(t, "user=ada")
			c.want(open, "PENDING")
			c.nothingMore()
			c.conn.CloseNow() // the connection breaks
			left := s.Now()
			s.end(open, event.Failed, "eve")
			s.end(another, event.Completed, "ada")
			missed := s.submit("ada")
			s.Pass(20 * time.Minute)
			still := s.submit("ada")

			c = s.dial(t, "user=ada&since="+left.Format(time.RFC3339Nano))
			c.wantAll(told(open, "FAILED"), told(missed, "PENDING"), told(still, "PENDING"))
			c.nothingMore()
			if err := s.Log.Rebuild(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.Pass(time.Second)
			s.end(missed, event.Completed, "ada") // as workers do
			c.want(missed, "COMPLETED")
			// Without a time: what is open, and the last minutes.
			c = s.dial(t, "user=ada")
			c.wantAll(told(still, "PENDING"), told(missed, "COMPLETED"))
			c.nothingMore()
			c = s.dial(t, "user=ada&since="+left.Add(-30*24*time.Hour).Format(time.RFC3339Nano))
			c.wantAll(told(long, "COMPLETED"), told(open, "FAILED"), told(still, "PENDING"), told(missed, "COMPLETED"))
			c.nothingMore()
		})
	}
}

func told(id event.ID, state string) string { return fmt.Sprint(id, " ", state) }

// wantAll waits for the news of several commands. What the log's tail is just passing may
// come before what stood already.
func (c *socket) wantAll(want ...string) {
	c.t.Helper()
	var got []string
	for range want {
		got = append(got, c.update())
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		c.t.Fatalf("got %v, want %v", got, want)
	}
}

// The number that is told is bounded; the greeting says so, and since when.
func TestTooMuchWasMissed(t *testing.T) {
	s := newStage(t, nil, limits)
	var ids []event.ID
	for range limits.Missed + 2 {
		ids = append(ids, s.submit("ada"))
		s.Pass(time.Second)
	}
	c, hello := s.greeted(t, "user=ada")
	if hello["truncated"] != true || hello["since"] != problem.Timestamp(s.Now().Add(-10*time.Minute)) {
		t.Errorf("greeted with %v", hello)
	}
	for _, id := range ids[2:] {
		c.want(id, "PENDING")
	}
	c.nothingMore()
	if _, hello = s.greeted(t, "user=eve"); hello["truncated"] != nil {
		t.Errorf("greeted with %v", hello)
	}
}

// Connections come and go while commands end: whatever a client saw, what comes last is
// the outcome, of every command, also of those whose segment the index learns of late.
func TestNothingIsMissedBetweenConnections(t *testing.T) {
	l := limits
	l.Missed, l.Connections = 40, 40
	s := newStage(t, nil, l)
	ended := make(chan event.ID, 20)
	go func() {
		defer close(ended)
		for range 20 {
			id := s.submit("ada")
			s.end(id, event.Completed, "ada")
			ended <- id
		}
	}()
	seen := map[string]bool{}
	for id := range ended {
		c := s.dial(t, "user=ada&since="+s.Now().Format(time.RFC3339Nano))
		for want := fmt.Sprint(id, " COMPLETED"); !seen[want]; {
			seen[c.update()] = true
		}
		c.conn.CloseNow()
	}
}
