// Package kafka runs a Kafka broker inside this process: kfake, one node, with its records in a data folder.
//
// It speaks the real protocol, transactions and both kinds of consumer groups included, and a killed process loses no
// acknowledged record. What it is not: replicated, quota-enforcing, or strict about topic names and configurations (see
// kfake's own list). Topics are never created by use; a client that needs one creates it.
package kafka

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/loopback"
)

// brokerConfigs differ from Kafka's defaults.
var brokerConfigs = map[string]string{
	// Compaction and retention run once an hour by default.
	"log.cleaner.backoff.ms": "60000",
	// A rebalance of a KIP-848 group takes one heartbeat: 5 s by default.
	"group.consumer.heartbeat.interval.ms": "500",
}

// Config says which broker to run.
type Config struct {
	// Dir is the data folder, created with its parents. Empty keeps everything in memory. A folder that another broker
	// uses is an error that wraps folderlock.ErrTaken.
	Dir string
	// Port of 127.0.0.1; 0 takes a free one. A taken port is an error that wraps syscall.EADDRINUSE.
	Port int
	// Sync makes every batch durable before it is acknowledged (fsync). Without it a power cut may lose the last ones,
	// as with Kafka's own defaults.
	Sync bool
	// Topics are created at the start where they are missing, each with Partitions partitions.
	Topics []string
	// Partitions of each of Topics; default 1.
	Partitions int
	// Logger gets the broker's warnings and errors; default slog.Default().
	Logger *slog.Logger
}

// Broker is a running broker.
type Broker struct {
	cluster *kfake.Cluster
	lock    *folderlock.Lock
	log     *logger
	addr    string
	stop    sync.Once
}

// Start runs a broker until Stop. It answers requests on return.
func Start(config Config) (*Broker, error) {
	b, err := start(config)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return b, nil
}

func start(config Config) (*Broker, error) {
	b := &Broker{log: newLogger(config.Logger)}
	options := []kfake.Opt{kfake.Ports(config.Port), kfake.BrokerConfigs(brokerConfigs), kfake.WithLogger(b.log)}
	if len(config.Topics) > 0 {
		options = append(options, kfake.SeedTopics(int32(max(1, config.Partitions)), config.Topics...))
	}
	if config.Sync {
		options = append(options, kfake.SyncWrites())
	}
	if config.Dir != "" {
		if err := os.MkdirAll(config.Dir, 0o700); err != nil {
			return nil, err
		}
		var err error
		if b.lock, err = folderlock.Try(config.Dir); err != nil {
			return nil, err
		}
		options = append(options, kfake.DataDir(config.Dir))
	}
	cluster, err := kfake.NewCluster(options...)
	if err != nil {
		b.lock.Release()
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, loopback.Taken(config.Port)
		}
		return nil, err
	}
	b.cluster, b.addr = cluster, strings.Join(cluster.ListenAddrs(), ",")
	return b, nil
}

// Addr is the bootstrap address, 127.0.0.1:port.
func (b *Broker) Addr() string { return b.addr }

// Stop writes what is in memory to the data folder and ends the broker. Its error says that this write failed. It may be
// called more than once.
func (b *Broker) Stop() error {
	b.stop.Do(func() {
		b.log.stopping()
		b.cluster.Close()
		b.lock.Release()
	})
	if err := b.log.stopError(); err != nil {
		return fmt.Errorf("kafka: stop: %w", err)
	}
	return nil
}
