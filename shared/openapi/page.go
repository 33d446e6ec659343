package openapi

import (
	"cmp"
	"encoding/json"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// page shows a document without scripts and without anything from elsewhere.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.Title}}</title>
<style>
body{font:15px/1.45 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
nav a{margin-right:.8rem}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}details{border:1px solid #ddd;border-radius:4px;margin:.4rem 0}
summary{padding:.4rem .6rem;cursor:pointer}summary code{font-weight:600}.m{display:inline-block;width:4.5rem;font:600 12px monospace}
.GET{color:#0a6}.POST{color:#06c}.PUT{color:#a60}.DELETE{color:#c22}.in{padding:0 1rem 1rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;border-top:1px solid #eee;padding:.2rem .5rem;vertical-align:top}pre{background:#f6f6f6;padding:.6rem;overflow:auto;font-size:13px}
@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}pre{background:#222}details{border-color:#444}td,th{border-color:#333}}
</style></head><body>
<h1>{{.Title}} <small>{{.Version}}</small></h1><p>{{.About}}</p>
<nav>{{range .Groups}}<a href="#{{.Name}}">{{.Name}}</a>{{end}}</nav>
{{range .Groups}}<h2 id="{{.Name}}">{{.Name}}</h2>
{{range .Operations}}<details id="{{.ID}}"><summary><span class="m {{.Method}}">{{.Method}}</span><code>{{.Path}}</code> {{.Summary}}</summary><div class="in">
{{with .About}}<p>{{.}}</p>{{end}}
{{if .Params}}<table><tr><th>parameter</th><th>in</th><th>type</th><th></th></tr>{{range .Params}}<tr><td><code>{{.Name}}</code>{{if .Required}} *{{end}}</td><td>{{.In}}</td><td>{{.Type}}</td><td>{{.About}}</td></tr>{{end}}</table>{{end}}
{{with .Body}}<h4>Body</h4><pre>{{.}}</pre>{{end}}
{{range .Answers}}<h4>{{.Status}}</h4>{{with .Body}}<pre>{{.}}</pre>{{end}}{{end}}
</div></details>{{end}}{{end}}
</body></html>
`))

type pageParam struct {
	Name, In, Type, About string
	Required              bool
}

type pageAnswer struct{ Status, Body string }

type pageOperation struct {
	ID, Method, Path, Summary, About string
	Params                           []pageParam
	Body                             string
	Answers                          []pageAnswer
}

type pageGroup struct {
	Name       string
	Operations []pageOperation
}

// Page writes a document for people.
func Page(w io.Writer, doc *huma.OpenAPI) error {
	groups := map[string][]pageOperation{}
	for path, item := range doc.Paths {
		for method, o := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete, "PATCH": item.Patch} {
			if o != nil {
				groups[o.Tags[0]] = append(groups[o.Tags[0]], pageOf(doc.Components.Schemas, method, path, o))
			}
		}
	}
	var list []pageGroup
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		operations := groups[name]
		slices.SortFunc(operations, func(a, b pageOperation) int {
			return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
		})
		list = append(list, pageGroup{name, operations})
	}
	return page.Execute(w, map[string]any{"Title": doc.Info.Title, "Version": doc.Info.Version, "About": doc.Info.Description, "Groups": list})
}

func pageOf(registry huma.Registry, method, path string, o *huma.Operation) pageOperation {
	p := pageOperation{ID: o.OperationID, Method: method, Path: path, Summary: o.Summary, About: o.Description}
	for _, q := range o.Parameters {
		p.Params = append(p.Params, pageParam{Name: q.Name, In: q.In, Type: q.Schema.Type, About: q.Description, Required: q.Required})
	}
	if o.RequestBody != nil {
		for _, m := range o.RequestBody.Content {
			p.Body = outline(registry, m.Schema)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(o.Responses)) {
		r := o.Responses[status]
		a := pageAnswer{Status: status + " " + r.Description}
		if status < "400" {
			for _, m := range r.Content {
				a.Body = outline(registry, m.Schema)
			}
		}
		p.Answers = append(p.Answers, a)
	}
	return p
}

// outline shows the shape of a schema as JSON with types for values.
func outline(registry huma.Registry, s *huma.Schema) string {
	text, err := json.MarshalIndent(shape(registry, s, 0), "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// maxShape bounds how deep a shape is shown: types may refer to themselves.
const maxShape = 6

func shape(registry huma.Registry, s *huma.Schema, depth int) any {
	if s.Ref != "" {
		s = registry.SchemaFromRef(s.Ref)
	}
	switch {
	case depth > maxShape:
		return "..."
	case s.Type == "array" && s.Items != nil:
		return []any{shape(registry, s.Items, depth+1)}
	case s.Type == "object" && len(s.Properties) > 0:
		out := map[string]any{}
		for name, p := range s.Properties {
			if slices.Contains(s.Required, name) {
				name += " *"
			}
			out[name] = shape(registry, p, depth+1)
		}
		return out
	case len(s.Enum) > 0:
		var texts []string
		for _, e := range s.Enum {
			if text, ok := e.(string); ok {
				texts = append(texts, text)
			}
		}
		return strings.Join(texts, " | ")
	case s.Type == "":
		return "any"
	}
	return s.Type
}
