package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/local/folderlock"
	"spiceharvester/infra/local/reexec"
)

func init() { reexec.Register("kafka-test", serve) }

// serve is a program with a broker in it.
func serve(ctx context.Context, config Config, ready func(addr string)) error {
	b, err := Start(config)
	if err != nil {
		return err
	}
	ready(b.Addr())
	<-ctx.Done()
	return b.Stop()
}

func startTest(t *testing.T, config Config) *Broker {
	t.Helper()
	config.Logger = slog.New(slog.DiscardHandler)
	b, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func newClient(t *testing.T, addr string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(options, kgo.SeedBrokers(addr))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// produce writes n acknowledged records to the topic, whose values count on from first.
func produce(t *testing.T, addr, topic string, first, n int) {
	t.Helper()
	c := newClient(t, addr)
	for i := range n {
		record := &kgo.Record{Topic: topic, Key: []byte("key"), Value: fmt.Append(nil, first+i)}
		if err := c.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	c.Close()
}

// consume reads n records of the topic as a member of the group and commits them.
func consume(t *testing.T, addr, topic, group string, n int) (values []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := newClient(t, addr, kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for len(values) < n {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			t.Fatalf("after %v: %v", values, err)
		}
		fetches.EachRecord(func(r *kgo.Record) { values = append(values, string(r.Value)) })
	}
	if err := c.CommitUncommittedOffsets(ctx); err != nil {
		t.Fatal(err)
	}
	c.Close()
	return values
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRecordsAndOffsetsSurviveARestart(t *testing.T) {
	for _, sync := range []bool{false, true} {
		t.Run(fmt.Sprintf("sync=%v", sync), func(t *testing.T) {
			config := Config{Dir: filepath.Join(t.TempDir(), "kafka"), Sync: sync, Topics: []string{"events"}}
			b := startTest(t, config)
			produce(t, b.Addr(), "events", 1, 3)
			expect(t, consume(t, b.Addr(), "events", "readers", 3), "1", "2", "3")
			for range 2 {
				if err := b.Stop(); err != nil {
					t.Fatal(err)
				}
			}

			b = startTest(t, config) // on another port
			produce(t, b.Addr(), "events", 4, 2)
			expect(t, consume(t, b.Addr(), "events", "readers", 2), "4", "5")
			expect(t, consume(t, b.Addr(), "events", "newcomers", 5), "1", "2", "3", "4", "5")
		})
	}
}

func TestAcknowledgedRecordsSurviveAKill(t *testing.T) {
	config := Config{Dir: t.TempDir(), Topics: []string{"events"}}
	child, addr, err := reexec.Start[Config, string](t.Context(), "kafka-test", config)
	if err != nil {
		t.Fatal(err)
	}
	produce(t, addr, "events", 1, 3)
	child.Kill()
	b := startTest(t, config)
	expect(t, consume(t, b.Addr(), "events", "readers", 3), "1", "2", "3")
}

func TestMemoryIsEmptyAtEveryStart(t *testing.T) {
	b := startTest(t, Config{Topics: []string{"events"}})
	produce(t, b.Addr(), "events", 1, 1)
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	b = startTest(t, Config{})
	topics, err := kadm.NewClient(newClient(t, b.Addr())).ListTopics(t.Context())
	if err != nil || len(topics) != 0 {
		t.Errorf("topics of a new broker: %v, %v", topics.Names(), err)
	}
}

func TestTopicsHaveTheStatedPartitions(t *testing.T) {
	b := startTest(t, Config{Topics: []string{"a", "b"}, Partitions: 8})
	topics, err := kadm.NewClient(newClient(t, b.Addr())).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if n := len(topics[name].Partitions); n != 8 {
			t.Errorf("topic %s has %d partitions", name, n)
		}
	}
}

func TestTopicsAreNotCreatedByUse(t *testing.T) {
	b := startTest(t, Config{})
	c := newClient(t, b.Addr(), kgo.AllowAutoTopicCreation(), kgo.UnknownTopicRetries(0))
	err := c.ProduceSync(t.Context(), &kgo.Record{Topic: "unknown", Value: []byte("x")}).FirstErr()
	if !errors.Is(err, kerr.UnknownTopicOrPartition) {
		t.Errorf("got %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	config := Config{Dir: t.TempDir(), Port: taken.Addr().(*net.TCPAddr).Port}
	_, err = Start(config)
	if !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), fmt.Sprint(config.Port)) {
		t.Errorf("got %v, want an error that names port %d", err, config.Port)
	}
	taken.Close()
	if b := startTest(t, config); b.Addr() != fmt.Sprintf("127.0.0.1:%d", config.Port) {
		t.Errorf("the address is %s", b.Addr())
	}
}

func TestAFolderIsUsedOnce(t *testing.T) {
	config := Config{Dir: t.TempDir()}
	startTest(t, config)
	if _, err := Start(config); !errors.Is(err, folderlock.ErrTaken) {
		t.Errorf("got %v, want ErrTaken", err)
	}
}

func TestStopSaysWhatWasNotSaved(t *testing.T) {
	config := Config{Dir: filepath.Join(t.TempDir(), "kafka"), Logger: slog.New(slog.DiscardHandler)}
	b, err := Start(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(config.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := b.Stop(); err == nil {
		t.Error("the folder is gone and Stop did not say so")
	}
}
