// Package architecture tests the arrows between the project's packages.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "spiceharvester/"

// pureDomain are the packages that know no technology: they import the standard
// library, each other and small libraries, but no client of any service.
var pureDomain = []string{"shared/ontology", "shared/instance"}

// technologies are the import paths (by part) of clients and servers.
var technologies = []string{
	"net/http", "database/sql", "jackc/pgx", "twmb/franz-go", "aws/aws-sdk-go", "elastic/", "redis/go-redis", "cloudevents/", "knative.dev",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// forbidden tells why a package may not import another, or "".
func forbidden(from, to string) string {
	from, to = strings.TrimPrefix(from, module), strings.TrimPrefix(to, module)
	function := func(path string) string {
		name, ok := strings.CutPrefix(path, "functions/")
		name, _, _ = strings.Cut(name, "/")
		if !ok {
			return ""
		}
		return name
	}
	switch {
	case strings.HasPrefix(from, "shared/") && (strings.HasPrefix(to, "functions/") || strings.HasPrefix(to, "infra/")):
		return "shared never imports functions or infra"
	case function(from) != "" && function(to) != "" && function(from) != function(to):
		return "functions never import each other"
	case function(from) != "" && strings.HasPrefix(to, "infra/"):
		return "functions import shared, not infra"
	}
	for _, pure := range pureDomain {
		if from != pure && !strings.HasPrefix(from, pure+"/") {
			continue
		}
		for _, technology := range technologies {
			if strings.Contains(to, technology) {
				return "a domain package knows no technology"
			}
		}
	}
	return ""
}

func TestArrows(t *testing.T) {
	list := packages(t)
	if len(list) < 5 {
		t.Fatalf("go list found only %d packages", len(list))
	}
	for _, p := range list {
		for _, to := range p.Imports {
			if why := forbidden(p.ImportPath, to); why != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, why)
			}
		}
	}
}

func TestForbidden(t *testing.T) {
	for _, arrow := range []struct {
		from, to string
		allowed  bool
	}{
		{"shared/event", "infra/local/s3", false},
		{"shared/event", "functions/bff", false},
		{"functions/bff", "functions/oms", false},
		{"functions/bff/cmd", "functions/bff", true},
		{"functions/bff", "infra/local", false},
		{"infra/local", "functions/bff", true},
		{"shared/ontology", "net/http", false},
		{"shared/ontology", "shared/event", true},
		{"shared/eventlog/s3store", "github.com/aws/aws-sdk-go-v2/aws", true},
	} {
		local := func(path string) string {
			if strings.HasPrefix(path, "net") || strings.HasPrefix(path, "github") {
				return path
			}
			return module + path
		}
		if why := forbidden(local(arrow.from), local(arrow.to)); (why == "") != arrow.allowed {
			t.Errorf("%s -> %s: %q", arrow.from, arrow.to, why)
		}
	}
}
