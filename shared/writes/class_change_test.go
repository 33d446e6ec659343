package writes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"spiceharvester/shared/event"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
	"spiceharvester/shared/writes/writestest"
)

// stored is a read model in memory: payloads by class and id.
type stored map[string]map[string]map[string]any

func (s stored) Stored(_ context.Context, _, class string, upTo event.Position, visit func(string, map[string]any)) error {
	if upTo.Segment == 0 {
		return fmt.Errorf("no position")
	}
	for id, data := range s[class] {
		visit(id, data)
	}
	return nil
}

const person = `{"id":"Person","label":"Person","properties":[
	{"name":"person_id","type":"string","label":"Id","primary_key":true},
	{"name":"age","type":"integer","label":"Age"},
	{"name":"mood","type":"enum","label":"Mood","constraints":{"enum":["good","bad"]}}],
	"relationships":[{"predicate":"knows","target":"Person","label":"Knows","cardinality":"n:m"}]}`

const employee = `{"id":"Employee","label":"Employee","parent_class":"Person","properties":[{"name":"salary","type":"money","label":"Salary"}]}`

func peopled(t *testing.T) (*writestest.World, stored) {
	w := writestest.New(t)
	w.Database("shop")
	w.Class("shop", person)
	w.Class("shop", employee)
	s := stored{"Person": {}, "Employee": {}}
	put := func(class, id, data string) {
		w.Instance("shop", class, data)
		s[class][id] = w.Object(data)
	}
	put("Person", "p1", `{"person_id":"p1","age":30,"mood":"good"}`)
	put("Person", "p2", `{"person_id":"p2","mood":"bad","knows":["Person/p1","Person/p2"]}`)
	put("Employee", "e1", `{"person_id":"e1","age":-1}`)
	w.Writes.Stored = s
	return w, s
}

func TestAChangeThatBreaksStoredInstancesIsRefused(t *testing.T) {
	w, _ := peopled(t)
	properties := func(age, mood string, more ...string) string {
		list := `{"name":"person_id","type":"string","label":"Id","primary_key":true},` + age + `,` + mood
		for _, m := range more {
			list += "," + m
		}
		return `{"properties":[` + list + `]}`
	}
	age, mood := `{"name":"age","type":"integer","label":"Age"}`, `{"name":"mood","type":"enum","label":"Mood","constraints":{"enum":["good","bad"]}}`
	for name, c := range map[string]struct{ change, want string }{
		"a label":                    {`{"label":"Human"}`, ""},
		"a new optional property":    {properties(age, mood, `{"name":"x","type":"string","label":"X"}`), ""},
		"required with a default":    {properties(age, mood, `{"name":"x","type":"string","label":"X","required":true,"default":"a"}`), ""},
		"required without a default": {properties(age, mood, `{"name":"x","type":"string","label":"X","required":true}`), `3 [Employee.x required 1, Person.x required 2]`},
		"required where some have none": {properties(`{"name":"age","type":"integer","label":"Age","required":true}`, mood),
			`1 [Person.age required 1]`},
		"a wider type":           {properties(`{"name":"age","type":"decimal","label":"Age"}`, mood), ""},
		"another type":           {properties(`{"name":"age","type":"string","label":"Age"}`, mood), `2 [Employee.age invalid 1, Person.age invalid 1]`},
		"a constraint that fits": {properties(`{"name":"age","type":"integer","label":"Age","constraints":{"min":-1}}`, mood), ""},
		"a tighter constraint":   {properties(`{"name":"age","type":"integer","label":"Age","constraints":{"min":0}}`, mood), `1 [Employee.age invalid 1]`},
		"a narrower enum":        {properties(age, `{"name":"mood","type":"enum","label":"Mood","constraints":{"enum":["good"]}}`), `1 [Person.mood invalid 1]`},
		"a wider enum":           {properties(age, `{"name":"mood","type":"enum","label":"Mood","constraints":{"enum":["good","bad","odd"]}}`), ""},
		"a removed property":     {`{"properties":[{"name":"person_id","type":"string","label":"Id","primary_key":true},` + age + `]}`, `2 [Person.mood removed 2]`},
		"another key": {`{"properties":[{"name":"person_id","type":"string","label":"Id"},{"name":"age","type":"integer","label":"Age","primary_key":true},` + mood + `]}`,
			`3 [Employee.age key 1, Person.age key 2, Person.age required 1]`},
		"abstract":                    {`{"abstract":true}`, `2 [Person. abstract 2]`},
		"a removed link":              {`{"relationships":[]}`, `1 [Person.knows removed 1]`},
		"a link to another class":     {`{"relationships":[{"predicate":"knows","target":"Employee","label":"Knows","cardinality":"n:m"}]}`, `1 [Person.knows invalid 1]`},
		"a link with a single target": {`{"relationships":[{"predicate":"knows","target":"Person","label":"Knows","cardinality":"n:1"}]}`, `1 [Person.knows invalid 1]`},
	} {
		_, err := w.Writes.UpdateClass(t.Context(), writes.Caller{IdempotencyKey: name, Endpoint: "x"}, "shop", "main", "Person", 1, w.Object(c.change))
		got := ""
		if p, ok := problem.AsProblem(err); ok {
			got = describe(t, p)
		}
		if pending, ok := problem.AsProblem(err); ok && pending.Detail["pending_command_id"] != nil {
			got = "" // another change was accepted before and waits for its decision
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s (%v)", name, got, c.want, err)
		}
	}
	// A change that the log will refuse is not measured against the instances.
	_, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Person", 7, w.Object(`{"abstract":true}`))
	if p, ok := problem.AsProblem(err); !ok || fmt.Sprint(p.Detail["actual_seq"]) != "1" {
		t.Errorf("%v", err)
	}
}

