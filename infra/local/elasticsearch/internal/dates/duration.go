package dates

import (
	"strconv"
	"strings"
	"time"
)

// Duration reads a time value of Elasticsearch: 100ms, 1s, 5m, 2h, 7d.
func Duration(text string) (d time.Duration, bad bool) {
	units := []struct {
		name string
		unit time.Duration
	}{{"nanos", 1}, {"micros", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}}
	if text == "0" || text == "-1" {
		n, _ := strconv.Atoi(text)
		return time.Duration(n), false
	}
	for _, u := range units {
		if number, ok := strings.CutSuffix(text, u.name); ok {
			n, err := strconv.ParseFloat(number, 64)
			if err != nil || n < 0 {
				return 0, true
			}
			return time.Duration(n * float64(u.unit)), false
		}
	}
	return 0, true
}
