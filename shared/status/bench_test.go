package status_test

import (
	"fmt"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/redisclient"
	"spiceharvester/shared/status"
	"spiceharvester/shared/status/statustest"
)

// BenchmarkPut writes states in batches, to a Redis in this process.
func BenchmarkPut(b *testing.B) {
	server := miniredis.RunT(b)
	c, err := redisclient.FromEnv(func(string) string { return server.Addr() })
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	board := &status.Redis{Client: c, LogID: logID}
	for _, size := range []int{1, 32, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			records := make([]status.Record, size)
			for n := 0; b.Loop(); n++ {
				for i := range records {
					records[i] = statustest.Record(event.ID(fmt.Sprint(size, "-", n, "-", i)), command.Pending, 0)
				}
				if _, err := board.Put(b.Context(), records); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "states/s")
		})
	}
}
