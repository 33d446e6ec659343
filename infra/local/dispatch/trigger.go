// Package dispatch is the local host's event dispatcher. It reads the files in
// triggers/ exactly as they are applied to a cluster (Knative KafkaSource and
// PingSource), consumes Kafka and posts CloudEvents to the functions.
//
//	trigger.go   the files
//	lanes.go     which records may go out together: a lane per aggregate
//	source.go    one KafkaSource: poll, deliver, commit
//	delivery.go  one POST with retries, backoff, time-out and dead letter
//	timer.go     one PingSource
//	chaos.go     duplicates, losses, delays and disorder, on demand
package dispatch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"
	"sigs.k8s.io/yaml"
)

// Annotations that only this dispatcher reads; a cluster ignores them.
const (
	annotationBatch  = "spiceharvester.dev/batch-max"    // events per POST, default 1
	annotationLinger = "spiceharvester.dev/batch-linger" // how long a batch waits to fill, default 0
	annotationFlight = "spiceharvester.dev/in-flight"    // POSTs at once, default 4
	annotationPeriod = "spiceharvester.dev/local-period" // a PingSource's period on the local host
)

// Metadata is the part of Kubernetes' object metadata that the files use.
type Metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Ref names a function.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Namespace  string `json:"namespace,omitempty"`
}

// Destination is where events go: a function and a path in it.
type Destination struct {
	Ref *Ref   `json:"ref,omitempty"`
	URI string `json:"uri,omitempty"`
}

// Delivery says how a failed POST is repeated.
type Delivery struct {
	Retry          int          `json:"retry,omitempty"`
	BackoffPolicy  string       `json:"backoffPolicy,omitempty"` // linear or exponential
	BackoffDelay   string       `json:"backoffDelay,omitempty"`  // ISO 8601, for example PT1S
	Timeout        string       `json:"timeout,omitempty"`       // ISO 8601
	DeadLetterSink *Destination `json:"deadLetterSink,omitempty"`
}

// KafkaSource is sources.knative.dev/v1 KafkaSource.
type KafkaSource struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Metadata   Metadata        `json:"metadata"`
	Spec       KafkaSourceSpec `json:"spec"`
}

// KafkaSourceSpec is its spec.
type KafkaSourceSpec struct {
	ConsumerGroup    string      `json:"consumerGroup"`
	BootstrapServers []string    `json:"bootstrapServers"`
	Topics           []string    `json:"topics"`
	InitialOffset    string      `json:"initialOffset,omitempty"`
	Ordering         string      `json:"ordering,omitempty"`
	Consumers        int         `json:"consumers,omitempty"`
	Delivery         *Delivery   `json:"delivery,omitempty"`
	Sink             Destination `json:"sink"`
}

// PingSource is sources.knative.dev/v1 PingSource.
type PingSource struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   Metadata       `json:"metadata"`
	Spec       PingSourceSpec `json:"spec"`
}

// PingSourceSpec is its spec.
type PingSourceSpec struct {
	Schedule    string      `json:"schedule"`
	Timezone    string      `json:"timezone,omitempty"`
	ContentType string      `json:"contentType,omitempty"`
	Data        string      `json:"data,omitempty"`
	Sink        Destination `json:"sink"`
}

// Triggers is everything in a folder of trigger files.
type Triggers struct {
	Kafka []KafkaSource
	Ping  []PingSource
}

// Load reads the trigger files of a folder. Unknown fields and values that a
// cluster would refuse are errors that name the file.
func Load(dir string) (Triggers, error) {
	var t Triggers
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return t, fmt.Errorf("triggers: %w", err)
	}
	if len(files) == 0 {
		return t, fmt.Errorf("triggers: no *.yaml in %s", dir)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return t, fmt.Errorf("triggers: %w", err)
		}
		for i, doc := range bytes.Split(content, []byte("\n---\n")) {
			if err := t.add(doc); err != nil {
				return t, fmt.Errorf("triggers: %s, document %d: %w", filepath.Base(file), i+1, err)
			}
		}
	}
	return t, nil
}

func (t *Triggers) add(doc []byte) error {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(doc, &head); err != nil {
		return err
	}
	switch head.APIVersion + " " + head.Kind {
	case "sources.knative.dev/v1 KafkaSource":
		var s KafkaSource
		if err := yaml.UnmarshalStrict(doc, &s); err != nil {
			return err
		}
		t.Kafka = append(t.Kafka, s)
		return s.validate()
	case "sources.knative.dev/v1 PingSource":
		var s PingSource
		if err := yaml.UnmarshalStrict(doc, &s); err != nil {
			return err
		}
		t.Ping = append(t.Ping, s)
		return s.validate()
	}
	return fmt.Errorf("%s %s is no KafkaSource or PingSource of sources.knative.dev/v1", head.APIVersion, head.Kind)
}

// validate demands what the project's promises need, which is more than a
// cluster does: without these fields KafkaSource loses events.
func (s *KafkaSource) validate() error {
	var errs []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(s.Metadata.Name+": "+format, args...))
		}
	}
	require(s.Metadata.Name != "", "metadata.name is missing")
	require(s.Spec.ConsumerGroup != "", "spec.consumerGroup is missing")
	require(len(s.Spec.Topics) > 0, "spec.topics is empty")
	require(s.Spec.InitialOffset == "earliest", "spec.initialOffset is %q, not earliest", s.Spec.InitialOffset)
	require(s.Spec.Ordering == "unordered", "spec.ordering is %q, not unordered", s.Spec.Ordering)
	require(s.Spec.Sink.Ref != nil, "spec.sink.ref is missing")
	d := s.Spec.Delivery
	require(d != nil, "spec.delivery is missing")
	if d != nil {
		require(d.Retry > 0, "spec.delivery.retry is missing")
		require(slices.Contains([]string{"linear", "exponential"}, d.BackoffPolicy), "spec.delivery.backoffPolicy is %q", d.BackoffPolicy)
		require(d.DeadLetterSink != nil && d.DeadLetterSink.Ref != nil, "spec.delivery.deadLetterSink.ref is missing")
		_, err := parsePeriod(d.BackoffDelay)
		require(err == nil, "spec.delivery.backoffDelay: %v", err)
		_, err = parsePeriod(d.Timeout)
		require(err == nil, "spec.delivery.timeout: %v", err)
	}
	for _, name := range []string{annotationBatch, annotationFlight} {
		_, err := s.Metadata.number(name, 1)
		require(err == nil, "%v", err)
	}
	_, err := s.Metadata.duration(annotationLinger, 0)
	require(err == nil, "%v", err)
	return errors.Join(errs...)
}

func (s *PingSource) validate() error {
	if s.Metadata.Name == "" || s.Spec.Sink.Ref == nil {
		return errors.New("metadata.name and spec.sink.ref are needed")
	}
	if _, err := cron.ParseStandard(s.Spec.Schedule); err != nil {
		return fmt.Errorf("%s: spec.schedule: %w", s.Metadata.Name, err)
	}
	_, err := s.Metadata.duration(annotationPeriod, 0)
	return err
}

func (m *Metadata) number(annotation string, otherwise int) (int, error) {
	text, ok := m.Annotations[annotation]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s: annotation %s is %q, not a positive number", m.Name, annotation, text)
	}
	return n, nil
}

func (m *Metadata) duration(annotation string, otherwise time.Duration) (time.Duration, error) {
	text, ok := m.Annotations[annotation]
	if !ok {
		return otherwise, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s: annotation %s is %q, not a duration", m.Name, annotation, text)
	}
	return d, nil
}
