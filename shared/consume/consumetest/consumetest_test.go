package consumetest_test

import (
	"testing"

	"spiceharvester/shared/consume"
	"spiceharvester/shared/consume/consumetest"
)

func TestRegistry(t *testing.T) {
	consumetest.Suite(t, func(*testing.T) consume.Registry { return consumetest.NewRegistry() })
}
