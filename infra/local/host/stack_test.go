package host

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"spiceharvester/shared/topics"
)

const project = "../../.."

// TestTheStackNamesEveryFunction compares stack.yml, the folders and the build.
func TestTheStackNamesEveryFunction(t *testing.T) {
	s, err := loadStack(filepath.Join(project, "stack.yml"))
	if err != nil {
		t.Fatal(err)
	}
	folders, err := os.ReadDir(filepath.Join(project, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		name := folder.Name()
		if _, ok := s.Functions[name]; !ok {
			t.Errorf("stack.yml has no entry for functions/%s", name)
		}
		if functions[name] == nil {
			t.Errorf("the local host has no opener for functions/%s", name)
		}
		if _, err := os.Stat(filepath.Join(project, "functions", name, "cmd", "main.go")); err != nil {
			t.Errorf("functions/%s cannot run as a process: %v", name, err)
		}
	}
	for name, f := range s.Functions {
		if _, err := os.Stat(filepath.Join(project, f.Handler)); err != nil {
			t.Errorf("stack.yml: %s: %v", name, err)
		}
	}
}

// TestTopicsAreListed compares the topics that the relay uses with the list
// that an installation creates.
func TestTopicsAreListed(t *testing.T) {
	list, err := loadTopics(filepath.Join(project, "infra", "topics.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, topic := range topics.All {
		if !slices.Contains(list.Topics, topic) {
			t.Errorf("infra/topics.yaml lacks %s", topic)
		}
	}
	if list.Partitions != 8 {
		t.Errorf("%d partitions", list.Partitions)
	}
}
