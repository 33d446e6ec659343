// Package platform makes what functions share out of the environment: the event
// log, the registry, the clients. Nothing does I/O before it is used, so that a
// cold start is short.
package platform

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"spiceharvester/shared/config"
	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/pgindex"
	"spiceharvester/shared/eventlog/s3store"
	"spiceharvester/shared/nudge"
	"spiceharvester/shared/redisclient"
	"spiceharvester/shared/status"
	"spiceharvester/shared/telemetry"
	"spiceharvester/shared/telemetry/pgtrace"
)

// Platform is one function's access to the installation.
type Platform struct {
	Config   config.Config
	Log      *eventlog.Log
	Store    *s3store.Store // the bucket of the log
	Index    *pgindex.Index
	Registry *pgregistry.Registry
	Pool     *pgxpool.Pool
	Logger   *slog.Logger
	Now      func() time.Time
	Redis    *redis.Client    // nil where there is none: everything works without it
	Statuses *status.Redis    // the board of command states; nil without Redis
	TaskNews *status.TaskNews // tells that background tasks changed
	Status   *status.Writer

	// Transport carries all HTTP calls to backing services and functions.
	Transport http.RoundTripper
	Telemetry *telemetry.Telemetry
	Scope     *telemetry.Scope // of the function

	*shared
}

// shared is what the functions of one process have together.
type shared struct {
	connections *http.Transport
	logger      *slog.Logger // without a function

	mu      sync.Mutex
	nudgers []*nudge.Nudger
	stops   []func()
}

// For gives a function that shares the process its own name in logs, metrics and
// traces.
func (p *Platform) For(function string) *Platform {
	f := *p
	f.Logger, f.Scope = p.logger.With("function", function), p.Telemetry.Scope(function)
	return &f
}

// Nudger makes a way to tell a function that there is work. It is nil, and does
// nothing, where timers alone have to do.
func (p *Platform) Nudger(function string) *nudge.Nudger {
	if p.Config.FunctionURL == "" {
		return nil
	}
	target := strings.ReplaceAll(p.Config.FunctionURL, "{function}", function)
	n := nudge.New(&http.Client{Transport: p.Transport}, target, p.Logger)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nudgers = append(p.nudgers, n)
	return n
}

// Open wires a function's dependencies. name is the function's, for logs and as
// the writer's name in the event log.
func Open(name string, c config.Config, logger *slog.Logger) (*Platform, error) {
	cache, err := redisclient.FromEnv(c.Env)
	if err != nil {
		return nil, err
	}
	ttl, err := status.TTLFromEnv(c.Env)
	if err != nil {
		return nil, err
	}
	pools, err := pgindex.PoolConfig(c.PostgresURL)
	if err != nil {
		return nil, err
	}
	pools.MaxConns = 8
	pools.ConnConfig.Tracer = pgtrace.Tracer{Service: name}
	told, err := telemetry.Open(c.Env, logger)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(context.Background(), pools)
	if err != nil {
		return nil, fmt.Errorf("platform: postgres: %w", err)
	}
	connections := newTransport()
	p := &Platform{
		Config: c, Pool: pool, Logger: logger.With("function", name), Now: time.Now, Redis: cache, Transport: telemetry.Transport(connections),
		Telemetry: told, Scope: told.Scope(name), shared: &shared{connections: connections, logger: logger},
	}
	owner := fmt.Sprintf("%s-%d-%s", name, os.Getpid(), uuid.NewString()[:8])
	p.stops = append(p.stops, telemetry.SetSource("pool", func(context.Context) error {
		telemetry.DBPool.WithLabelValues(name).Set(float64(pool.Stat().TotalConns()))
		return nil
	}))
	p.Index = pgindex.New(pool)
	p.Registry = pgregistry.New(pool, owner)
	p.Store = s3store.New(S3Client(c, p.Transport), c.EventStoreBucket)
	relay := p.Nudger("message-relay")
	p.Log = eventlog.New(eventlog.Config{
		Objects: p.Store, Index: p.Index, Writer: owner, NewID: uuid.NewString, Chains: c.Chains, Logger: p.Logger, Appended: relay.Nudge,
	})
	if cache != nil {
		p.Statuses = &status.Redis{Client: cache, TTL: ttl, LogID: func(ctx context.Context) (string, error) {
			meta, err := p.Log.Meta(ctx)
			return meta.ID, err
		}}
		p.Status = status.NewWriter(p.Statuses, p.Log, p.Logger)
		p.TaskNews = status.NewTaskNews(p.Statuses, p.Logger)
	}
	return p, nil
}

// S3Client makes a client of the installation's object store.
func S3Client(c config.Config, transport http.RoundTripper) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(c.S3Endpoint), UsePathStyle: true, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(c.S3AccessKey, c.S3SecretKey, ""),
		HTTPClient:  &http.Client{Transport: transport},
	})
}

// newTransport keeps enough idle connections for the calls that functions make
// at once.
func newTransport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 256, 64
	return t
}

// Ready checks that the log and its index can be reached and belong together.
func (p *Platform) Ready(ctx context.Context) error {
	_, err := p.Log.Meta(ctx)
	return err
}

// Close waits for what is under way.
func (p *Platform) Close() {
	p.Status.Close()
	p.TaskNews.Close()
	p.Log.Close()
	for _, n := range p.nudgers {
		n.Close()
	}
	for _, stop := range p.stops {
		stop()
	}
	if p.Redis != nil {
		p.Redis.Close() // what it did not send is lost, as everything in it may be
	}
	p.Pool.Close()
	p.connections.CloseIdleConnections()
	p.Telemetry.Close()
}
