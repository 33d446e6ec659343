package oms_test

import (
	"testing"

	"spiceharvester/functions/oms"
	"spiceharvester/shared/httpapi/httpapitest"
)

func open(t *testing.T) *oms.Function {
	t.Helper()
	return httpapitest.Open(t, "oms", oms.Open)
}

func TestEveryRouteIsGuarded(t *testing.T) {
	httpapitest.Guarded(t, open(t), "/", "/health", "/docs", "/redoc")
}

func TestItDoesNotStartOpen(t *testing.T) { httpapitest.SafeDefaults(t, "oms", "OMS", oms.Open) }

func TestEveryRouteIsDescribed(t *testing.T) { httpapitest.Documented(t, open(t)) }
