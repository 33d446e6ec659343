package bff

import (
	"context"
	"time"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

const version = "2.0.0"

var (
	textDescription = problem.Define("bff.description", "Backend for Frontend service.", "백엔드 포 프론트엔드 서비스")
	textHealthy     = problem.Define("bff.healthy", "Service is healthy", "서비스가 정상입니다.")
	textDomain      = problem.Define("bff.domain", "Domain-agnostic ontology management service.", "도메인 독립적인 온톨로지 관리 서비스")
)

func (f *Function) root(r *httpapi.Request) (*httpapi.Response, error) {
	return httpapi.OK(map[string]any{"service": "Ontology BFF Service", "version": version, "description": textDomain.With().In(r.Lang)}), nil
}

// health is healthy as long as this function answers; oms_connected says
// whether the log behind both APIs can be reached.
func (f *Function) health(r *httpapi.Request) (*httpapi.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	return httpapi.Success(r, textHealthy.With(), map[string]any{
		"service": "BFF", "version": version, "status": "healthy", "description": textDescription.With().In(r.Lang),
		"oms_connected": f.core.Ready(ctx) == nil,
	}), nil
}
