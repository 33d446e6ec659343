package bff

import (
	"context"
	"errors"
	"slices"
	"time"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/outbox"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
)

func (f *Function) summaryRoutes() {
	f.Handle("GET /api/v1/summary", f.summary)
	f.Handle("GET /api/v1/ops/status", f.opsStatus)
}

var (
	textSummary = problem.Define("summary.read", "Summary read.", "요약 정보를 조회했습니다.")
	textOps     = problem.Define("ops.read", "State of outboxes and jobs read.", "아웃박스와 작업 상태를 조회했습니다.")
)

// probeTimeout bounds a look at a service that may be away.
const probeTimeout = 2 * time.Second

// probes look at services that the summary reports on. An error tells that one is
// away: that is data, no failure of the request.
type probes struct {
	redis  func(ctx context.Context) error           // nil without Redis
	search func(ctx context.Context) (string, error) // gives the colour of its health
}

// redisProbe asks Redis, where there is one.
func redisProbe(p *platform.Platform) func(ctx context.Context) error {
	if p.Redis == nil {
		return nil
	}
	return func(ctx context.Context) error { return p.Redis.Ping(ctx).Err() }
}

// summary answers in which context a client works, under which policy, and whether
// the services behind are there. With db it tells of the branch.
func (f *Function) summary(r *httpapi.Request) (*httpapi.Response, error) {
	database, branch := r.Query("db", ""), r.Branch()
	if database != "" {
		if err := ontology.CheckDatabase(database); err != nil {
			return nil, problem.InvalidParameter([]any{"query", "db"}, err, database)
		}
	}
	if err := ontology.CheckBranch(branch); err != nil {
		return nil, problem.InvalidParameter([]any{"query", "branch"}, err, branch)
	}
	protected := slices.Sorted(slices.Values(f.core.Writes.Policy.Protected))
	data := map[string]any{
		"context":  map[string]any{"db_name": nil, "branch": branch},
		"policy":   map[string]any{"protected_branches": protected, "is_protected_branch": f.core.Writes.Protected(branch)},
		"services": f.probes.services(r.Context()),
		"terminus": nil,
	}
	if database != "" {
		exists, _, err := f.core.DatabaseExists(r.Context(), database)
		if err != nil {
			return nil, err
		}
		if !exists {
			return nil, problem.NotFound(problem.KindDatabase, database)
		}
		if branch != ontology.MainBranch {
			return nil, problem.NotFound(problem.KindBranch, branch)
		}
		data["context"] = map[string]any{"db_name": database, "branch": branch}
		data["terminus"] = map[string]any{"name": branch, "current": true, "protected": f.core.Writes.Protected(branch)}
	}
	return httpapi.Success(r, textSummary.With(), data), nil
}

var errNoRedis = errors.New("REDIS_URL is not set")

func (p *probes) services(ctx context.Context) map[string]any {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	text := func(err error) any {
		if err == nil {
			return nil
		}
		return err.Error()
	}
	redisErr := errNoRedis
	if p.redis != nil {
		redisErr = p.redis(ctx)
	}
	health, searchErr := p.search(ctx)
	var colour any
	if searchErr == nil {
		colour = health
	}
	return map[string]any{
		"redis":         map[string]any{"ok": redisErr == nil, "error": text(redisErr)},
		"elasticsearch": map[string]any{"ok": searchErr == nil && health != "red", "health": colour, "error": text(searchErr)},
	}
}

// opsStatus answers what waits on its way into the log, and how jobs are doing.
func (f *Function) opsStatus(r *httpapi.Request) (*httpapi.Response, error) {
	ingests, err := outbox.StatsOf(r.Context(), f.objectify.Pool, datasets.Publisher)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "outbox", err)
	}
	announcements, err := outbox.StatsOf(r.Context(), f.objectify.Pool, objectify.Publisher)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "outbox", err)
	}
	jobs, err := f.objectify.JobCounts(r.Context())
	if err != nil {
		return nil, err
	}
	now := f.objectify.Now()
	ingest := outboxBody(ingests, now)
	ingest["backlog"] = ingests.Backlog
	return httpapi.Success(r, textOps.With(), map[string]any{
		"ingest_outbox": ingest, "objectify": map[string]any{"outbox": outboxBody(announcements, now), "jobs": map[string]any{"counts": jobs}},
	}), nil
}

func outboxBody(s outbox.Stats, now time.Time) map[string]any {
	body := map[string]any{"counts": s.Counts, "oldest_created_at": nil, "oldest_age_seconds": nil, "next_attempt_at": nil}
	if s.Oldest != nil {
		body["oldest_created_at"], body["oldest_age_seconds"] = problem.Timestamp(*s.Oldest), max(0, now.Sub(*s.Oldest).Seconds())
	}
	if s.NextTry != nil {
		body["next_attempt_at"] = problem.Timestamp(*s.NextTry)
	}
	return body
}
