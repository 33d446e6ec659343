package e2e

import (
	"fmt"
	"testing"
)

// A row may link to one instance twice, by two relationships. The number of links
// towards that instance is the number of those listed.
func TestLinksTowardsAnInstanceAreCounted(t *testing.T) {
	w := sharedWorld(t)
	im := airports(t, w)
	im.imported("a", "airports", "iata,name,city,latitude\nA,a,X,1\n", "Airport", airportMappings, object{})
	_, job := im.imported("f", "flights", "origin,destination,count\nA,A,7\n", "Route", routeMappings, object{})
	im.total("Route", job)
	r := im.instance("Airport", "A")
	incoming, _ := r.Get("data", "links", "incoming").([]any)
	if n := r.Text("data", "links", "incoming_total"); len(incoming) != 2 || n != fmt.Sprint(len(incoming)) {
		t.Errorf("%d links are listed, the total is %s: %s", len(incoming), n, r)
	}
}
