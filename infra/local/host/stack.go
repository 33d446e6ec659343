package host

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// annotationListen gives a function a port of its own on the local host:
// "<variable>:<default port>", for example BFF_PORT:8002.
const annotationListen = "spiceharvester.dev/listen"

// stack is the part of OpenFaaS' stack.yml that the project uses.
type stack struct {
	Version  any `json:"version"`
	Provider struct {
		Name    string `json:"name"`
		Gateway string `json:"gateway"`
	} `json:"provider"`
	Functions map[string]stackFunction `json:"functions"`
}

type stackFunction struct {
	Lang        string            `json:"lang"`
	Handler     string            `json:"handler"`
	Image       string            `json:"image"`
	Environment map[string]string `json:"environment,omitempty"`
	Secrets     []string          `json:"secrets,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

func loadStack(file string) (stack, error) {
	var s stack
	content, err := os.ReadFile(file)
	if err != nil {
		return s, fmt.Errorf("stack: %w", err)
	}
	if err := yaml.UnmarshalStrict(content, &s); err != nil {
		return s, fmt.Errorf("stack: %s: %w", file, err)
	}
	if len(s.Functions) == 0 {
		return s, fmt.Errorf("stack: %s names no function", file)
	}
	return s, nil
}

// listen gives the variable and the default of a function's own port.
func (f stackFunction) listen() (variable string, port int, ok bool, err error) {
	text, ok := f.Annotations[annotationListen]
	if !ok {
		return "", 0, false, nil
	}
	variable, number, _ := strings.Cut(text, ":")
	port, err = strconv.Atoi(number)
	if err != nil || variable == "" {
		return "", 0, false, fmt.Errorf("annotation %s is %q, not VARIABLE:port", annotationListen, text)
	}
	return variable, port, true, nil
}

// topicList is infra/topics.yaml.
type topicList struct {
	Partitions int      `json:"partitions"`
	Retention  string   `json:"retention"`
	Topics     []string `json:"topics"`
}

func loadTopics(file string) (topicList, error) {
	var t topicList
	content, err := os.ReadFile(file)
	if err != nil {
		return t, fmt.Errorf("topics: %w", err)
	}
	if err := yaml.UnmarshalStrict(content, &t); err != nil {
		return t, fmt.Errorf("topics: %s: %w", file, err)
	}
	return t, nil
}
