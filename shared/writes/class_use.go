package writes

import (
	"context"
	"strings"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/problem"
)

var textInUse = problem.Define("ontology.in_use",
	"'{class}' is in use: {instances} instances; classes that refer to it: {references}",
	"'{class}' 클래스를 사용 중입니다. 인스턴스 {instances}개, 참조하는 클래스: {references}")

// RefuseInUse refuses the deletion of a class that has instances or that other classes
// name as parent or link target. It reads the log's index, which knows every instance
// that exists; one that is created between this look and the deletion is not seen, as
// the deletion does not require that there is none.
func RefuseInUse(ctx context.Context, reader *classes.Reader, database, branch, class string) error {
	prefix := InstanceTarget{Database: database, Branch: branch, Class: class}.ref("").AggregateID()
	instances, err := reader.Log.CountUnder(ctx, database, Instances, prefix)
	if err != nil {
		return problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	family, err := reader.Family(ctx, database, branch)
	if err != nil {
		return err
	}
	references := family.References(class)
	if instances == 0 && len(references) == 0 {
		return nil
	}
	names := []string{}
	for _, r := range references {
		name := r.Class
		if r.Predicate != "" {
			name += "." + r.Predicate
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		names = []string{"-"}
	}
	return problem.Conflict(textInUse.With("class", class, "instances", instances, "references", strings.Join(names, ", "))).
		WithDetail(map[string]any{"error": "class_in_use", "class_id": class, "instances": instances, "references": references})
}
