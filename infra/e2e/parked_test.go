package e2e

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/shared/config"
	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/topics"
	"spiceharvester/shared/writes"
)

const (
	parked    = "/api/v1/admin/parked"
	documents = "projection_worker:instance_events"
)

// poisoned is a host whose Elasticsearch can be told to refuse documents for good.
type poisoned struct {
	api
	w    *world
	db   string
	stub *client.Client
}

func newPoisoned(t *testing.T) *poisoned {
	t.Helper()
	t.Parallel()
	w := ownWorld(t, "ELASTICSEARCH_FAULTS", "1")
	p := &poisoned{api: w.asBFF(t), w: w, db: w.database(t), stub: client.New(w.host.Env["ELASTICSEARCH_URL"], "")}
	t.Cleanup(p.stub.Close)
	product(p.api, p.db)
	return p
}

// refuses lets Elasticsearch refuse documents that hold a text; "" cures it.
func (p *poisoned) refuses(text string) {
	p.t.Helper()
	method, body := http.MethodPut, any(object{"refuse": text})
	if text == "" {
		method, body = http.MethodDelete, nil
	}
	if r, err := p.stub.Do(p.t.Context(), method, "/_faults", body); err != nil || r.Status != http.StatusNoContent {
		p.t.Fatalf("%s, %v", r, err)
	}
}

func (p *poisoned) create(id, description string) {
	p.t.Helper()
	p.done("POST", instances(p.db, "Product")+"/create", object{"data": object{"product_id": id, "name": description}})
}

func (p *poisoned) update(id, description string, sequence int) {
	p.t.Helper()
	p.done("PUT", fmt.Sprintf("%s/%s/update?expected_seq=%d", instances(p.db, "Product"), id, sequence), object{"data": object{"name": description}})
}

// waits waits until the dead are of certain instances, each at a sequence.
func (p *poisoned) waits(want ...string) *client.Response {
	p.t.Helper()
	var r *client.Response
	eventually(p.t, settleLimit, func() string {
		r = p.call(200, "GET", parked+"?handler="+documents+"&db_name="+p.db, nil)
		var got []string
		rows, _ := r.Get("parked").([]any)
		for _, row := range rows {
			o := row.(object)
			id := fmt.Sprint(o["aggregate_id"])
			got = append(got, fmt.Sprintf("%s@%v %v", id[strings.LastIndex(id, ":")+1:], o["next_sequence"], o["dead"]))
		}
		if slices.Sort(got); slices.Equal(got, want) {
			return ""
		}
		return fmt.Sprintf("%q, want %q", got, want)
	})
	return r
}

func (p *poisoned) aggregate(id string) string { return p.db + ":main:Product:" + id }

// shows waits until an instance shows a description.
func (p *poisoned) shows(id, description string) {
	p.t.Helper()
	eventually(p.t, settleLimit, func() string {
		r, err := p.Do(p.t.Context(), "GET", "/api/v1/databases/"+p.db+"/class/Product/instance/"+id, nil)
		if err == nil && r.Text("data", "data", "name") == description {
			return ""
		}
		return fmt.Sprint(r, err)
	})
}

// A fact that Elasticsearch refuses for good parks its aggregate alone. Replayed
// after the cause is gone, all that came meanwhile is there too.
func TestPoisonParksAloneAndIsReplayedInOrder(t *testing.T) {
	p := newPoisoned(t)
	p.create("a", "fine")
	p.shows("a", "fine")
	p.refuses("unwanted")
	p.update("a", "unwanted", 1)
	p.waits("a@2 true")
	for i := range 5 { // the class goes on
		p.create(fmt.Sprint("b", i), "fine")
	}
	p.update("a", "after it", 2)
	p.shows("b4", "fine")
	p.shows("a", "fine")

	one := p.call(200, "GET", parked+"/fact?handler="+documents+"&aggregate_type=Instance&aggregate_id="+url.QueryEscape(p.aggregate("a")), nil)
	if one.Text("event", "sequence") != "2" || one.Text("event", "event_type") != "INSTANCE_UPDATED" || !strings.Contains(one.String(), "unwanted") || one.Text("reason") == "" {
		t.Errorf("%s", one)
	}
	if r := p.call(200, "GET", "/api/v1/monitoring/projections?db_name="+p.db, nil); r.Get("equal") != false || r.Text("parked_counts", 0, "handler") != documents || r.Text("parked_counts", 0, "dead") != "1" {
		t.Errorf("%s", r)
	}
	eventually(t, settleLimit, func() string {
		if text := string(p.call(200, "GET", "/metrics", nil).Body); !strings.Contains(text, `spice_parked_aggregates{handler="`+documents+`",state="dead"} 1`) {
			return "the metrics do not count it"
		}
		return ""
	})
	for _, body := range []object{{}, {"db_name": p.db, "aggregate_id": "a"}, {"handler": 7}, {"handlers": "x"}} {
		p.call(422, "POST", parked+"/replay", body)
	}
	p.call(404, "POST", parked+"/replay", object{"handler": documents, "aggregate_type": "Instance", "aggregate_id": p.aggregate("b1")})

	p.refuses("")
	p.call(200, "POST", parked+"/replay", object{"handler": documents, "aggregate_type": "Instance", "aggregate_id": p.aggregate("a")})
	p.shows("a", "after it")
	p.waits()
	assertHealthy(t, p.w, p.db)
}

