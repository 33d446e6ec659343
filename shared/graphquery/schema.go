package graphquery

import (
	"context"
	"fmt"
	"net/http"

	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Step is one relationship between two classes.
type Step struct {
	From      string `json:"from"`
	Predicate string `json:"predicate"`
	To        string `json:"to"`
}

// maxSchemaPaths bounds the paths of one answer.
const maxSchemaPaths = 1000

// SchemaPaths finds the chains of relationships from one class to another, the
// shortest first, in the order in which the classes declare them. No class occurs
// twice, except that source and target may be one. more tells that there are
// others.
func (s *Service) SchemaPaths(ctx context.Context, database, branch, source, target string, maxDepth int) (paths [][]Step, more bool, err error) {
	schemas := s.Classes.Schemas(database, branch)
	steps := map[string][]Step{}
	for name, id := range map[string]string{"source_class": source, "target_class": target} {
		if err := ontology.CheckClassID(id); err != nil {
			return nil, false, problem.InvalidParameter([]any{"query", name}, err, id)
		}
		if _, err := schemas(ctx, id); err != nil {
			if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
				return nil, false, problem.InvalidParameter([]any{"query", name}, textUnknownClass.With("class", id), id)
			}
			return nil, false, err
		}
	}
	load := func(id string) ([]Step, error) {
		if known, ok := steps[id]; ok {
			return known, nil
		}
		steps[id] = []Step{}
		schema, err := schemas(ctx, id)
		if p, ok := problem.AsProblem(err); ok && p.Status == http.StatusNotFound {
			return nil, nil // a relationship may name a class that is declared later
		}
		if err != nil {
			return nil, err
		}
		for _, r := range schema.Class.Relationships {
			steps[id] = append(steps[id], Step{From: id, Predicate: r.Predicate, To: r.Target})
		}
		return steps[id], nil
	}
	// What can still reach the target in the steps that are left? Without that, a
	// dense schema has too many ways that end nowhere.
	reach, err := distances(source, target, maxDepth, load)
	if err != nil {
		return nil, false, err
	}
	paths = [][]Step{}
	for depth := 1; depth <= maxDepth; depth++ {
		var walk func(at string, path []Step, seen map[string]bool) bool
		walk = func(at string, path []Step, seen map[string]bool) bool {
			for _, step := range steps[at] {
				left := depth - len(path) - 1
				d, reaches := reach[step.To]
				if step.To == target && left == 0 {
					if len(paths) == maxSchemaPaths {
						more = true
						return false
					}
					paths = append(paths, append(append([]Step{}, path...), step))
					continue
				}
				if left == 0 || step.To == target || seen[step.To] || !reaches || d > left {
					continue
				}
				seen[step.To] = true
				goOn := walk(step.To, append(path, step), seen)
				delete(seen, step.To)
				if !goOn {
					return false
				}
			}
			return true
		}
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		if !walk(source, nil, map[string]bool{source: true}) {
			break
		}
	}
	return paths, more, nil
}

// distances loads the classes that are reached from source in maxDepth steps and
// tells how many steps each needs at least to the target.
func distances(source, target string, maxDepth int, load func(string) ([]Step, error)) (map[string]int, error) {
	into := map[string][]string{}
	seen, level := map[string]bool{source: true}, []string{source}
	for range maxDepth {
		var next []string
		for _, id := range level {
			steps, err := load(id)
			if err != nil {
				return nil, err
			}
			for _, step := range steps {
				into[step.To] = append(into[step.To], step.From)
				if !seen[step.To] {
					seen[step.To] = true
					next = append(next, step.To)
				}
			}
		}
		level = next
	}
	distance := map[string]int{target: 0}
	for queue := []string{target}; len(queue) > 0; queue = queue[1:] {
		for _, from := range into[queue[0]] {
			if _, known := distance[from]; !known {
				distance[from] = distance[queue[0]] + 1
				queue = append(queue, from)
			}
		}
	}
	return distance, nil
}

// PathLimitReached is the warning that an answer has only the first n paths.
func PathLimitReached(n int) string { return fmt.Sprintf("path_limit_reached(max_paths=%d)", n) }
