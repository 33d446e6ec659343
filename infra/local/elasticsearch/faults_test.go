package elasticsearch_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/local/elasticsearch"
)

func TestFaultAnswers(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	for _, c := range []struct {
		status int
		typ    string
	}{{429, "es_rejected_execution_exception"}, {503, "no_shard_available_action_exception"}, {500, "illegal_state_exception"}} {
		s.Faults().Answer(c.status, 2)
		for range 2 {
			if got := mustAsk(t, "GET", s.URL()+"/", "", c.status); !strings.Contains(got, c.typ) {
				t.Error(got)
			}
		}
		mustAsk(t, "GET", s.URL()+"/", "", 200)
	}
	s.Faults().Answer(503, 0)
	for range 5 {
		mustAsk(t, "GET", s.URL()+"/", "", 503)
	}
	s.Faults().Clear()
	mustAsk(t, "GET", s.URL()+"/", "", 200)
}

func TestFaultOnOnePath(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	s.Faults().Answer(429, 1)
	s.Faults().Only("/_bulk")
	mustAsk(t, "GET", s.URL()+"/", "", 200)
	mustAsk(t, "POST", s.URL()+"/_bulk", "{\"delete\":{\"_index\":\"i\",\"_id\":\"a\"}}\n", 429)
	mustAsk(t, "POST", s.URL()+"/_bulk", "{\"delete\":{\"_index\":\"i\",\"_id\":\"a\"}}\n", 200)
}

func TestFaultDrop(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	s.Faults().Drop(1)
	// POST is not repeated by the client of the standard library.
	if _, _, err := ask(t, "POST", s.URL()+"/_bulk", "{}\n"); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	mustAsk(t, "GET", s.URL()+"/", "", 200)
}

func TestFaultHang(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	s.Faults().Hang()
	answered := make(chan int)
	go func() {
		res, _, err := ask(t, "GET", s.URL()+"/", "")
		if err != nil {
			t.Error(err)
			close(answered)
			return
		}
		answered <- res.StatusCode
	}()
	select {
	case <-answered:
		t.Error("answered in spite of the fault")
	case <-time.After(50 * time.Millisecond):
	}
	s.Faults().Clear()
	if status := <-answered; status != 200 {
		t.Errorf("status %d", status)
	}
}

func TestLostShards(t *testing.T) {
	s := start(t, elasticsearch.Config{})
	mustAsk(t, "PUT", s.URL()+"/i", `{"settings":{"number_of_replicas":0}}`, 200)
	mustAsk(t, "PUT", s.URL()+"/i/_doc/a?refresh=true", `{}`, 201)
	s.Faults().LoseShards(true)
	mustAsk(t, "POST", s.URL()+"/i/_search", `{}`, 503)
	mustAsk(t, "GET", s.URL()+"/i/_doc/a", "", 503)
	if got := mustAsk(t, "POST", s.URL()+"/i/_mget", `{"ids":["a"]}`, 200); !strings.Contains(got, `"error":`) {
		t.Error(got)
	}
	if got := mustAsk(t, "POST", s.URL()+"/i/_bulk", "{\"index\":{\"_id\":\"b\"}}\n{}\n", 200); !strings.Contains(got, `"errors":true`) || !strings.Contains(got, `"status":503`) {
		t.Error(got)
	}
	if got := mustAsk(t, "GET", s.URL()+"/_cluster/health?wait_for_status=yellow&timeout=20ms", "", 408); !strings.Contains(got, `"status":"red"`) {
		t.Error(got)
	}
	s.Faults().Clear()
	if got := mustAsk(t, "GET", s.URL()+"/_cluster/health?wait_for_status=green&timeout=5s", "", 200); !strings.Contains(got, `"status":"green"`) {
		t.Error(got)
	}
	mustAsk(t, "POST", s.URL()+"/i/_search", `{}`, 200)
}

func TestFaultsOverHTTP(t *testing.T) {
	closed := start(t, elasticsearch.Config{})
	mustAsk(t, "PUT", closed.URL()+"/_faults", `{"answer":503}`, http.StatusBadRequest)
	mustAsk(t, "GET", closed.URL()+"/", "", 200)

	s := start(t, elasticsearch.Config{EnableFaults: true})
	mustAsk(t, "PUT", s.URL()+"/_faults", `{"answer":503,"count":1}`, 204)
	mustAsk(t, "GET", s.URL()+"/", "", 503)
	mustAsk(t, "GET", s.URL()+"/", "", 200)
	mustAsk(t, "PUT", s.URL()+"/_faults", `{"hang":true,"only":"/nowhere"}`, 204)
	mustAsk(t, "GET", s.URL()+"/", "", 200)
	mustAsk(t, "PUT", s.URL()+"/_faults", `{"anwser":503}`, 400)
	mustAsk(t, "DELETE", s.URL()+"/_faults", "", 204)
}

func TestRefusedDocuments(t *testing.T) {
	s := start(t, elasticsearch.Config{EnableFaults: true})
	mustAsk(t, "PUT", s.URL()+"/_faults", `{"refuse":"poison"}`, 204)
	const bulk = `{"index":{"_index":"i","_id":"a"}}` + "\n" + `{"t":"fine"}` + "\n" + `{"index":{"_index":"i","_id":"b"}}` + "\n" + `{"t":"poison"}` + "\n"
	if got := mustAsk(t, "POST", s.URL()+"/_bulk", bulk, 200); strings.Count(got, "document_parsing_exception") != 1 || strings.Count(got, `"result":"created"`) != 1 {
		t.Error(got)
	}
	mustAsk(t, "DELETE", s.URL()+"/_faults", "", 204)
	if got := mustAsk(t, "POST", s.URL()+"/_bulk", bulk, 200); strings.Contains(got, "document_parsing_exception") {
		t.Error(got)
	}
}
