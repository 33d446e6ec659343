package core

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"spiceharvester/shared/command"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/ontology/relations"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textRelationsChecked = problem.Define("relations.checked", "The relationships of '{id}' were checked.", "'{id}' 클래스의 관계를 검사했습니다.")
	textCyclesChecked    = problem.Define("relations.cycles_checked", "The schema was searched for circles.", "스키마의 순환 참조를 검사했습니다.")
	textRefused          = problem.Define("relations.refused", "The relationships of the class are refused: {reasons}", "클래스의 관계가 거부되었습니다: {reasons}")
	textNoInverses       = problem.Define("relations.no_inverses", "Inverse relationships cannot be generated: declare inverse_predicate.", "역관계를 자동으로 만들 수 없습니다. inverse_predicate를 선언하세요.")
	textPathType         = problem.Define("relations.path_type", "path_type must be one of {allowed}.", "path_type은 {allowed} 중 하나여야 합니다.")
)

// RelationIssue is an issue of the relationship validator in one language.
type RelationIssue struct {
	Severity relations.Severity `json:"severity"`
	Code     string             `json:"code"`
	Message  string             `json:"message"`
	Class    string             `json:"class_id"`
	Field    string             `json:"field"`
	Related  []string           `json:"related_objects"`
}

// RelationReport is what the relationship validator says of a class (bff-api 2.3).
type RelationReport struct {
	OK                bool            `json:"ok"`
	Database          string          `json:"db_name"`
	Branch            string          `json:"branch"`
	Class             string          `json:"class_id"`
	Issues            []RelationIssue `json:"issues"`
	Errors            []RelationIssue `json:"errors"`
	Warnings          []RelationIssue `json:"warnings"`
	Info              []RelationIssue `json:"info"`
	Summary           RelationSummary `json:"summary"`
	AnalysisTimestamp string          `json:"analysis_timestamp"`
}

// RelationSummary counts the issues. Nothing is ever fixed.
type RelationSummary struct {
	Total            int  `json:"total"`
	Errors           int  `json:"errors"`
	Warnings         int  `json:"warnings"`
	Info             int  `json:"info"`
	FixRequested     bool `json:"fix_issues_requested"`
	FixIssuesApplied bool `json:"fix_issues_applied"`
}

// CycleBody is a cycle in one language.
type CycleBody struct {
	Kind       relations.Kind     `json:"cycle_type"`
	Path       []string           `json:"path"`
	Predicates []string           `json:"predicates"`
	Length     int                `json:"length"`
	Severity   relations.Severity `json:"severity"`
	Message    string             `json:"message"`
	CanBreak   bool               `json:"can_break"`
}

// CycleReport is the answer of check-circular-references.
type CycleReport struct {
	Database          string       `json:"db_name"`
	Branch            string       `json:"branch"`
	Cycles            []CycleBody  `json:"cycles"`
	Summary           CycleSummary `json:"summary"`
	AnalysisTimestamp string       `json:"analysis_timestamp"`
}

// CycleSummary counts the cycles.
type CycleSummary struct {
	Total    int `json:"total_cycles"`
	Critical int `json:"critical_cycles"`
	Warning  int `json:"warning_cycles"`
	Info     int `json:"info_cycles"`
	MaxDepth int `json:"max_cycle_depth"`
}

func issueBodies(issues []relations.Issue, lang problem.Lang, only relations.Severity) []RelationIssue {
	out := []RelationIssue{}
	for _, i := range issues {
		if only == "" || i.Severity == only {
			out = append(out, RelationIssue{Severity: i.Severity, Code: i.Code, Message: i.Message.In(lang), Class: i.Class, Field: i.Field, Related: i.Related})
		}
	}
	return out
}

func cycleBodies(cycles []relations.Cycle, lang problem.Lang) ([]CycleBody, CycleSummary) {
	out, sum := []CycleBody{}, CycleSummary{Total: len(cycles), MaxDepth: relations.MaxDepth}
	for _, c := range cycles {
		body := CycleBody{Kind: c.Kind, Path: c.Path, Predicates: c.Predicates, Length: c.Length(), Severity: c.Severity, Message: c.Message.In(lang), CanBreak: c.CanBreak}
		if body.Predicates == nil {
			body.Predicates = []string{}
		}
		switch out = append(out, body); c.Severity {
		case relations.Critical:
			sum.Critical++
		case relations.Warning:
			sum.Warning++
		default:
			sum.Info++
		}
	}
	return out, sum
}

