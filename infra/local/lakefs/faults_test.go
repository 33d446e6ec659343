package lakefs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"spiceharvester/infra/local/lakefs"
	"spiceharvester/shared/lake"
)

func TestFaultAnswers(t *testing.T) {
	s := start(t, lakefs.Config{})
	for _, status := range []int{500, 503} {
		s.Faults().Answer(status, 2)
		for range 2 {
			if got := s.mustAsk(t, "GET", "/repositories", "", status); !strings.Contains(got, `"message"`) {
				t.Error(got)
			}
		}
		s.mustAsk(t, "GET", "/repositories", "", 200)
	}
	s.Faults().Answer(503, 0)
	s.Faults().Only("/merge/")
	for range 3 {
		s.mustAsk(t, "GET", "/repositories", "", 200)
		s.mustAsk(t, "POST", "/repositories/raw/refs/a/merge/b", "{}", 503)
	}
	s.Faults().Clear()
	s.mustAsk(t, "POST", "/repositories/raw/refs/a/merge/b", "{}", 404)
}

func TestFaultDropAndLose(t *testing.T) {
	s := start(t, lakefs.Config{})
	s.repository(t)
	create := func(name string) error {
		_, err := s.lake.CreateBranch(t.Context(), "raw", name, "main")
		return err
	}
	s.Faults().Drop(1)
	if err := create("dropped"); !lake.Retryable(err) {
		t.Errorf("dropped: %v", err)
	}
	if err := create("dropped"); err != nil {
		t.Error("a dropped request had an effect:", err)
	}
	s.Faults().Lose(1)
	if err := create("lost"); !lake.Retryable(err) {
		t.Errorf("lost: %v", err)
	}
	if err := create("lost"); !errors.Is(err, lake.ErrExists) {
		t.Errorf("a lost answer: %v, want that the branch exists", err)
	}
}

func TestFaultHang(t *testing.T) {
	s := start(t, lakefs.Config{})
	s.Faults().Hang()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.lake.Ready(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a hanging server: %v", err)
	}
	answered := make(chan error)
	go func() { answered <- s.lake.Ready(t.Context()) }()
	s.Faults().Clear()
	if err := <-answered; err != nil {
		t.Error(err)
	}
	// One that hangs does not hold up Stop; the test's clean-up waits for it.
	s.Faults().Hang()
	stop(t, s.Server)
}

func TestStartRefuses(t *testing.T) {
	s := start(t, lakefs.Config{})
	var port int
	for _, digit := range s.URL()[strings.LastIndex(s.URL(), ":")+1:] {
		port = 10*port + int(digit-'0')
	}
	whole := lakefs.Config{AccessKey: "k", SecretKey: "s", Blobs: lakefs.Memory()}
	for name, change := range map[string]func(*lakefs.Config){
		"no access key": func(c *lakefs.Config) { c.AccessKey = "" },
		"no secret key": func(c *lakefs.Config) { c.SecretKey = "" },
		"no blobs":      func(c *lakefs.Config) { c.Blobs = nil },
		"a taken port":  func(c *lakefs.Config) { c.Port = port },
	} {
		c := whole
		change(&c)
		_, err := lakefs.Start(t.Context(), c)
		if err == nil || errors.Is(err, syscall.EADDRINUSE) != (name == "a taken port") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherPathsAndCredentials(t *testing.T) {
	s := start(t, lakefs.Config{})
	for path, want := range map[string]int{
		"/nonsense":                        http.StatusNotFound,
		"/repositories/raw/pulls":          http.StatusNotImplemented,
		"/repositories/raw/branches":       http.StatusNotFound,
		"/repositories?amount=1001":        http.StatusBadRequest,
		"/repositories?amount=-2":          http.StatusBadRequest,
		"/repositories?amount=-1":          http.StatusOK,
		"/repositories/raw/dump?task_id=x": http.StatusNotFound,
	} {
		s.mustAsk(t, "GET", path, "", want)
	}
	s.mustAsk(t, "GET", "/repositories", "", http.StatusUnauthorized, "Authorization", "Basic bm9ib2R5OnNlY3JldA==")
	s.mustAsk(t, "GET", "/healthcheck", "", http.StatusNoContent, "Authorization", "Basic bm9ib2R5OnNlY3JldA==")
}
