package access_test

import (
	"fmt"
	"testing"

	"spiceharvester/shared/access"
	"spiceharvester/shared/writes"
)

func TestHowADatabaseLooks(t *testing.T) {
	user := func(id string) writes.Principal { return writes.Principal{Type: "user", ID: id, Name: id} }
	shared := []access.Grant{{Principal: user("ada"), Role: access.Owner}, {Principal: user("lee"), Role: access.Editor}, {Principal: user("sue"), Role: access.Viewer}}
	for name, c := range map[string]struct {
		grants []access.Grant
		caller writes.Principal
		want   string
	}{
		"nobody has a grant":  {nil, user("kim"), "{{user kim kim} Owner true []}"},
		"the owner":           {shared, user("ada"), "{{user ada ada} Owner true [lee sue]}"},
		"an editor":           {shared, user("lee"), "{{user ada ada} Editor true [lee sue]}"},
		"a stranger":          {shared, user("kim"), "{{user ada ada} Viewer false [lee sue]}"},
		"a service of a name": {shared[:1], writes.Principal{Type: "service", ID: "ada", Name: "ada"}, "{{user ada ada} Viewer false []}"},
	} {
		if got := fmt.Sprint(access.ViewOf(c.grants, c.caller)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