// schema reads the classes of the branch that a request names. With inherited true each
// has what it inherits.
func (c *Core) schema(r *httpapi.Request, inherited bool) (relations.Schema, error) {
	if err := c.RequireTarget(r); err != nil {
		return nil, err
	}
	family, err := c.Classes.Family(r.Context(), r.PathValue("db_name"), r.Branch())
	if err != nil {
		return nil, err
	}
	schema := make(relations.Schema, len(family))
	for id, class := range family {
		if schema[id] = class; inherited {
			schema[id] = family.Whole(id)
		}
	}
	return schema, nil
}

// draft reads a declaration that is only looked at: names are checked, the rules of
// relationships are left to the validator.
func (o *OntologyWrites) draft(r *httpapi.Request, body map[string]any) (ontology.Class, error) {
	if err := o.resolveTargets(r, body); err != nil {
		return ontology.Class{}, err
	}
	class, errs := ontology.ParseClass(body, o.Writes.Options(r.Context(), r.PathValue("db_name"), r.Branch(), true, o.Now()), "body")
	return class, errs.Err()
}

// resolveTargets puts ids in the place of labels that name the targets of relationships.
func (o *OntologyWrites) resolveTargets(r *httpapi.Request, body map[string]any) error {
	own, _ := body["id"].(string)
	for list, keys := range map[string][]string{"relationships": {"target"}, "properties": {"target", "linkTarget"}} {
		items, _ := body[list].([]any)
		for _, item := range items {
			entry, _ := item.(map[string]any)
			for _, key := range keys {
				target, _ := entry[key].(string)
				if target == "" || target == own {
					continue
				}
				id, err := o.classOf(r, target)
				if err != nil {
					return err
				}
				entry[key] = id
			}
		}
	}
	return nil
}

// ValidateRelationships answers what the relationship validator says of a declaration.
func (o *OntologyWrites) ValidateRelationships(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	schema, err := o.schema(r, false)
	if err != nil {
		return nil, err
	}
	class, err := o.draft(r, body)
	if err != nil {
		return nil, err
	}
	issues := relations.Validate(class, schema)
	report := RelationReport{
		Database: r.PathValue("db_name"), Branch: r.Branch(), Class: class.ID, Issues: issueBodies(issues, r.Lang, ""),
		Errors: issueBodies(issues, r.Lang, relations.Error), Warnings: issueBodies(issues, r.Lang, relations.Warning), Info: issueBodies(issues, r.Lang, relations.Info),
		AnalysisTimestamp: problem.Timestamp(o.Now()),
	}
	report.OK = len(report.Errors) == 0
	report.Summary = RelationSummary{Total: len(issues), Errors: len(report.Errors), Warnings: len(report.Warnings), Info: len(report.Info)}
	return httpapi.Success(r, textRelationsChecked.With("id", class.ID), report), nil
}

// CheckCycles answers the cycles of the schema, with the declaration of the body in it if
// there is one.
func (o *OntologyWrites) CheckCycles(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.OptionalBody()
	if err != nil {
		return nil, err
	}
	schema, err := o.schema(r, false)
	if err != nil {
		return nil, err
	}
	if body != nil {
		class, err := o.draft(r, body)
		if err != nil {
			return nil, err
		}
		schema[class.ID] = class
	}
	bodies, sum := cycleBodies(relations.Cycles(schema), r.Lang)
	return httpapi.Success(r, textCyclesChecked.With(), CycleReport{
		Database: r.PathValue("db_name"), Branch: r.Branch(), Cycles: bodies, Summary: sum, AnalysisTimestamp: problem.Timestamp(o.Now()),
	}), nil
}

// AdvancedOptions are the switches of an advanced declaration.
type AdvancedOptions struct {
	AutoGenerateInverse     bool `json:"auto_generate_inverse"`
	ValidateRelationships   bool `json:"validate_relationships"`
	CheckCircularReferences bool `json:"check_circular_references"`
}

