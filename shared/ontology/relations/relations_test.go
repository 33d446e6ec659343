package relations

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"spiceharvester/shared/ontology"
)

// schema reads "A: x>B n:1 <y; z>C" lines: class, predicate, target, cardinality (1:n
// unless given) and inverse predicate.
func schema(t *testing.T, lines ...string) Schema {
	t.Helper()
	s := Schema{}
	for _, line := range lines {
		id, rest, _ := strings.Cut(line, ":")
		class := ontology.Class{ID: id, Label: ontology.Localize(id)}
		for part := range strings.SplitSeq(rest, ";") {
			if strings.TrimSpace(part) == "" {
				continue
			}
			r := ontology.Relationship{Cardinality: ontology.OneToMany, Label: ontology.Localize("x")}
			for i, field := range strings.Fields(part) {
				switch inverse, isInverse := strings.CutPrefix(field, "<"); {
				case i == 0:
					r.Predicate, r.Target, _ = strings.Cut(field, ">")
				case isInverse:
					r.InversePredicate = &inverse
				default:
					r.Cardinality = ontology.Cardinality(field)
				}
			}
			class.Relationships = append(class.Relationships, r)
		}
		s[id] = class
	}
	return s
}

func codes(issues []Issue) string {
	var out []string
	for _, i := range issues {
		out = append(out, string(i.Severity)+" "+i.Code)
		if i.Message.EN == "" || i.Message.KO == "" || strings.ContainsAny(i.Message.EN, "{}") {
			panic(i.Code)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// Every code of the contract's table (bff-api 3.7), and next to it what does not have it.
func TestValidate(t *testing.T) {
	for _, c := range []struct {
		lines []string // the first class is looked at
		want  string
	}{
		{[]string{"A: owns>B", "B:"}, ""},
		{[]string{"A: >B", "B:"}, "error MISSING_PREDICATE"},
		{[]string{"A: owns>"}, "error MISSING_TARGET"},
		{[]string{"A: Type>B", "B:"}, "error INVALID_PREDICATE_FORMAT"},
		{[]string{"A: owned_by>B", "B:"}, "info PREDICATE_NAMING_CONVENTION"},
		{[]string{"A: 소유자>B", "B:"}, "info PREDICATE_NAMING_CONVENTION"},
		{[]string{"A: owns>B 2:3", "B:"}, "error INVALID_CARDINALITY"},
		{[]string{"A: owns>B n:1", "B:"}, "info CARDINALITY_RECOMMENDATION"},
		{[]string{"A: owns>1b"}, "error INVALID_TARGET_FORMAT"},
		{[]string{"A: owns>b_c", "b_c:"}, ""},
		{[]string{"A: owns>B"}, "warning UNKNOWN_TARGET_CLASS"},
		{[]string{"A: owns>A"}, "info SELF_REFERENCE_DETECTED"},
		{[]string{"A: owns>A 1:1"}, "info SELF_REFERENCE_DETECTED, warning SELF_REFERENCE_ONE_TO_ONE"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A n:1 <owns"}, ""},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A 1:n <owns"}, "error INCOMPATIBLE_CARDINALITIES"},
		{[]string{"A: owns>B 1:1 <ownedBy", "B: ownedBy>A 1:1 <owns"}, ""},
		{[]string{"A: owns>B n:m <ownedBy", "B: ownedBy>A n:1 <owns"}, "error INCOMPATIBLE_CARDINALITIES"},
		{[]string{"A: owns>B n:m <ownedBy", "B: ownedBy>A n:m <owns"}, ""},
		{[]string{"A: owns>B 1:n <ownedBy", "B: ownedBy>A 1:1 <owns"}, "warning UNUSUAL_CARDINALITY_PAIR"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A n:1 <other"}, "error MISMATCHED_INVERSE_PREDICATE"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>C n:1 <owns", "C:"}, "error TARGET_MISMATCH"},
		{[]string{"A: owns>B; owns>B", "B:"}, "error DUPLICATE_RELATIONSHIP"},
		{[]string{"A: owns>B; owns>C", "B:", "C:"}, "error DUPLICATE_PREDICATE"},
	} {
		s := schema(t, c.lines...)
		if got := codes(Validate(s["A"], s)); got != c.want {
			t.Errorf("%v: %s, want %s", c.lines, got, c.want)
		}
	}
	label := schema(t, "A: owns>B", "B:")
	label["A"].Relationships[0].Label = nil
	if got := codes(Validate(label["A"], label)); got != "warning MISSING_LABEL" {
		t.Error(got)
	}
	label["A"].Relationships[0].Label = ontology.Localized{"en": " "}
	if got := codes(Validate(label["A"], label)); got != "warning EMPTY_LABEL" {
		t.Error(got)
	}
}

func TestValidateAll(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"A: owns>B", "B: has>A"}, ""},
		{[]string{"A: owns>B", "B:"}, "info ISOLATED_CLASS"},
		{[]string{"A: owns>B", "B: has>A; uses>Z"}, "warning EXTERNAL_CLASS_REFERENCE"},
		{[]string{"A: owns>B", "B: owns>A"}, "warning GLOBAL_PREDICATE_CONFLICT"},
		{[]string{"A: owns>B <has", "B: has>A <other"}, "error INCOMPATIBLE_CARDINALITIES, error MISMATCHED_INVERSE_PREDICATE"},
	} {
		if got := codes(ValidateAll(schema(t, c.lines...))); got != c.want {
			t.Errorf("%v: %s, want %s", c.lines, got, c.want)
		}
	}
}

