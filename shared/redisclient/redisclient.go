// Package redisclient makes the project's client of Redis out of the environment.
//
// Nothing rests on Redis: it carries command status to whoever waits, and counts
// requests. So its client gives up early, never repeats a call, and its users go on
// without it.
package redisclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Timeout bounds one exchange with Redis. Callers that cannot wait that long bring a
// context with a deadline.
const Timeout = 500 * time.Millisecond

// FromEnv makes a client of REDIS_URL: redis://[:password@]host:port[/number], rediss://
// or host:port. It is nil if the variable is not set. Nothing is dialled yet.
func FromEnv(getenv func(string) string) (*redis.Client, error) {
	address := strings.TrimSpace(getenv("REDIS_URL"))
	if address == "" {
		return nil, nil
	}
	if !strings.Contains(address, "://") {
		address = "redis://" + address
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		var unread *url.Error // repeats the address, and with it the password
		if errors.As(err, &unread) {
			err = unread.Err
		}
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = Timeout, Timeout, Timeout, Timeout
	o.ContextTimeoutEnabled = true
	o.MaxRetries = -1
	o.DialerRetries = 1
	o.PoolSize = 16
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	silence()
	client := redis.NewClient(o)
	client.AddHook(tracing{})
	return client, nil
}

// silence keeps the library from writing to standard error: its users say in their own
// logs, once, that Redis is away.
var silence = sync.OnceFunc(func() { redis.SetLogger(discard{}) })

type discard struct{}

func (discard) Printf(context.Context, string, ...any) {}
