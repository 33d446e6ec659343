package objectifyworker_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	objectifyworker "spiceharvester/functions/objectify-worker"
)

// fixture is a worker whose steps the test makes up.
type fixture struct {
	*objectifyworker.Function
	nudges, ends int
}

func newFixture(step func(context.Context, time.Duration) (bool, error)) *fixture {
	f := &fixture{}
	f.Function = objectifyworker.New(step, func() { f.nudges++ }, func() { f.ends++ }, slog.New(slog.DiscardHandler))
	return f
}

func (f *fixture) ask(t *testing.T, method string) int {
	answer := httptest.NewRecorder()
	f.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), method, "/", nil))
	return answer.Code
}

func TestARequestDoesWhatIsDue(t *testing.T) {
	due := 3
	f := newFixture(func(context.Context, time.Duration) (bool, error) {
		due--
		return due >= 0, nil
	})
	if code := f.ask(t, http.MethodPost); code != http.StatusOK || due != -1 || f.ends != 3 || f.nudges != 0 {
		t.Errorf("%d, %d due, %d ends, %d nudges", code, due, f.ends, f.nudges)
	}
	if code := f.ask(t, http.MethodGet); code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", code)
	}
}

func TestAFailureIsTheTimers(t *testing.T) {
	f := newFixture(func(context.Context, time.Duration) (bool, error) { return false, errors.New("no registry") })
	if code := f.ask(t, http.MethodPost); code != http.StatusServiceUnavailable {
		t.Error(code)
	}
}

// Two requests work at a time; a third has nothing to do and does not wait.
func TestRequestsAreBounded(t *testing.T) {
	var begun sync.WaitGroup
	begun.Add(2)
	release := make(chan struct{})
	f := newFixture(func(context.Context, time.Duration) (bool, error) {
		begun.Done()
		<-release
		return false, nil
	})
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() { f.ask(t, http.MethodPost) })
	}
	begun.Wait()
	if code := f.ask(t, http.MethodPost); code != http.StatusOK {
		t.Errorf("the third: %d", code)
	}
	close(release)
	busy.Wait()
}
