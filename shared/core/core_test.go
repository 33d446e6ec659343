package core_test

import (
	"fmt"
	"testing"

	"spiceharvester/shared/config"
	"spiceharvester/shared/core"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

func TestPolicyFromEnv(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string // proposals, protected, key required, implicit key, events blocked, snake case
	}{
		"nothing":    {nil, "true [main master production prod] true true false false"},
		"set":        {map[string]string{"ONTOLOGY_REQUIRE_PROPOSALS": "no", "ONTOLOGY_PROTECTED_BRANCHES": "a, b", "ONTOLOGY_REQUIRE_PRIMARY_KEY": "0", "ONTOLOGY_BLOCK_EVENT_LIKE_CLASS": "1", "ONTOLOGY_ENFORCE_SNAKE_CASE_FIELDS": " on "}, "false [a b] false true true true"},
		"production": {map[string]string{"APP_ENV": "Production"}, "true [main master production prod] true false false false"},
		"and yet":    {map[string]string{"ENVIRONMENT": "prod", "ONTOLOGY_ALLOW_IMPLICIT_PRIMARY_KEY": "true"}, "true [main master production prod] true true false false"},
		"nonsense":   {map[string]string{"ONTOLOGY_REQUIRE_PROPOSALS": "perhaps", "ONTOLOGY_PROTECTED_BRANCHES": "  "}, "true [main master production prod] true true false false"},
	} {
		p := core.PolicyFromEnv(config.Config{Env: func(name string) string { return c.env[name] }})
		got := fmt.Sprint(p.RequireProposals, p.Protected, p.Lint.RequirePrimaryKey, p.Lint.AllowImplicitPrimaryKey, p.Lint.BlockEventLike, p.Lint.EnforceSnakeCase)
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestMembersOfABody(t *testing.T) {
	body, err := strictjson.Object([]byte(`{"o":{"a":1},"l":[1],"t":"x","n":null,"i":7}`))
	if err != nil {
		t.Fatal(err)
	}
	told := func(err error) string {
		if err == nil {
			return "fine"
		}
		errs := problem.FieldErrorsOf(err)
		return errs[0].Type + " " + problem.Path(errs[0].Loc)
	}
	object := func(name string, required bool) error { _, err := core.Object(body, name, required); return err }
	text := func(name string, required bool) error { _, err := core.Text(body, name, required); return err }
	items := func(name string) error { _, err := core.List(body, name); return err }
	for _, c := range []struct {
		err  error
		want string
	}{
		{object("o", true), "fine"}, {object("n", false), "fine"}, {object("none", false), "fine"},
		{object("n", true), "missing body.n"}, {object("none", true), "missing body.none"}, {object("l", false), "dict_type body.l"},
		{text("t", true), "fine"}, {text("n", false), "fine"}, {text("none", true), "missing body.none"}, {text("i", false), "string_type body.i"},
		{items("l"), "fine"}, {items("n"), "missing body.n"}, {items("o"), "list_type body.o"},
		{core.Known(body, "o", "l", "t", "n", "i"), "fine"}, {core.Known(body, "o", "l", "t", "n"), "extra_forbidden body.i"},
	} {
		if got := told(c.err); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
	if o, err := core.Object(body, "none", false); err != nil || o == nil {
		t.Errorf("an absent object is %v, %v", o, err)
	}
}
