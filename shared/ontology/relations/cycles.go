package relations

import (
	"cmp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

// MaxDepth bounds the length of the cycles that are looked for.
const MaxDepth = 10

// The bounds of the search: with them a schema of thousands of classes that all refer to
// each other takes less than a second.
const (
	maxSteps  = 200_000
	maxCycles = 1000
)

// Kind says how many classes a cycle has.
type Kind string

// The kinds of cycles.
const (
	Self     Kind = "self"     // a class that refers to itself
	Direct   Kind = "direct"   // two that refer to each other
	Indirect Kind = "indirect" // more, one after the other
	Complex  Kind = "complex"  // a group in which each leads to each
)

// Cycle is a way from a class back to itself.
type Cycle struct {
	Kind       Kind
	Path       []string // begins and ends with the same class, but for self and complex
	Predicates []string
	Severity   Severity
	CanBreak   bool
	Message    problem.Message
}

// Length is the number of relationships in the cycle, of classes in a complex one.
func (c Cycle) Length() int {
	if c.Kind == Self || c.Kind == Complex {
		return len(c.Path)
	}
	return len(c.Path) - 1
}

// Has reports whether a class is part of the cycle.
func (c Cycle) Has(class string) bool { return slices.Contains(c.Path, class) }

var textCycle = problem.Define("relations.cycle", "The classes refer to each other in a circle: {path}", "클래스가 순환하여 참조합니다: {path}")

// hierarchy has the predicates with which a class may refer to itself, and allowedPairs
// those with which two may refer to each other.
var (
	hierarchy    = []string{"parentOf", "childOf", "manages", "managedBy", "follows", "followedBy", "friendOf", "partOf"}
	allowedPairs = [][2]string{{"parentOf", "childOf"}, {"contains", "partOf"}, {"manages", "managedBy"}}
)

// Cycles finds the cycles of a schema: the worst first, then the shortest. A set of
// classes is told once for each kind, with its worst relationships.
func Cycles(s Schema) []Cycle {
	f := &finder{graph: newGraph(s), found: map[string]Cycle{}}
	for _, id := range s.ids() {
		f.selfAndDirect(id)
	}
	for _, group := range f.groups(s.ids()) {
		if len(group) > 2 {
			f.keep(Cycle{Kind: Complex, Path: group, Severity: Warning, CanBreak: true})
			f.indirect(group)
		}
	}
	list := make([]Cycle, 0, len(f.found))
	for _, c := range f.found {
		c.Message = textCycle.With("path", strings.Join(c.Path, " → "))
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Cycle) int {
		return cmp.Or(cmp.Compare(rank(a.Severity), rank(b.Severity)), cmp.Compare(a.Length(), b.Length()),
			cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Path, b.Path))
	})
	return list
}

func rank(s Severity) int { return slices.Index([]Severity{Critical, Error, Warning, Info}, s) }

// finder looks for cycles. What it has found stands under kind and classes.
type finder struct {
	graph graph
	found map[string]Cycle
	steps int
}

func (f *finder) keep(c Cycle) {
	members := slices.Clone(c.Path)
	slices.Sort(members)
	key := string(c.Kind) + "\x00" + strings.Join(slices.Compact(members), "\x00")
	old, known := f.found[key]
	if !known && len(f.found) >= maxCycles || known && rank(old.Severity) <= rank(c.Severity) {
		return
	}
	f.found[key] = c
}

func (f *finder) selfAndDirect(id string) {
	for _, e := range f.graph[id] {
		if e.to == id {
			severity := Critical
			if slices.Contains(hierarchy, e.predicate) {
				severity = Info
			}
			f.keep(Cycle{Kind: Self, Path: []string{id}, Predicates: []string{e.predicate}, Severity: severity, CanBreak: severity != Info})
			continue
		}
		if e.to < id {
			continue // found from the other side
		}
		for _, back := range f.graph[e.to] {
			if back.to != id {
				continue
			}
			severity := Critical
			switch pair := [2]string{e.predicate, back.predicate}; {
			case slices.Contains(allowedPairs, pair), slices.Contains(allowedPairs, [2]string{pair[1], pair[0]}):
				severity = Info
			case e.both && back.both:
				severity = Warning
			}
			f.keep(Cycle{Kind: Direct, Path: []string{id, e.to, id}, Predicates: []string{e.predicate, back.predicate}, Severity: severity,
				CanBreak: !slices.Contains(hierarchy, e.predicate) || !slices.Contains(hierarchy, back.predicate)})
		}
	}
}

// indirect finds the cycles of three classes and more within a group. Each is found from
// its first class by id.
func (f *finder) indirect(group []string) {
	inside := map[string]bool{}
	for _, id := range group {
		inside[id] = true
	}
	for _, start := range group {
		path, predicates, on := []string{start}, []string{}, map[string]bool{start: true}
		var walk func(at string)
		walk = func(at string) {
			for _, e := range f.graph[at] {
				if f.steps++; f.steps > maxSteps {
					return
				}
				if e.to == start && len(path) > 2 {
					f.keep(indirectCycle(append(slices.Clone(path), start), append(slices.Clone(predicates), e.predicate)))
				}
				if !inside[e.to] || on[e.to] || e.to < start || len(path) == MaxDepth {
					continue
				}
				path, predicates, on[e.to] = append(path, e.to), append(predicates, e.predicate), true
				walk(e.to)
				path, predicates = path[:len(path)-1], predicates[:len(predicates)-1]
				delete(on, e.to)
			}
		}
		walk(start)
	}
}

func indirectCycle(path, predicates []string) Cycle {
	severity := Critical
	switch {
	case len(path) > 5:
		severity = Info
	case len(path) > 3:
		severity = Warning
	}
	return Cycle{Kind: Indirect, Path: path, Predicates: predicates, Severity: severity,
		CanBreak: slices.ContainsFunc(predicates, func(p string) bool { return !slices.Contains(hierarchy, p) })}
}

// groups are the strongly connected components, each sorted (Tarjan's algorithm, with a
// stack of its own because schemas may be deep).
func (f *finder) groups(ids []string) [][]string {
	index, low, onStack := map[string]int{}, map[string]int{}, map[string]bool{}
	var stack []string
	var groups [][]string
	type frame struct {
		id   string
		next int
	}
	for _, root := range ids {
		if _, seen := index[root]; seen {
			continue
		}
		calls := []frame{{id: root}}
		for len(calls) > 0 {
			top := &calls[len(calls)-1]
			if top.next == 0 {
				index[top.id], low[top.id] = len(index), len(index)
				stack, onStack[top.id] = append(stack, top.id), true
			}
			descended := false
			for top.next < len(f.graph[top.id]) {
				to := f.graph[top.id][top.next].to
				top.next++
				if _, seen := index[to]; !seen {
					calls, descended = append(calls, frame{id: to}), true
					break
				}
				if onStack[to] {
					low[top.id] = min(low[top.id], index[to])
				}
			}
			if descended {
				continue
			}
			if low[top.id] == index[top.id] {
				i := slices.Index(stack, top.id)
				group := slices.Clone(stack[i:])
				for _, id := range group {
					onStack[id] = false
				}
				slices.Sort(group)
				stack, groups = stack[:i], append(groups, group)
			}
			done := top.id
			if calls = calls[:len(calls)-1]; len(calls) > 0 {
				caller := calls[len(calls)-1].id
				low[caller] = min(low[caller], low[done])
			}
		}
	}
	return groups
}
