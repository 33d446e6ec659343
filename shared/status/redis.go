package status

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"spiceharvester/shared/event"
)

// channelPrefix begins the channel of a command; its id follows.
const channelPrefix = "command_updates:"

// How long states are kept: long enough for whoever waits, and never as long as the log
// remembers ids, since a later command may have the id of a forgotten one.
const (
	defaultTTL = 24 * time.Hour
	maxTTL     = 7 * 24 * time.Hour
)

// silence is how long a listener hears nothing before it asks whether Redis is there.
const silence = 2 * time.Second

// Redis is the board that all processes share.
type Redis struct {
	Client *redis.Client
	// LogID names the log whose commands these are.
	LogID func(context.Context) (string, error)
	TTL   time.Duration // 0 is a day
}

// TTLFromEnv reads COMMAND_STATUS_TTL_SECONDS; 0 is the default.
func TTLFromEnv(getenv func(string) string) (time.Duration, error) {
	text := strings.TrimSpace(getenv("COMMAND_STATUS_TTL_SECONDS"))
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("COMMAND_STATUS_TTL_SECONDS is %q, not a number of seconds", text)
	}
	return min(time.Duration(n)*time.Second, maxTTL), nil
}

// put writes the states KEYS if they are news. ARGV: milliseconds to live, then for each
// state its rank, the record ("" is none: too large) and the channel.
var put = redis.NewScript(`
local news = {}
for i, key in ipairs(KEYS) do
  local rank, record, channel = tonumber(ARGV[3*i-1]), ARGV[3*i], ARGV[3*i+1]
  local known = tonumber(redis.call('HGET', key, 'rank'))
  if known and known >= rank then
    news[i] = 0
  else
    redis.call('HSET', key, 'rank', ARGV[3*i-1], 'record', record)
    redis.call('PEXPIRE', key, ARGV[1])
    if record ~= '' then redis.call('PUBLISH', channel, record) end
    news[i] = 1
  end
end
return news
`)

// key names the state of a command. All keys of a log share a slot of a cluster.
func key(log string, id event.ID) string { return "command:{" + log + "}:" + string(id) + ":status" }

// Put implements Board.
func (b *Redis) Put(ctx context.Context, records []Record) ([]bool, error) {
	log, err := b.LogID(ctx)
	if err != nil {
		return nil, err
	}
	ttl := b.TTL
	if ttl == 0 {
		ttl = defaultTTL
	}
	keys, args := make([]string, len(records)), []any{ttl.Milliseconds()}
	for i := range records {
		r := &records[i]
		raw, err := encode(log, r)
		if err != nil {
			return nil, err
		}
		if len(raw) > maxRecord {
			raw = nil
		}
		keys[i] = key(log, r.CommandID)
		args = append(args, r.Order(), raw, channelPrefix+string(r.CommandID))
	}
	flags, err := put.Run(ctx, b.Client, keys, args...).Int64Slice()
	if err != nil {
		return nil, fmt.Errorf("status: put: %w", err)
	}
	if len(flags) != len(records) {
		return nil, fmt.Errorf("status: put: %d answers to %d states", len(flags), len(records))
	}
	news := make([]bool, len(flags))
	for i, flag := range flags {
		news[i] = flag == 1
	}
	return news, nil
}

// Get implements Board.
func (b *Redis) Get(ctx context.Context, id event.ID) (Record, bool, error) {
	log, err := b.LogID(ctx)
	if err != nil {
		return Record{}, false, err
	}
	raw, err := b.Client.HGet(ctx, key(log, id), "record").Bytes()
	if errors.Is(err, redis.Nil) || err == nil && len(raw) == 0 {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("status: get: %w", err)
	}
	_, r, err := decode(raw)
	return r, err == nil, err
}

// Listen implements Board.
func (b *Redis) Listen(ctx context.Context, ready func(), hear func(Record)) error {
	log, err := b.LogID(ctx)
	if err != nil {
		return err
	}
	return listen(ctx, b.Client.PSubscribe(ctx, channelPrefix+"*"), ready, func(payload string) {
		// What others put on the channel is not ours to judge.
		if whose, r, err := decode([]byte(payload)); err == nil && whose == log {
			hear(r)
		}
	})
}

// listen hands over what channels carry until ctx ends or nothing can be heard any more.
// ready is called once, when nothing will be missed.
func listen(ctx context.Context, channels *redis.PubSub, ready func(), hear func(payload string)) error {
	defer channels.Close()
	defer context.AfterFunc(ctx, func() { channels.Close() })()
	for asked := false; ; {
		message, err := channels.ReceiveTimeout(ctx, silence)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() && !asked {
			asked = true
			if err = channels.Ping(ctx); err == nil {
				continue
			}
		}
		if err != nil {
			return fmt.Errorf("status: listen: %w", err)
		}
		asked = false
		switch m := message.(type) {
		case *redis.Subscription:
			ready()
		case *redis.Message:
			hear(m.Payload)
		}
	}
}
