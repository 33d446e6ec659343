package kafkatest_test

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/local/kafka/kafkatest"
)

func topics(t *testing.T, addr string) kadm.TopicDetails {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	details, err := kadm.NewClient(c).ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return details
}

func TestEveryTestHasItsBroker(t *testing.T) {
	first, second := kafkatest.New(t, "events", "commands"), kafkatest.New(t)
	got := topics(t, first)
	if len(got) != 2 || len(got["events"].Partitions) != kafkatest.Partitions || len(got["commands"].Partitions) != kafkatest.Partitions {
		t.Errorf("the first broker has %v", got)
	}
	if got := topics(t, second); len(got) != 0 {
		t.Errorf("the second broker has %v", got.Names())
	}
}

func TestTheBrokerEndsWithTheTest(t *testing.T) {
	var addr string
	t.Run("user", func(t *testing.T) { addr = kafkatest.New(t) })
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.RequestRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Ping(context.Background()); err == nil {
		t.Error("the broker still answers")
	}
}