// A fact that is given up is an event: the handler goes on, and what is made again
// from the log leaves the fact out.
func TestADiscardIsHonouredByARebuild(t *testing.T) {
	p := newPoisoned(t)
	p.create("a", "fine")
	p.create("b", "fine")
	p.shows("b", "fine")
	p.refuses("unwanted")
	p.update("a", "unwanted", 1)
	p.update("b", "unwanted", 1)
	p.waits("a@2 true", "b@2 true")
	p.update("b", "healed", 2)

	body := func(id string) object {
		return object{"handler": documents, "aggregate_type": "Instance", "aggregate_id": p.aggregate(id), "reason": "tested"}
	}
	p.call(422, "POST", parked+"/discard", body("a"))
	p.call(422, "POST", parked+"/discard?expected_seq=2", object{"handler": documents})
	r := p.call(409, "POST", parked+"/discard?expected_seq=1", body("a"), client.Lang("en"))
	if !strings.Contains(r.String(), "sequence 1 but at 2") {
		t.Errorf("%s", r)
	}
	r = p.call(200, "POST", parked+"/discard?expected_seq=2", body("a"), client.Key("give-up"), client.Lang("en"))
	if r.Text("status") != "discarded" || r.Get("repeated") != false || !strings.Contains(r.Text("message"), "heals") {
		t.Errorf("%s", r)
	}
	if again := p.call(200, "POST", parked+"/discard?expected_seq=2", body("a"), client.Key("give-up")); again.Get("repeated") != true || again.Text("position") != r.Text("position") {
		t.Errorf("%s", again)
	}
	p.call(409, "POST", parked+"/discard?expected_seq=2", body("b"), client.Key("give-up"))
	p.waits("b@2 true")
	p.call(200, "POST", parked+"/discard?expected_seq=2", body("b"))
	p.shows("b", "healed") // by the fact that came while it was parked
	p.shows("a", "fine")
	p.waits()
	assertHealthy(t, p.w, p.db)

	p.refuses("") // now it could be written, and is not
	rebuilt := p.call(202, "POST", "/api/v1/admin/rebuild", object{"sinks": list{"search"}})
	eventually(t, settleLimit, func() string {
		if s := p.call(200, "GET", rebuilt.Text("status_url"), nil); s.Text("status") != "COMPLETED" {
			return s.String()
		}
		return ""
	})
	if s := p.call(200, "GET", rebuilt.Text("status_url"), nil); s.Get("result", "data", "equal") != true {
		t.Errorf("%s", s)
	}
	p.shows("a", "fine")
	p.update("a", "later", 2)
	p.shows("a", "later")
}

// What is no event is kept, listed and shown.
func TestDeadLettersAreListedAndRead(t *testing.T) {
	p := newPoisoned(t)
	kafka, err := kgo.NewClient(kgo.SeedBrokers(p.w.host.Env["KAFKA_BOOTSTRAP_SERVERS"]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(kafka.Close)
	if err := kafka.ProduceSync(t.Context(), &kgo.Record{Topic: topics.InstanceEvents, Value: []byte(`{"no": "event"}`)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	var r *client.Response
	eventually(t, settleLimit, func() string {
		if r = p.call(200, "GET", "/api/v1/admin/dead-letters?limit=1", nil); r.Text("total") == "0" {
			return r.String()
		}
		return ""
	})
	if r.Text("dead_letters", 0, "reason") == "" || r.Text("dead_letters", 0, "size") != "15" {
		t.Errorf("%s", r)
	}
	one := p.call(200, "GET", "/api/v1/admin/dead-letters/"+r.Text("dead_letters", 0, "id"), nil)
	if !strings.Contains(one.Text("text"), `"no"`) || one.Get("truncated") != false {
		t.Errorf("%s", one)
	}
	p.call(404, "GET", "/api/v1/admin/dead-letters/999999", nil)
	p.call(400, "GET", "/api/v1/admin/dead-letters/x", nil)
}

// A command that no try can mend has its outcome, and later ones of the same
// aggregate have theirs.
func TestAPoisonCommandFails(t *testing.T) {
	p := newPoisoned(t)
	p.create("a", "fine")
	settings, err := config.FromEnv(func(name string) string { return p.w.host.Env[name] })
	if err != nil {
		t.Fatal(err)
	}
	settings.FunctionURL = ""
	other, err := platform.Open("a-newer-release", settings, slog.New(slog.DiscardHandler)) // writes what nobody here knows
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	id := event.ID(uuid.NewString())
	_, err = other.Log.Append(t.Context(), eventlog.Entry{Event: event.Event{
		ID: id, Type: "PAINT_INSTANCE_REQUESTED", Source: "/test", Time: time.Now().UTC(), Kind: event.Command,
		Aggregate: event.Aggregate{Type: writes.Instances, ID: p.aggregate("a")}, Database: p.db, Branch: "main", Data: []byte(`{}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, settleLimit, func() string {
		r, err := p.Do(t.Context(), "GET", "/api/v1/commands/"+string(id)+"/status", nil)
		if err != nil || r.Text("status") != "FAILED" || r.Text("error") == "" {
			return fmt.Sprint(r, err)
		}
		return ""
	})
	p.update("a", "later", 1)
	p.shows("a", "later")
}
