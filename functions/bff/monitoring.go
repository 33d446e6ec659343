package bff

import (
	"context"

	"spiceharvester/shared/checker"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// databaseNames lists the databases that exist.
func (f *Function) databaseNames(ctx context.Context) (names []string, err error) {
	databases, err := f.core.ListDatabases(ctx)
	for _, d := range databases {
		names = append(names, d.Name)
	}
	return names, err
}

// projections compares the read model with the fold of the log, of one database
// (db_name) or of all, and lists and counts what is parked. It reads the whole log of
// each database: for tests and operators, not for polling.
func (f *Function) projections(r *httpapi.Request) (*httpapi.Response, error) {
	var names []string
	if name := r.Query("db_name", ""); name != "" {
		if err := ontology.CheckDatabase(name); err != nil {
			return nil, problem.InvalidParameter([]any{"query", "db_name"}, err, name)
		}
		names = []string{name}
	} else {
		var err error
		if names, err = f.databaseNames(r.Context()); err != nil {
			return nil, err
		}
	}
	reports := []checker.DatabaseReport{}
	equal := true
	for _, name := range names {
		report, err := f.checker.Check(r.Context(), name)
		if err != nil {
			return nil, problem.Internal(err)
		}
		equal = equal && report.Equal
		reports = append(reports, report)
	}
	parked, err := f.core.Parked(r.Context())
	if err != nil {
		return nil, err
	}
	counts, err := f.parking.Registry.Counts(r.Context())
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	return httpapi.OK(map[string]any{"equal": equal && len(parked) == 0, "databases": reports, "parked": parked, "parked_counts": counts}), nil
}
