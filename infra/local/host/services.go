package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	migrations "spiceharvester/infra/postgres"

	"spiceharvester/infra/local/elasticsearch"
	"spiceharvester/infra/local/kafka"
	"spiceharvester/infra/local/lakefs"
	"spiceharvester/infra/local/postgres"
	"spiceharvester/infra/local/redis"
	"spiceharvester/infra/local/s3"
	"spiceharvester/infra/local/terminusdb"
	"spiceharvester/shared/config"
	"spiceharvester/shared/eventlog/s3store"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/platform"
)

// backing is a backing service that the host runs unless the environment gives
// an address for it. Services in a later list need those of the earlier ones.
type backing struct {
	name    string
	address string // variable of the address
	port    string // variable of the port
	number  int    // default port
	start   func(ctx context.Context, h *Host, port int) error
}

var backings = [][]backing{{
	{"PostgreSQL", "POSTGRES_URL", "POSTGRES_PORT", 5433, startPostgres},
	{"S3", "MINIO_ENDPOINT_URL", "S3_PORT", 9000, startS3},
	{"Kafka", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA_PORT", 9092, startKafka},
	{"Elasticsearch", "ELASTICSEARCH_URL", "ELASTICSEARCH_PORT", 9200, startElasticsearch},
	{"TerminusDB", "TERMINUS_SERVER_URL", "TERMINUSDB_PORT", 6363, startTerminusDB},
	{"Redis", "REDIS_URL", "REDIS_PORT", 6379, startRedis},
}, {
	{"lakeFS", "LAKEFS_ENDPOINT", "LAKEFS_PORT", 8001, startLakeFS},
}}

func startPostgres(ctx context.Context, h *Host, port int) error {
	server, err := postgres.Start(ctx, postgres.Config{Dir: filepath.Join(h.data, "postgres"), Port: port, Cache: filepath.Join(h.data, "cache", "postgres")})
	if err != nil {
		return err
	}
	h.onStop(func() error { return server.Stop(context.Background()) })
	h.set("POSTGRES_URL", server.DSN())
	return nil
}

func startS3(ctx context.Context, h *Host, port int) error {
	server, err := s3.StartProcess(ctx, s3.Config{Dir: filepath.Join(h.data, "s3"), Port: port, AccessKey: h.env.get("MINIO_ACCESS_KEY"), SecretKey: h.env.get("MINIO_SECRET_KEY")})
	if err != nil {
		return err
	}
	h.onStop(server.Stop)
	h.set("MINIO_ENDPOINT_URL", server.Endpoint())
	return nil
}

func startKafka(_ context.Context, h *Host, port int) error {
	broker, err := kafka.Start(kafka.Config{Dir: filepath.Join(h.data, "kafka"), Port: port, Logger: h.logger})
	if err != nil {
		return err
	}
	h.onStop(broker.Stop)
	h.set("KAFKA_BOOTSTRAP_SERVERS", broker.Addr())
	return nil
}

func startElasticsearch(ctx context.Context, h *Host, port int) error {
	server, err := elasticsearch.Start(context.WithoutCancel(ctx), elasticsearch.Config{
		Dir: filepath.Join(h.data, "elasticsearch"), Port: port, Logger: h.logger, EnableFaults: h.env.get("ELASTICSEARCH_FAULTS") == "1",
	})
	if err != nil {
		return err
	}
	h.onStop(func() error { return server.Stop(context.Background()) })
	h.set("ELASTICSEARCH_URL", server.URL())
	return nil
}

// startTerminusDB runs the graph. User and account are those of the contract.
func startTerminusDB(ctx context.Context, h *Host, port int) error {
	h.env.setDefault("TERMINUS_USER", "admin")
	h.env.setDefault("TERMINUS_ACCOUNT", "admin")
	server, err := terminusdb.Start(context.WithoutCancel(ctx), terminusdb.Config{
		Dir: filepath.Join(h.data, "terminusdb"), Port: port, Logger: h.logger,
		User: h.env.get("TERMINUS_USER"), Key: h.env.get("TERMINUS_KEY"), Account: h.env.get("TERMINUS_ACCOUNT"),
	})
	if err != nil {
		return err
	}
	h.onStop(func() error { return server.Stop(context.Background()) })
	h.set("TERMINUS_SERVER_URL", server.URL())
	return nil
}

func startRedis(_ context.Context, h *Host, port int) error {
	server, err := redis.Start(port)
	if err != nil {
		return err
	}
	h.onStop(func() error { server.Stop(); return nil })
	h.set("REDIS_URL", server.URL())
	return nil
}

// startLakeFS runs the lake on the bucket that the object store keeps for it.
func startLakeFS(ctx context.Context, h *Host, port int) error {
	c, err := config.FromEnv(h.env.get)
	if err != nil {
		return err
	}
	client := platform.S3Client(c, h.transport)
	if err := s3store.New(client, ingest.Bucket(h.env.get)).EnsureBucket(ctx); err != nil {
		return err
	}
	server, err := lakefs.Start(context.WithoutCancel(ctx), lakefs.Config{
		Dir: filepath.Join(h.data, "lakefs"), Port: port, Blobs: lakefs.S3(client), Logger: h.logger,
		AccessKey: h.env.get("LAKEFS_ACCESS_KEY_ID"), SecretKey: h.env.get("LAKEFS_SECRET_ACCESS_KEY"),
	})
	if err != nil {
		return err
	}
	h.onStop(func() error { return server.Stop(context.Background()) })
	h.set("LAKEFS_ENDPOINT", server.URL())
	return nil
}

// startServices brings up everything behind the functions.
func (h *Host) startServices(ctx context.Context) error {
	for _, list := range backings {
		if err := h.startAtOnce(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) startAtOnce(ctx context.Context, list []backing) error {
	errs := make([]error, len(list))
	var starts sync.WaitGroup
	for i, s := range list {
		if h.env.given(s.address) {
			h.logger.InfoContext(ctx, "uses "+s.name+" of the environment", "variable", s.address)
			h.set(s.address, h.env.get(s.address)) // the env file holds every address
			continue
		}
		port, err := h.env.port(s.port, s.number)
		if err != nil {
			return err
		}
		starts.Go(func() {
			if err := s.start(ctx, h, port); errors.Is(err, syscall.EADDRINUSE) {
				errs[i] = fmt.Errorf("%s: port %d is taken; set %s to another one, 0 for any: %w", s.name, port, s.port, err)
			} else if err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.name, err)
			}
		})
	}
	starts.Wait()
	return errors.Join(errs...)
}

// prepare makes schema, bucket and topics, and checks that the object store can
// carry the log.
func (h *Host) prepare(ctx context.Context, c config.Config) error {
	errs := make([]error, 3)
	var steps sync.WaitGroup
	steps.Go(func() { errs[0] = migrations.Migrate(ctx, c.PostgresURL) })
	steps.Go(func() {
		store := s3store.New(platform.S3Client(c, h.transport), c.EventStoreBucket)
		if errs[1] = store.EnsureBucket(ctx); errs[1] == nil {
			errs[1] = store.Probe(ctx)
		}
	})
	steps.Go(func() { errs[2] = ensureTopics(ctx, c.KafkaBrokers, h.topics, h.logger) })
	steps.Wait()
	return errors.Join(errs...)
}

func ensureTopics(ctx context.Context, brokers []string, list topicList, logger *slog.Logger) error {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ClientID("local-host"))
	if err != nil {
		return fmt.Errorf("kafka: %w", err)
	}
	defer client.Close()
	created, err := kadm.NewClient(client).CreateTopics(ctx, int32(list.Partitions), 1, nil, list.Topics...)
	if err != nil {
		return fmt.Errorf("kafka: create topics: %w", err)
	}
	for _, topic := range created.Sorted() {
		switch {
		case topic.Err == nil:
			logger.DebugContext(ctx, "topic created", "topic", topic.Topic)
		case !errors.Is(topic.Err, kerr.TopicAlreadyExists):
			return fmt.Errorf("kafka: create topic %s: %w", topic.Topic, topic.Err)
		}
	}
	return nil
}
