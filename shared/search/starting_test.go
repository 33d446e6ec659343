package search

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestReadsWaitForStartingShards(t *testing.T) {
	starting := fmt.Errorf("search: %w", &Error{Status: http.StatusServiceUnavailable, Type: "search_phase_execution_exception"})
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			answers []error // the last one stays
			reads   int
			want    error
			within  time.Duration
		}{
			"at once":         {[]error{nil}, 1, nil, 0},
			"a moment later":  {[]error{starting, starting, nil}, 3, nil, 200 * time.Millisecond},
			"never":           {[]error{starting}, 40, starting, startLimit},
			"another failure": {[]error{starting, http.ErrHandlerTimeout}, 2, http.ErrHandlerTimeout, 100 * time.Millisecond},
		} {
			begin, reads := time.Now(), 0
			err := started(t.Context(), func() error {
				answer := c.answers[min(reads, len(c.answers)-1)]
				reads++
				return answer
			})
			if !errors.Is(err, c.want) || reads < c.reads || time.Since(begin) > c.within {
				t.Errorf("%s: %v after %d reads and %s", name, err, reads, time.Since(begin))
			}
		}
	})
}
