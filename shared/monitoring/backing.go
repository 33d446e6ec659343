package monitoring

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// askTimeout bounds the question to one service; all are asked at once.
const askTimeout = 2 * time.Second

// backing is a service behind the API. Without an address nobody asks it.
type backing struct {
	name, kind string
	address    string // shown; holds no credentials
	ask        func(ctx context.Context) error
}

// The states of a service.
const (
	statusHealthy   = "healthy"
	statusUnhealthy = "unhealthy"
	statusAbsent    = "not_initialized"
)

// result is what became of a question.
type result struct {
	status  string
	asked   bool
	latency float64 // milliseconds
	err     string
}

func asked(list []result) (n int) {
	for _, r := range list {
		if r.asked {
			n++
		}
	}
	return n
}

func (m *Monitor) services() []backing {
	c := m.platform.Config
	web := func(name, kind, address, path string) backing {
		address = bare(address)
		return backing{name, kind, address, func(ctx context.Context) error { return m.get(ctx, strings.TrimSuffix(address, "/")+path) }}
	}
	env := m.settings.get
	pg := m.settings.postgres
	return []backing{
		{"postgres", "PostgreSQL", fmt.Sprintf("%s:%d", pg.Host, pg.Port), m.platform.Pool.Ping},
		web("s3", "S3", c.S3Endpoint, "/"),
		{"kafka", "Kafka", strings.Join(m.settings.brokers(), ","), m.dialAny},
		web("elasticsearch", "Elasticsearch", env("ELASTICSEARCH_URL"), "/_cluster/health"),
		web("lakefs", "lakeFS", env("LAKEFS_ENDPOINT"), "/api/v1/healthcheck"),
		{"redis", "Redis", host(env("REDIS_URL")), func(ctx context.Context) error { return dial(ctx, host(env("REDIS_URL"))) }},
		web("terminusdb", "TerminusDB", env("TERMINUS_SERVER_URL"), "/api/ok"),
	}
}

// get is content with any answer that is no failure of the server: to be refused
// without credentials is to be alive.
func (m *Monitor) get(ctx context.Context, target string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return errors.New("the address is no URL")
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("answers %d", resp.StatusCode)
	}
	return nil
}

func dial(ctx context.Context, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// dialAny reaches one of Kafka's brokers.
func (m *Monitor) dialAny(ctx context.Context) (err error) {
	for _, broker := range m.settings.brokers() {
		if err = dial(ctx, broker); err == nil {
			return nil
		}
	}
	return err
}

// ask asks every service that has an address, all at once.
func (m *Monitor) ask(ctx context.Context) []result {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	found := make([]result, len(m.backing))
	var questions sync.WaitGroup
	for i, b := range m.backing {
		if found[i].status = statusAbsent; b.address == "" {
			continue
		}
		questions.Go(func() {
			begin := time.Now()
			err := b.ask(ctx)
			found[i] = result{status: statusHealthy, asked: true, latency: float64(time.Since(begin).Microseconds()) / 1000}
			if err != nil {
				m.platform.Logger.WarnContext(ctx, "a backing service does not answer", "service", b.name, "error", err)
				found[i].status, found[i].err = statusUnhealthy, reason(err)
			}
		})
	}
	questions.Wait()
	return found
}

// reason tells what went wrong without the texts of drivers, which may hold what
// they were configured with; the log has them.
func reason(err error) string {
	var network net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time"
	case strings.HasPrefix(err.Error(), "answers "):
		return err.Error()
	}
	return "cannot be reached"
}

// bare gives scheme, host and path of a URL: no credentials, no parameters.
func bare(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.Host == "" {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// host gives host and port of a URL.
func host(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return ""
	}
	if u.Host != "" && u.Port() == "" && strings.HasPrefix(u.Scheme, "redis") {
		return net.JoinHostPort(u.Hostname(), "6379")
	}
	return u.Host
}
