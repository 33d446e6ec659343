package eventlogtest_test

import (
	"testing"

	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/eventlog/eventlogtest"
)

func TestObjects(t *testing.T) {
	eventlogtest.ObjectsSuite(t, func(*testing.T) eventlog.Objects { return eventlogtest.NewObjects() })
}

func TestIndex(t *testing.T) {
	eventlogtest.IndexSuite(t, func(*testing.T) eventlog.Index { return eventlogtest.NewIndex() })
}
