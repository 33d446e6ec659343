package bff

import (
	"time"

	"spiceharvester/shared/audit"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

func (f *Function) auditRoutes() {
	f.Handle("GET /api/v1/audit/logs", f.auditLogs)
	f.Handle("GET /api/v1/audit/chain-head", f.auditChainHead)
	f.Handle("GET /api/v1/audit/verify", f.auditVerify)
}

var textAudit = problem.Define("audit.read", "The audit trail was read.", "감사 기록을 조회했습니다.")

// auditLogs lists entries by filters, the newest first.
func (f *Function) auditLogs(r *httpapi.Request) (*httpapi.Response, error) {
	filter := audit.Filter{
		Partition: r.Query("partition_key", ""), Action: r.Query("action", ""), Status: r.OneOf("status", "", audit.Success, audit.Failure),
		ResourceType: r.Query("resource_type", ""), ResourceID: r.Query("resource_id", ""), EventID: r.Query("event_id", ""),
		CommandID: r.Query("command_id", ""), Actor: r.Query("actor", ""),
		Limit: r.Int("limit", 100, 1, 1000), Offset: r.Int("offset", 0, 0, 1<<53),
	}
	var err error
	if filter.Since, err = momentParam(r, "since"); err != nil {
		return nil, err
	}
	if filter.Until, err = momentParam(r, "until"); err != nil {
		return nil, err
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	items, err := f.audit.List(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textAudit.With(), map[string]any{"items": items, "count": len(items)}), nil
}

// auditChainHead answers the end of a partition's hash chain.
func (f *Function) auditChainHead(r *httpapi.Request) (*httpapi.Response, error) {
	partition := r.Required("partition_key")
	if err := r.Check(); err != nil {
		return nil, err
	}
	head, err := f.audit.Head(r.Context(), partition)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textAudit.With(), head), nil
}

// auditVerify computes a partition's hash chain again.
func (f *Function) auditVerify(r *httpapi.Request) (*httpapi.Response, error) {
	partition := r.Required("partition_key")
	if err := r.Check(); err != nil {
		return nil, err
	}
	report, err := f.audit.Verify(r.Context(), partition)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textAudit.With(), report), nil
}

var textMoment = problem.Define("audit.moment", "{name} must be a time in ISO 8601, for example 2026-01-02T03:04:05Z.", "{name}은(는) ISO 8601 형식의 시각이어야 합니다. 예: 2026-01-02T03:04:05Z.")

// momentParam reads a time; one without a zone is in UTC, one without a clock is midnight.
func momentParam(r *httpapi.Request, name string) (time.Time, error) {
	text := r.Query(name, "")
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, problem.InvalidParameter([]any{"query", name}, textMoment.With("name", name), text)
}