func describe(t *testing.T, p *problem.Problem) string {
	t.Helper()
	text, err := json.Marshal(p.Detail)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Error     string
		Instances int
		Fields    []struct {
			Class     string `json:"class_id"`
			Field     string
			Reason    string
			Instances int
		}
	}
	if err := json.Unmarshal(text, &d); err != nil || d.Error != "stored_instances_break" {
		return string(text)
	}
	var fields string
	for i, f := range d.Fields {
		if i > 0 {
			fields += ", "
		}
		fields += fmt.Sprintf("%s.%s %s %d", f.Class, f.Field, f.Reason, f.Instances)
	}
	if len(p.Errors) != len(d.Fields) || p.Status != 409 {
		t.Errorf("%d errors for %s", len(p.Errors), fields)
	}
	return fmt.Sprintf("%d [%s]", d.Instances, fields)
}

func TestAParentIsNotChangedAgainstItsChildren(t *testing.T) {
	w, _ := peopled(t)
	w.Class("shop", `{"id":"Robot","label":"Robot","parent_class":"Person","properties":[{"name":"serial","type":"string","label":"S"}],
		"relationships":[{"predicate":"made_by","target":"Person","label":"M","cardinality":"n:1"}]}`)
	// What the child declares wins over what the parent declares under the same name.
	_, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Person", 1, w.Object(`{"relationships":[
		{"predicate":"knows","target":"Person","label":"Knows","cardinality":"n:m"},{"predicate":"serial","target":"Person","label":"S"}]}`))
	if err != nil {
		t.Error(err)
	}
}

func TestAClassInUseIsNotDeleted(t *testing.T) {
	w, _ := peopled(t)
	w.Class("shop", `{"id":"House","label":"House","properties":[{"name":"house_id","type":"string","label":"Id","primary_key":true}],
		"relationships":[{"predicate":"owner","target":"Employee","label":"Owner","cardinality":"n:1"}]}`)
	for class, want := range map[string]string{
		"Person":   `{"class_id":"Person","error":"class_in_use","instances":2,"references":[{"class_id":"Employee","kind":"parent_class"}]}`,
		"Employee": `{"class_id":"Employee","error":"class_in_use","instances":1,"references":[{"class_id":"House","kind":"relationship","predicate":"owner"}]}`,
		"House":    `null`,
	} {
		_, err := w.Writes.DeleteClass(t.Context(), writes.Caller{}, "shop", "main", class, 1)
		p, _ := problem.AsProblem(err)
		var detail map[string]any
		if p != nil {
			detail = p.Detail
		}
		text, encodeErr := json.Marshal(detail)
		if encodeErr != nil || string(text) != want {
			t.Errorf("%s: %s, want %s (%v)", class, text, want, err)
		}
	}
}

// away is a read model that cannot be asked.
type away struct{}

func (away) Stored(context.Context, string, string, event.Position, func(string, map[string]any)) error {
	return problem.Unavailable(problem.ServiceUnavailable, "search", fmt.Errorf("away"))
}

// While the read model is away only what can break instances has to wait.
func TestAChangeWaitsForTheReadModel(t *testing.T) {
	w, _ := peopled(t)
	w.Writes.Stored = away{}
	_, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Person", 1, w.Object(`{"abstract":true}`))
	if p, ok := problem.AsProblem(err); !ok || p.Status != 503 || !p.Retryable() {
		t.Errorf("%v", err)
	}
	if _, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Person", 1, w.Object(`{"label":"Human"}`)); err != nil {
		t.Error(err)
	}
	w.Class("shop", `{"id":"Empty","label":"Empty","properties":[{"name":"x_id","type":"string","label":"X","primary_key":true},{"name":"y","type":"string","label":"Y"}]}`)
	if _, err := w.Writes.UpdateClass(t.Context(), writes.Caller{}, "shop", "main", "Empty", 1, w.Object(`{"abstract":true}`)); err != nil {
		t.Error(err)
	}
}
