package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"spiceharvester/infra/local/terminusdb"
)

// gate stands between a host and its TerminusDB. It can be closed, or let calls
// hang.
type gate struct {
	*httptest.Server
	mode    atomic.Int32
	release chan struct{} // ends what hangs
}

// The modes of a gate.
const (
	passing = iota
	closed
	hanging
)

func newGate(t *testing.T) *gate {
	t.Helper()
	server, err := terminusdb.Start(context.Background(), terminusdb.Config{User: "admin", Key: "root"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop(context.Background()) })
	target, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{release: make(chan struct{})}
	proxy := httputil.NewSingleHostReverseProxy(target)
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch g.mode.Load() {
		case closed:
			panic(http.ErrAbortHandler) // the connection breaks off
		case hanging:
			io.Copy(io.Discard, r.Body) // then the end of the call is seen
			select {
			case <-g.release:
			case <-r.Context().Done():
			}
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		close(g.release)
		g.Close()
	})
	return g
}

// graphDiffers tells how the graph differs from the fold of the log.
func graphDiffers(bff api, db string) string {
	bff.t.Helper()
	r := bff.call(200, "GET", "/api/v1/monitoring/projections?db_name="+db, nil)
	if r.Get("databases", 0, "graph", "equal") == true {
		return ""
	}
	return "graph: " + r.String()
}

// The graph follows the log; with TerminusDB away or hanging all else works, and
// then it catches up.
func TestTheGraphFollowsTheLog(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	w := ownWorld(t, "TERMINUS_SERVER_URL", g.URL, "TERMINUS_KEY", "root")
	bff, db := w.asBFF(t), w.database(t)
	order(bff, db)
	bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": "c1"}})
	bff.done("POST", instances(db, "Product")+"/create", object{"data": object{"product_id": "p1", "price": 12}})
	bff.done("POST", instances(db, "Order")+"/create", object{"data": object{"order_id": "o1", "customer": "Customer/c1", "products": list{"Product/p1"}}})
	bff.done("DELETE", instances(db, "Product")+"/p1/delete?expected_seq=1", nil) // the link stays
	eventually(t, settleLimit, func() string { return graphDiffers(bff, db) })
	r := bff.call(200, "GET", "/api/v1/monitoring/projections?db_name="+db, nil)
	classes := map[string]string{}
	for _, c := range r.Get("databases", 0, "graph", "classes").(list) {
		c := c.(object)
		classes[fmt.Sprint(c["kind"], " ", c["class_id"])] = fmt.Sprint(c["expected"], " ", c["present"])
	}
	for _, want := range []string{"ontologies Order", "instances Order", "instances Product", "instances Customer"} {
		if classes[want] != "1 1" {
			t.Errorf("%s: %q of %v", want, classes[want], classes)
		}
	}
	for i, mode := range []int32{closed, hanging} {
		g.mode.Store(mode)
		id := fmt.Sprintf("키 #%d \"x\"", i)
		bff.done("POST", instances(db, "Customer")+"/create", object{"data": object{"customer_id": id}})
		bff.call(200, "GET", instancePath(db, "Customer", id)+"?min_sequence=1", nil)
		if graphDiffers(bff, db) == "" {
			t.Error("the graph holds what it cannot have got")
		}
		g.mode.Store(passing)
		eventually(t, settleLimit, func() string { return graphDiffers(bff, db) })
	}
	bff.done("DELETE", "/api/v1/databases/"+db+"?expected_seq=1", nil)
	bff.done("POST", "/api/v1/databases", object{"name": db})
	eventually(t, settleLimit, func() string { return graphDiffers(bff, db) })
}
