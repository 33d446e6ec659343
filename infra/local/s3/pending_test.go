package s3

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestPendingWaitsForEveryWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pending
		if err := p.wait(t.Context(), "a"); err != nil {
			t.Errorf("nothing is pending: %v", err)
		}
		for range 2 {
			if err := p.begin("a"); err != nil {
				t.Fatal(err)
			}
		}
		waited := make(chan error, 1)
		go func() { waited <- p.wait(t.Context(), "a") }()
		p.end("a", nil)
		synctest.Wait()
		select {
		case err := <-waited:
			t.Fatalf("returned with a writer at work: %v", err)
		default:
		}
		p.end("a", nil)
		if err := <-waited; err != nil {
			t.Error(err)
		}
		if len(p.names) != 0 {
			t.Errorf("%d names are left", len(p.names))
		}
	})
}

func TestPendingRemembersAFailure(t *testing.T) {
	var p pending
	broken := errors.New("broken")
	for range 2 {
		if err := p.begin("a"); err != nil {
			t.Fatal(err)
		}
	}
	p.end("a", broken)
	p.end("a", nil)
	if err := p.wait(t.Context(), "a"); !errors.Is(err, broken) {
		t.Errorf("wait: %v", err)
	}
	if err := p.begin("a"); !errors.Is(err, broken) {
		t.Errorf("begin: %v", err)
	}
	if err := p.begin("b"); err != nil {
		t.Errorf("another name: %v", err)
	}
}

func TestPendingGivesUpWithItsContext(t *testing.T) {
	var p pending
	if err := p.begin("a"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.wait(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
