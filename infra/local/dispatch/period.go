package dispatch

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

var period = regexp.MustCompile(`^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$`)

// parsePeriod reads an ISO 8601 time period as Knative's delivery fields take
// it: hours, minutes and seconds, for example PT1M30S or PT0.2S.
func parsePeriod(text string) (time.Duration, error) {
	m := period.FindStringSubmatch(text)
	if m == nil || text == "PT" {
		return 0, fmt.Errorf("%q is no ISO 8601 period such as PT5S", text)
	}
	var total time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.ParseFloat(m[i+1], 64)
		if err != nil || n > float64(24*time.Hour/unit) {
			return 0, fmt.Errorf("%q is longer than a day", text)
		}
		total += time.Duration(n * float64(unit))
	}
	return total, nil
}
