package real

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Config says where the servers come from and what they keep.
type Config struct {
	Scripts  string // the folder of this package: launchers and settings
	Programs string // the folder that install.sh has filled
	Dir      string // data and output of these servers
}

// Servers are a Kafka broker, an Elasticsearch node and a Redis of one owner.
type Servers struct {
	env map[string]string

	mu      sync.Mutex
	running []*server
}

// attempts bounds the tries of a start: a free port may be taken by another
// process before the server has it.
const attempts = 3

// Start runs the servers on free ports of the loopback interface and waits until
// each answers. They end with Stop, or with this process.
func Start(ctx context.Context, c Config) (*Servers, error) {
	for _, folder := range []*string{&c.Scripts, &c.Programs, &c.Dir} {
		absolute, err := filepath.Abs(*folder)
		if err != nil {
			return nil, err
		}
		*folder = absolute
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, err
	}
	s := &Servers{env: map[string]string{}}
	starts := []func(context.Context, Config) error{s.startKafka, s.startElasticsearch, s.startRedis}
	errs := make([]error, len(starts))
	var all sync.WaitGroup
	for i, start := range starts {
		all.Go(func() {
			for range attempts {
				if errs[i] = start(ctx, c); errs[i] == nil || ctx.Err() != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Env gives the addresses as the platform reads them.
func (s *Servers) Env() map[string]string { return s.env }

// Stop ends all servers in an orderly way.
func (s *Servers) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	errs := make([]error, len(s.running))
	var all sync.WaitGroup
	for i, one := range s.running {
		all.Go(func() { errs[i] = one.stop() })
	}
	all.Wait()
	s.running = nil
	return errors.Join(errs...)
}

func (s *Servers) add(one *server, variable, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, one)
	s.env[variable] = address
}

func (s *Servers) startKafka(ctx context.Context, c Config) error {
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	address := "127.0.0.1:" + ports[0]
	one, err := startServer(ctx, command{
		name: "kafka", output: filepath.Join(c.Dir, "kafka.log"), program: filepath.Join(c.Scripts, "kafka", "run.sh"),
		env: []string{"PORT=" + ports[0], "CPORT=" + ports[1], "DATA=" + filepath.Join(c.Dir, "kafka"), "LIB=" + filepath.Join(c.Programs, "kafka")},
		ready: func(ctx context.Context) error {
			client, err := kgo.NewClient(kgo.SeedBrokers(address))
			if err != nil {
				return err
			}
			defer client.Close()
			return client.Ping(ctx)
		},
	})
	if err != nil {
		return err
	}
	s.add(one, "KAFKA_BOOTSTRAP_SERVERS", address)
	return nil
}

func (s *Servers) startElasticsearch(ctx context.Context, c Config) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	address := "http://127.0.0.1:" + ports[0]
	one, err := startServer(ctx, command{
		name: "elasticsearch", output: filepath.Join(c.Dir, "elasticsearch.log"), program: filepath.Join(c.Scripts, "elasticsearch", "run.sh"),
		arguments: []string{ports[0], filepath.Join(c.Dir, "elasticsearch")}, env: []string{"OUT=" + filepath.Join(c.Programs, "elasticsearch")},
		ready: func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/_cluster/health?wait_for_status=yellow&timeout=1s", nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("status %d", answer.StatusCode)
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	s.add(one, "ELASTICSEARCH_URL", address)
	return nil
}

func (s *Servers) startRedis(ctx context.Context, c Config) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.Dir, "redis")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	address := "127.0.0.1:" + ports[0]
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	one, err := startServer(ctx, command{
		name: "redis", output: filepath.Join(c.Dir, "redis.log"), program: "redis-server",
		arguments: []string{"--bind", "127.0.0.1", "--port", ports[0], "--dir", dir, "--save", ""},
		ready:     func(ctx context.Context) error { return client.Ping(ctx).Err() },
	})
	if err != nil {
		return err
	}
	s.add(one, "REDIS_URL", "redis://"+address)
	return nil
}

// freePorts gives ports that nobody listened on a moment ago.
func freePorts(n int) ([]string, error) {
	var ports []string
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close() // all held until the last is found: no number twice
		ports = append(ports, strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return ports, nil
}