func TestCycles(t *testing.T) {
	for _, c := range []struct {
		lines []string
		want  string
	}{
		{[]string{"A: x>B", "B: y>C", "C:"}, ""},
		{[]string{"A: x>A"}, "critical self A 1 true"},
		{[]string{"A: manages>A"}, "info self A 1 false"},
		{[]string{"A: x>B", "B: y>A"}, "critical direct A-B-A 2 true"},
		{[]string{"A: parentOf>B", "B: childOf>A"}, "info direct A-B-A 2 false"},
		{[]string{"A: x>B <y", "B:"}, "warning direct A-B-A 2 true"},
		{[]string{"A: x>B <y", "B: y>A n:1 <x"}, "warning direct A-B-A 2 true"},
		{[]string{"A: x>B <y; z>B", "B:"}, "critical direct A-B-A 2 true"}, // its worst pair
		{[]string{"A: x>B", "B: x>C", "C: x>A"}, "warning complex A-B-C 3 true; warning indirect A-B-C-A 3 true"},
		{[]string{"A: x>B", "B: x>C", "C: x>D", "D: x>E", "E: x>A"}, "warning complex A-B-C-D-E 5 true; info indirect A-B-C-D-E-A 5 true"},
	} {
		var got []string
		for _, cycle := range Cycles(schema(t, c.lines...)) {
			got = append(got, fmt.Sprint(cycle.Severity, " ", cycle.Kind, " ", strings.Join(cycle.Path, "-"), " ", cycle.Length(), " ", cycle.CanBreak))
			if cycle.Kind != Complex && len(cycle.Predicates) != cycle.Length() {
				t.Errorf("%v: predicates %v", c.lines, cycle.Predicates)
			}
		}
		if s := strings.Join(got, "; "); s != c.want {
			t.Errorf("%v:\n%s, want\n%s", c.lines, s, c.want)
		}
	}
}

