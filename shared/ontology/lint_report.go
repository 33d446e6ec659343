package ontology

import (
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

// LintReport is the result of the linter. The score is 30 for an error, 10 for a
// warning and 2 for an info, at most 100.
type LintReport struct {
	OK        bool
	RiskScore int
	RiskLevel string
	Errors    []Issue
	Warnings  []Issue
	Infos     []Issue
}

// NewReport makes the report of issues.
func NewReport(issues []Issue) LintReport {
	var r LintReport
	for _, i := range issues {
		switch i.Severity {
		case LintError:
			r.Errors = append(r.Errors, i)
		case LintWarning:
			r.Warnings = append(r.Warnings, i)
		case LintInfo:
			r.Infos = append(r.Infos, i)
		}
	}
	r.OK = len(r.Errors) == 0
	r.RiskScore = min(100, 30*len(r.Errors)+10*len(r.Warnings)+2*len(r.Infos))
	switch {
	case r.RiskScore >= 75:
		r.RiskLevel = "critical"
	case r.RiskScore >= 50:
		r.RiskLevel = "high"
	case r.RiskScore >= 25:
		r.RiskLevel = "medium"
	default:
		r.RiskLevel = "low"
	}
	return r
}

// Join makes one report of several.
func (r LintReport) Join(others ...LintReport) LintReport {
	issues := slices.Concat(r.Errors, r.Warnings, r.Infos)
	for _, o := range others {
		issues = slices.Concat(issues, o.Errors, o.Warnings, o.Infos)
	}
	return NewReport(issues)
}

// IsHighRisk reports whether a change endangers instances that exist (an ONT9xx issue).
// On a protected branch it needs a reason.
func (r LintReport) IsHighRisk() bool {
	return slices.ContainsFunc(slices.Concat(r.Errors, r.Warnings), func(i Issue) bool {
		return strings.HasPrefix(i.RuleID, "ONT9")
	})
}

// LintBody is a report in one language, in the contract's shape.
type LintBody struct {
	OK        bool        `json:"ok"`
	RiskScore int         `json:"risk_score"`
	RiskLevel string      `json:"risk_level"`
	Errors    []IssueBody `json:"errors"`
	Warnings  []IssueBody `json:"warnings"`
	Infos     []IssueBody `json:"infos"`
}

// IssueBody is an issue in one language.
type IssueBody struct {
	Severity   Severity       `json:"severity"`
	RuleID     string         `json:"rule_id"`
	Message    string         `json:"message"`
	Path       string         `json:"path"`
	Suggestion *string        `json:"suggestion"`
	Rationale  *string        `json:"rationale"`
	Metadata   map[string]any `json:"metadata"`
}

// In returns the report in a language.
func (r LintReport) In(lang problem.Lang) LintBody {
	return LintBody{OK: r.OK, RiskScore: r.RiskScore, RiskLevel: r.RiskLevel,
		Errors: inLang(r.Errors, lang), Warnings: inLang(r.Warnings, lang), Infos: inLang(r.Infos, lang)}
}

// Texts returns the messages of the errors: the "errors" of a refused declaration.
func (b LintBody) Texts() []string {
	out := make([]string, len(b.Errors))
	for i, e := range b.Errors {
		out[i] = e.Message
	}
	return out
}

func inLang(issues []Issue, lang problem.Lang) []IssueBody {
	out := make([]IssueBody, len(issues))
	for n, i := range issues {
		out[n] = IssueBody{Severity: i.Severity, RuleID: i.RuleID, Message: i.Message.In(lang), Path: i.Path,
			Suggestion: orNull(i.Suggestion, lang), Rationale: orNull(i.Rationale, lang), Metadata: i.Metadata}
		if i.Metadata == nil {
			out[n].Metadata = map[string]any{}
		}
	}
	return out
}

func orNull(m problem.Message, lang problem.Lang) *string {
	if m.IsZero() {
		return nil
	}
	text := m.In(lang)
	return &text
}
