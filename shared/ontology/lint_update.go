package ontology

// LintUpdate compares a class before and after a change, each with what it inherits: what
// the change does to instances that exist (rules ONT9xx). Style is the matter of [Lint].
func LintUpdate(before, after Class, opt LintOptions) LintReport {
	var issues []Issue
	add := func(rule string, issue Issue) {
		issue.RuleID, issue.Path, issue.Rationale = rule, "properties", whyStoredValues.With()
		issues = append(issues, issue)
	}
	if hasKeyCandidate(before, opt) && !hasKeyCandidate(after, opt) {
		add("ONT920", Issue{Severity: LintError, Message: lintKeyLost.With(), Suggestion: fixNoKey.With()})
	}
	var removed, retyped, required []string
	var typeChanges, requiredChanges []map[string]any
	for _, old := range before.Properties {
		p, ok := after.Property(old.Name)
		if !ok {
			removed = append(removed, old.Name)
			continue
		}
		if p.Type != old.Type {
			retyped = append(retyped, p.Name)
			typeChanges = append(typeChanges, change(p.Name, old.Type, p.Type))
		}
		if p.IsRequired() != old.IsRequired() {
			required = append(required, p.Name)
			requiredChanges = append(requiredChanges, change(p.Name, old.IsRequired(), p.IsRequired()))
		}
	}
	if removed != nil {
		add("ONT901", Issue{Severity: LintWarning, Message: lintRemoved.With("names", removed),
			Metadata: map[string]any{"removed_properties": removed}})
	}
	if retyped != nil {
		add("ONT902", Issue{Severity: LintWarning, Message: lintTypeChange.With("names", retyped),
			Metadata: map[string]any{"type_changes": typeChanges}})
	}
	if required != nil {
		add("ONT903", Issue{Severity: LintWarning, Message: lintReqChange.With("names", required),
			Metadata: map[string]any{"required_changes": requiredChanges}})
	}
	return NewReport(issues)
}

func change(name string, from, to any) map[string]any {
	return map[string]any{"name": name, "from": from, "to": to}
}

// hasKeyCandidate reports whether something can be the key: a declared one, or an
// implicit one where that is allowed. An abstract class needs none.
func hasKeyCandidate(c Class, opt LintOptions) bool {
	return c.Abstract || len(c.PrimaryKey()) > 0 || opt.AllowImplicitPrimaryKey && len(implicitKeys(c)) > 0
}
