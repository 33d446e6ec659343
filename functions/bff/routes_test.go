package bff_test

import (
	"testing"

	"spiceharvester/functions/bff"
	"spiceharvester/shared/httpapi/httpapitest"
)

func open(t *testing.T) *bff.Function {
	t.Helper()
	return httpapitest.Open(t, "bff", bff.Open)
}

func TestEveryRouteIsGuarded(t *testing.T) {
	httpapitest.Guarded(t, open(t), "/api/v1/", "/api/v1/health", "/docs", "/redoc")
}

func TestItDoesNotStartOpen(t *testing.T) { httpapitest.SafeDefaults(t, "bff", "BFF", bff.Open) }
