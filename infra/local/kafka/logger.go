package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// logger passes kfake's warnings and errors on. kfake reports a failed save at its end only here, so the errors that
// come after stopping are kept for Stop.
type logger struct {
	out *slog.Logger

	mu   sync.Mutex
	stop bool
	errs []error
}

func newLogger(out *slog.Logger) *logger {
	if out == nil {
		out = slog.Default()
	}
	return &logger{out: out}
}

// Logf implements kfake.Logger.
func (l *logger) Logf(level kfake.LogLevel, format string, args ...any) {
	if level == kfake.LogLevelNone || level > kfake.LogLevelWarn {
		return
	}
	text := fmt.Sprintf(format, args...)
	if level == kfake.LogLevelWarn {
		l.out.Log(context.Background(), slog.LevelWarn, text, "server", "kafka")
		return
	}
	l.out.Log(context.Background(), slog.LevelError, text, "server", "kafka")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop {
		l.errs = append(l.errs, errors.New(text))
	}
}

func (l *logger) stopping() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stop = true
}

func (l *logger) stopError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.errs...)
}
