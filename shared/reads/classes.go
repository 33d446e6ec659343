package reads

import (
	"context"
	"slices"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

// ListClasses lists the classes of a database as they were declared, by id, each
// with where it stands in the log.
func (r *Reads) ListClasses(ctx context.Context, database string, limit, offset int, minPosition event.Position) (Page, error) {
	page, err := r.List(ctx, database, sweep.Ontology, search.Query{Alias: search.ClassesAlias(database), Offset: offset, Limit: limit}, minPosition)
	if err != nil {
		return page, err
	}
	for i, d := range page.Documents {
		class, _ := d["data"].(Document)
		if class == nil {
			continue
		}
		for _, name := range []string{"version", "created_at", "updated_at", "branch", "db_name", "index_status"} {
			class[name] = d[name]
		}
		page.Documents[i] = class
	}
	slices.SortFunc(page.Documents, func(a, b Document) int { return strings.Compare(classID(a), classID(b)) })
	return page, nil
}

func classID(d Document) string {
	id, _ := d["id"].(string)
	return id
}
