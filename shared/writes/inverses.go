package writes

import (
	"context"
	"fmt"
	"slices"

	"spiceharvester/shared/command"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/ontology/relations"
)

// Declared is an accepted declaration or change of a class, with what the linter says.
type Declared struct {
	command.Accepted
	Lint ontology.LintReport
}

// LintClass is what the linter says of a class, and whether its relationships and those
// of other classes that name each other as inverse fit. Whole is the class with what it
// inherits. Before is the class that is changed, nil for a new one: what did not fit
// before is no error of the change but a warning, so that an old contradiction stands in
// the way of nothing else.
func (s *Service) LintClass(ctx context.Context, database, branch string, before *ontology.Class, class, whole ontology.Class) (ontology.LintReport, error) {
	report := ontology.Lint(class, whole, s.LintOptions(branch))
	if len(class.Relationships) == 0 {
		return report, nil
	}
	family, err := s.Classes.Family(ctx, database, branch)
	if err != nil {
		return report, err
	}
	known := relations.Schema(family)
	var old []relations.Issue
	if before != nil {
		old = relations.Inverses(*before, known)
	}
	var found []ontology.Issue
	for _, i := range relations.Inverses(class, known) {
		stood := slices.ContainsFunc(old, func(o relations.Issue) bool {
			return o.Code == i.Code && o.Class == i.Class && o.Message.EN == i.Message.EN
		})
		if found = append(found, inverseIssue(class, i)); stood {
			found[len(found)-1].Severity = ontology.LintWarning
		}
	}
	return report.Join(ontology.NewReport(found)), nil
}

// inverseIssue is an issue of the relationship validator in the linter's report. It
// stands at the relationship of the class that is written.
func inverseIssue(class ontology.Class, i relations.Issue) ontology.Issue {
	severity := ontology.LintWarning
	if i.Severity == relations.Error {
		severity = ontology.LintError
	}
	out := ontology.Issue{Severity: severity, RuleID: "REL_" + i.Code, Message: i.Message, Path: "relationships", Metadata: map[string]any{"class_id": i.Class, "related_objects": i.Related}}
	field, predicate := i.Field, i.Related[0]
	if i.Class != class.ID { // the other class names this one's relationship
		predicate = i.Related[1]
		if field == "inverse_predicate" {
			field = "predicate"
		}
	}
	if n := slices.IndexFunc(class.Relationships, func(r ontology.Relationship) bool { return r.Predicate == predicate }); n >= 0 {
		out.Path = fmt.Sprintf("relationships[%d].%s", n, field)
		out.Loc = []any{"body", "relationships", n, field}
	}
	return out
}