// CreateAdvanced answers the declaration of a class whose relationships are checked
// first. What is wrong with them is answered at once, with 400: the client needs no
// command to learn it, and the worker could not see more than the log shows here.
func (o *OntologyWrites) CreateAdvanced(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	options := AdvancedOptions{
		AutoGenerateInverse: r.Bool("auto_generate_inverse", false), ValidateRelationships: r.Bool("validate_relationships", true),
		CheckCircularReferences: r.Bool("check_circular_references", true),
	}
	if err := r.Check(); err != nil {
		return nil, err
	}
	if options.AutoGenerateInverse {
		return nil, problem.New(http.StatusNotImplemented, textNoInverses.With())
	}
	schema, err := o.schema(r, false)
	if err != nil {
		return nil, err
	}
	if err := o.resolveTargets(r, body); err != nil {
		return nil, err
	}
	// What cannot be read is refused below, as by Create.
	if class, errs := ontology.ParseClass(maps.Clone(body), o.Writes.Options(r.Context(), r.PathValue("db_name"), r.Branch(), o.GenerateID, o.Now()), "body"); len(errs) == 0 {
		if err := refuseRelations(schema, class, options); err != nil {
			return nil, err
		}
	}
	database, branch := r.PathValue("db_name"), r.Branch()
	return r.Write(o.Commands, "ontology.create-advanced/"+branch, func(c writes.Caller) (command.Accepted, any, error) {
		a, id, err := o.Writes.CreateClass(r.Context(), c, database, branch, body, o.GenerateID)
		answer := declared(r, a, database, branch, id)
		answer.Data.(map[string]any)["advanced_options"] = options
		return a.Accepted, answer, err
	})
}

