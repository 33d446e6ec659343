package command_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/problem"
)

func TestValve(t *testing.T) {
	now := time.Unix(0, 0)
	var pressure command.Pressure
	var fails error
	reads := 0
	v := &command.Valve{Now: func() time.Time { return now }, Read: func(context.Context) (command.Pressure, error) { reads++; return pressure, fails }}
	closed := func() bool {
		t.Helper()
		err := v.Check(t.Context())
		if err == nil {
			return false
		}
		if p, ok := problem.AsProblem(err); !ok || p.Status != 429 || p.RetryAfter == 0 {
			t.Errorf("refused with %v", err)
		}
		return true
	}
	now = now.Add(time.Hour)
	for range 2 {
		if closed() {
			t.Error("an idle platform refuses")
		}
	}
	if reads != 1 {
		t.Errorf("read %d times in a second", reads)
	}
	for _, high := range []command.Pressure{{Open: command.MaxOpen + 1}, {Lag: command.MaxLag + 1}} {
		pressure = high
		now = now.Add(time.Second)
		if !closed() {
			t.Errorf("%+v is accepted", high)
		}
	}
	pressure, fails = command.Pressure{}, errors.New("database is away")
	now = now.Add(time.Second)
	if closed() {
		t.Error("a pressure that cannot be read holds clients up")
	}
	if (*command.Valve)(nil).Check(t.Context()) != nil {
		t.Error("no valve refuses")
	}
}
