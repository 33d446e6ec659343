package ratelimit

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis keeps buckets that all processes share.
type Redis struct{ Client *redis.Client }

// take works on one bucket, a hash of its tokens and the time of its last change in
// seconds. ARGV: capacity, tokens per second, cost, now. The clocks of the processes
// may differ a little, so time never runs backwards here.
var take = redis.NewScript(`
local capacity, rate, cost, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(state[1]) or capacity, tonumber(state[2]) or now
if now > at then
  tokens = math.min(capacity, tokens + (now - at) * rate)
  at = now
end
local allowed = 0
if tokens >= cost then
  tokens = tokens - cost
  allowed = 1
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.3f', at))
redis.call('EXPIRE', KEYS[1], 3600)
return {allowed, tostring(tokens)}
`)

// Take implements Buckets.
func (r Redis) Take(ctx context.Context, p Preset, key string, now time.Time) (tokens float64, allowed bool, err error) {
	answer, err := take.Run(ctx, r.Client, []string{"bucket:" + key},
		p.Requests, strconv.FormatFloat(p.perSecond(), 'f', -1, 64), p.Cost, strconv.FormatFloat(float64(now.UnixMilli())/1000, 'f', 3, 64)).Slice()
	if err != nil {
		return 0, false, fmt.Errorf("ratelimit: %w", err)
	}
	if len(answer) != 2 {
		return 0, false, fmt.Errorf("ratelimit: the script answers %v", answer)
	}
	text, _ := answer[1].(string)
	if tokens, err = strconv.ParseFloat(text, 64); err != nil {
		return 0, false, fmt.Errorf("ratelimit: the script answers %v", answer)
	}
	return tokens, answer[0] == int64(1), nil
}