func TestPaths(t *testing.T) {
	s := schema(t, "A: x>B; far>C; seeAlso>D n:m", "B: y>C 1:1", "C: z>D 1:1", "D:", "E: v>A n:1 <w")
	for _, c := range []struct {
		start, end string
		depth      int
		t          PathType
		want       string
	}{
		{"A", "D", 3, Shortest, "A-D"},
		{"A", "D", 3, All, "A-D, A-C-D, A-B-C-D"},
		{"A", "D", 3, Weighted, "A-C-D, A-D, A-B-C-D"},
		{"A", "D", 3, Semantic, "A-C-D, A-B-C-D, A-D"},
		{"A", "D", 1, All, "A-D"},
		{"A", "", 1, Shortest, "A-B, A-C, A-E, A-D"},
		{"A", "", 3, Shortest, "A-B, A-C, A-E, A-D"},
		{"A", "E", 3, All, "A-E"}, // against the arrow, by its inverse
		{"D", "A", 5, All, ""},
	} {
		var got []string
		for _, p := range Paths(s, c.start, c.end, c.depth, c.t) {
			got = append(got, strings.Join(p.Classes, "-"))
			if len(p.Predicates) != len(p.Classes)-1 || p.Weight <= 0 || p.Confidence <= 0 || p.Confidence > 1 {
				t.Errorf("%+v", p)
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s %s %d %s: %s, want %s", c.start, c.end, c.depth, c.t, s, c.want)
		}
	}
}

// A schema in which every class refers to every other has more cycles than anybody can
// count; the search ends nevertheless.
func TestSearchesAreBounded(t *testing.T) {
	s := Schema{}
	for i := range 300 {
		class := ontology.Class{ID: fmt.Sprintf("C%03d", i)}
		for j := range 300 {
			class.Relationships = append(class.Relationships, ontology.Relationship{Predicate: fmt.Sprintf("p%d", j), Target: fmt.Sprintf("C%03d", j), Cardinality: ontology.OneToMany})
		}
		s[class.ID] = class
	}
	chain := Schema{}
	for i := range 20_000 {
		id := func(i int) string { return fmt.Sprintf("C%05d", i%20_000) }
		chain[id(i)] = ontology.Class{ID: id(i), Relationships: []ontology.Relationship{{Predicate: "next", Target: id(i + 1), Cardinality: ontology.OneToOne}}}
	}
	began := time.Now()
	if n := len(Cycles(s)); n == 0 || n > maxCycles {
		t.Errorf("%d cycles", n)
	}
	if n := len(Paths(s, "C000", "", 10, All)); n == 0 || n > maxPaths {
		t.Errorf("%d paths", n)
	}
	if n := len(Cycles(chain)); n != 1 {
		t.Errorf("%d cycles of a long chain", n)
	}
	t.Logf("%s", time.Since(began))
}

// A class that is written is judged with what it names, and with what names it.
func TestInverses(t *testing.T) {
	for _, c := range []struct {
		lines []string // the first class is written
		want  string
	}{
		{[]string{"A: owns>B"}, ""},
		{[]string{"A: owns>B <ownedBy", "B:"}, ""},
		{[]string{"A: owns>B <ownedBy"}, ""}, // nobody knows B yet
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A n:1 <owns"}, ""},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A n:1"}, ""},
		{[]string{"A: owns>B", "B: ownedBy>A n:1 <owns"}, ""},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A 1:1 <owns"}, "warning UNUSUAL_CARDINALITY_PAIR"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A 1:n <owns"}, "error INCOMPATIBLE_CARDINALITIES"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>C n:1", "C:"}, "error TARGET_MISMATCH"},
		{[]string{"A: owns>B <ownedBy", "B: ownedBy>A n:1 <holds"}, "error MISMATCHED_INVERSE_PREDICATE"},
		{[]string{"A: owns>C", "B: ownedBy>A n:1 <owns", "C:"}, "error TARGET_MISMATCH"},
		{[]string{"A: owns>B n:m", "B: ownedBy>A n:1 <owns"}, "error INCOMPATIBLE_CARDINALITIES"},
		{[]string{"A: owns>A <ownedBy; ownedBy>A n:1 <owns"}, ""},
		{[]string{"A: owns>A <ownedBy; ownedBy>B n:1", "B:"}, "error TARGET_MISMATCH"},
		{[]string{"A: owns>B", "B: x>C <y", "C: y>D", "D:"}, ""}, // what others say of each other is theirs
	} {
		s := schema(t, c.lines...)
		if got := codes(Inverses(s["A"], s)); got != c.want {
			t.Errorf("%v: %s, want %s", c.lines, got, c.want)
		}
		without := maps.Clone(s)
		delete(without, "A") // a new class is not known yet
		if got := codes(Inverses(s["A"], without)); got != c.want {
			t.Errorf("%v, new: %s, want %s", c.lines, got, c.want)
		}
	}
}