// refuseRelations refuses errors of the relationship validator and critical cycles that
// the class would be part of.
func refuseRelations(schema relations.Schema, class ontology.Class, options AdvancedOptions) error {
	var reasons []string
	issues, cycles := []relations.Issue{}, []relations.Cycle{}
	if options.ValidateRelationships {
		for _, i := range relations.Validate(class, schema) {
			if i.Severity == relations.Error {
				issues, reasons = append(issues, i), append(reasons, i.Code+" "+i.Message.EN)
			}
		}
	}
	if options.CheckCircularReferences {
		schema = maps.Clone(schema)
		schema[class.ID] = class
		for _, c := range relations.Cycles(schema) {
			if c.Severity == relations.Critical && c.Has(class.ID) {
				cycles, reasons = append(cycles, c), append(reasons, c.Message.EN)
			}
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	bodies, _ := cycleBodies(cycles, problem.English)
	return problem.BadRequest(textRefused.With("reasons", reasons)).WithDetail(map[string]any{
		"error": "relationships_refused", "class_id": class.ID, "issues": issueBodies(issues, problem.English, ""), "cycles": bodies,
	})
}

// Network is what a schema looks like as a whole.
type Network struct {
	Classes, Relationships, Types, Entities int
	Connections                             float64 // average of a class
	Errors, Warnings                        int
	Cycles                                  CycleSummary
	Inverses                                int // relationships that have one
	Recommendations                         []Recommendation
}

// Recommendation says what to mend first.
type Recommendation struct {
	Priority string
	Message  problem.Message
}

// Coverage is how many relationships have an inverse: "a/b (p%)".
func (n Network) Coverage() string {
	percent := 100.0
	if n.Relationships > 0 {
		percent = 100 * float64(n.Inverses) / float64(n.Relationships)
	}
	return fmt.Sprintf("%d/%d (%.1f%%)", n.Inverses, n.Relationships, percent)
}

// Score is the health of the network, from 0 to 100.
func (n Network) Score() int {
	return max(0, min(100, 100-10*n.Errors-15*n.Cycles.Critical-2*n.Warnings))
}

var (
	adviseErrors   = problem.Define("relations.advise_errors", "Mend {count} wrong relationships.", "잘못된 관계 {count}개를 고치세요.")
	adviseCycles   = problem.Define("relations.advise_cycles", "Break {count} critical circles.", "심각한 순환 참조 {count}개를 끊으세요.")
	adviseWarnings = problem.Define("relations.advise_warnings", "Look at {count} warnings about relationships.", "관계 경고 {count}개를 확인하세요.")
	adviseInverses = problem.Define("relations.advise_inverses", "{count} relationships have no inverse: declare inverse_predicate.", "관계 {count}개에 역관계가 없습니다. inverse_predicate를 선언하세요.")
)

// Network analyses the schema of a request.
func (c *Core) Network(r *httpapi.Request) (Network, error) {
	schema, err := c.schema(r, false)
	if err != nil {
		return Network{}, err
	}
	n := Network{Classes: len(schema)}
	types, entities := map[string]bool{}, map[string]bool{}
	for id, class := range schema {
		entities[id] = true
		for _, rel := range class.Relationships {
			n.Relationships++
			types[rel.Predicate], entities[rel.Target] = true, true
			if rel.InversePredicate != nil {
				n.Inverses++
			}
		}
	}
	n.Types, n.Entities = len(types), len(entities)
	if n.Entities > 0 {
		n.Connections = math.Round(100*float64(n.Relationships)/float64(n.Entities)) / 100
	}
	for _, i := range relations.ValidateAll(schema) {
		switch i.Severity {
		case relations.Error:
			n.Errors++
		case relations.Warning:
			n.Warnings++
		}
	}
	_, n.Cycles = cycleBodies(relations.Cycles(schema), r.Lang)
	for _, a := range []struct {
		priority string
		text     *problem.Text
		count    int
	}{
		{"high", adviseErrors, n.Errors}, {"high", adviseCycles, n.Cycles.Critical},
		{"medium", adviseWarnings, n.Warnings}, {"low", adviseInverses, n.Relationships - n.Inverses},
	} {
		if a.count > 0 {
			n.Recommendations = append(n.Recommendations, Recommendation{a.priority, a.text.With("count", a.count)})
		}
	}
	return n, nil
}

// PathQuery asks for ways between classes.
type PathQuery struct {
	Start, End string
	MaxDepth   int
	Type       relations.PathType
}

// Paths answers it. A start or end that is no class is a 404.
func (c *Core) Paths(r *httpapi.Request, start string, depth, deepest int64) (PathQuery, []relations.Path, relations.Schema, error) {
	q := PathQuery{MaxDepth: int(r.Int("max_depth", depth, 1, deepest)), Type: relations.PathType(r.Query("path_type", string(relations.Shortest)))}
	fail := func(err error) (PathQuery, []relations.Path, relations.Schema, error) { return q, nil, nil, err }
	if err := r.Check(); err != nil {
		return fail(err)
	}
	if !slices.Contains(relations.PathTypes, string(q.Type)) {
		return fail(problem.InvalidParameter([]any{"query", "path_type"}, textPathType.With("allowed", relations.PathTypes), string(q.Type)))
	}
	schema, err := c.schema(r, true)
	if err != nil {
		return fail(err)
	}
	for _, place := range []struct {
		text string
		into *string
	}{{start, &q.Start}, {r.Query("end_entity", ""), &q.End}} {
		if place.text == "" {
			continue
		}
		if *place.into, err = c.classOf(r, place.text); err != nil {
			return fail(err)
		}
		if _, ok := schema[*place.into]; !ok {
			return fail(problem.NotFound(problem.KindClass, place.text))
		}
	}
	return q, relations.Paths(schema, q.Start, q.End, q.MaxDepth, q.Type), schema, nil
}

// PathStatistics are figures about ways, of all that were found.
func PathStatistics(paths []relations.Path) (average float64, shortest, longest int) {
	for i, p := range paths {
		n := len(p.Predicates)
		average += float64(n)
		longest = max(longest, n)
		if i == 0 || n < shortest {
			shortest = n
		}
	}
	if len(paths) > 0 {
		average = math.Round(100*average/float64(len(paths))) / 100
	}
	return average, shortest, longest
}

// ShowPath writes a way as "A → B → C", with labels where classes have one.
func ShowPath(p relations.Path, schema relations.Schema, lang problem.Lang) (start, end, path string) {
	names := make([]string, len(p.Classes))
	for i, id := range p.Classes {
		if names[i] = schema[id].Label.In(lang); names[i] == "" {
			names[i] = id
		}
	}
	return names[0], names[len(names)-1], strings.Join(names, " → ")
}
