package dispatch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheProjectsTriggers loads the files that are applied to a cluster.
func TestTheProjectsTriggers(t *testing.T) {
	triggers, err := Load("../../../triggers")
	if err != nil {
		t.Fatal(err)
	}
	if len(triggers.Ping) == 0 {
		t.Error("the relay has no timer")
	}
}

func TestBadTriggersAreNamed(t *testing.T) {
	good := fmt.Sprintf(manifest, 10)
	for reason, change := range map[string][2]string{
		"consumerGrop":        {"consumerGroup:", "consumerGrop:"},
		"initialOffset":       {"earliest", "latest"},
		"ordering":            {"unordered", "ordered"},
		"retry is missing":    {"    retry: 3\n", ""},
		"backoffPolicy":       {"linear", "random"},
		"PT5S":                {"PT5S", "5s"},
		"deadLetterSink":      {"    deadLetterSink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: relay}, uri: /dead-letter}\n", ""},
		"batch-max":           {`"10"`, `"many"`},
		"is no KafkaSource":   {"kind: KafkaSource", "kind: KafkaSink"},
		"spec.topics":         {"[instance_events]", "[]"},
		"metadata.name":       {"name: worker\n", "name: \"\"\n"},
		"spec.sink.ref":       {"  sink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: worker}}", "  sink: {}"},
		"spec.consumerGroup ": {"consumerGroup: worker-group", "consumerGroup: \"\""},
	} {
		dir := t.TempDir()
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing was changed", reason)
		}
		if err := os.WriteFile(filepath.Join(dir, "worker.yaml"), []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), strings.TrimSpace(reason)) || !strings.Contains(err.Error(), "worker.yaml") {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, err := Load(t.TempDir()); err == nil {
		t.Error("an empty folder is accepted")
	}
}

func TestParsePeriod(t *testing.T) {
	for text, want := range map[string]time.Duration{"PT5S": 5 * time.Second, "PT0.2S": 200 * time.Millisecond, "PT1H2M3S": time.Hour + 2*time.Minute + 3*time.Second} {
		if got, err := parsePeriod(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "PT", "5s", "P1D", "PT-1S", "PT999999999H"} {
		if got, err := parsePeriod(bad); err == nil {
			t.Errorf("%q is read as %v", bad, got)
		}
	}
}
