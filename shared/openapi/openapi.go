// Package openapi describes an HTTP API in OpenAPI 3.1: each route's parameters,
// body and answers, with schemas made from the Go types of the handlers.
//
//	openapi.go   what a route says about itself, and the document of all routes
//	page.go      the same to read
//	serve.go     the routes that serve both
package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Operation is one route as clients see it.
type Operation struct {
	Pattern string // as the router has it: "GET /api/v1/databases/{db_name}"
	Route   string // the router's pattern, where one route serves several operations
	Tag     string // the group on the page
	Summary string
	About   string // more than a line, if needed
	Hidden  bool   // only in the full document: an alias, or not part of the published contract
	Params  []Param
	Body    any         // a value of the type of the JSON body; nil without one
	Maybe   bool        // the body may be left out
	Form    []Param     // parts of a multipart body
	Answers map[int]any // status to a value of the body's type; nil for no JSON body; none if it only fails
	Media   string      // of the answer, if it is not JSON
	Fails   []int       // statuses of error bodies, beside 401, 403 and 422
	Public  bool        // needs no token
}

// Param is a query parameter, a header or a part of a form.
type Param struct {
	Name, In string // In: query (the default), header
	Type     string // string (the default), integer, boolean, number, binary
	Required bool
	Enum     []string
	Default  any
	About    string
}

// Info names an API.
type Info struct {
	Title, Version, About string
	Error                 any // a value of the type of error bodies
	Lang                  bool
}

var parameter = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// Document builds the document of routes. A route without an operation, and an
// operation without a route, are errors: the document never tells less or more
// than the router. all includes what is hidden.
func Document(info Info, routes []string, operations []Operation, all bool) (*huma.OpenAPI, error) {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[json.Number](), reflect.TypeFor[float64]()) // by its kind it would be a text
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0", Info: &huma.Info{Title: info.Title, Version: info.Version, Description: info.About},
		Paths: map[string]*huma.PathItem{},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"token":  {Type: "apiKey", In: "header", Name: "X-Admin-Token"},
			"bearer": {Type: "http", Scheme: "bearer"},
		}},
	}
	described, operation := map[string]bool{}, map[string]bool{}
	for i := range operations {
		o := &operations[i]
		route := cmp.Or(o.Route, o.Pattern)
		if !slices.Contains(routes, route) {
			return nil, fmt.Errorf("openapi: no route %q", route)
		}
		if operation[o.Pattern] {
			return nil, fmt.Errorf("openapi: route %q is described twice", o.Pattern)
		}
		described[route], operation[o.Pattern] = true, true
		if !o.Hidden || all {
			if err := add(doc, registry, info, o); err != nil {
				return nil, err
			}
		}
	}
	for _, r := range routes {
		if !described[r] {
			return nil, fmt.Errorf("openapi: route %q is not described", r)
		}
	}
	return doc, nil
}

func add(doc *huma.OpenAPI, registry huma.Registry, info Info, o *Operation) error {
	method, path, _ := strings.Cut(o.Pattern, " ")
	path = parameter.ReplaceAllString(strings.TrimSuffix(path, "{$}"), "{$1}")
	out := &huma.Operation{Tags: []string{o.Tag}, Summary: o.Summary, Description: o.About, OperationID: id(method, path), Responses: map[string]*huma.Response{}}
	for _, match := range parameter.FindAllStringSubmatch(o.Pattern, -1) {
		out.Parameters = append(out.Parameters, &huma.Param{Name: match[1], In: "path", Required: true, Schema: &huma.Schema{Type: "string"}})
	}
	params := o.Params
	if info.Lang {
		params = append(params[:len(params):len(params)],
			Param{Name: "lang", Enum: []string{"en", "ko"}, About: "Language of texts; default ko."},
			Param{Name: "Accept-Language", In: "header", About: "Language of texts, if lang is not given."})
	}
	for _, p := range params {
		in := p.In
		if in == "" {
			in = "query"
		}
		out.Parameters = append(out.Parameters, &huma.Param{Name: p.Name, In: in, Required: p.Required, Description: p.About, Schema: p.schema()})
	}
	switch {
	case len(o.Form) > 0:
		form := &huma.Schema{Type: "object", Properties: map[string]*huma.Schema{}}
		for _, p := range o.Form {
			form.Properties[p.Name] = p.schema()
			form.Properties[p.Name].Description = p.About
			if p.Required {
				form.Required = append(form.Required, p.Name)
			}
		}
		out.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}}
	case o.Body != nil:
		out.RequestBody = &huma.RequestBody{Required: !o.Maybe, Content: map[string]*huma.MediaType{"application/json": {Schema: schema(registry, o.Body)}}}
	}
	if len(o.Answers) == 0 && len(o.Fails) == 0 {
		return fmt.Errorf("openapi: %q has no answer", o.Pattern)
	}
	for status, body := range o.Answers {
		r := &huma.Response{Description: http.StatusText(status)}
		switch {
		case o.Media != "":
			r.Content = map[string]*huma.MediaType{o.Media: {Schema: &huma.Schema{Type: "string"}}}
		case body != nil:
			r.Content = map[string]*huma.MediaType{"application/json": {Schema: schema(registry, body)}}
		}
		out.Responses[strconv.Itoa(status)] = r
	}
	fails := append([]int{http.StatusUnprocessableEntity}, o.Fails...)
	if !o.Public {
		out.Security = []map[string][]string{{"token": {}}, {"bearer": {}}}
		fails = append(fails, http.StatusUnauthorized, http.StatusForbidden)
	}
	if info.Error != nil {
		body := schema(registry, info.Error)
		for _, status := range fails {
			out.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{"application/json": {Schema: body}}}
		}
	}
	item := doc.Paths[path]
	if item == nil {
		item = &huma.PathItem{}
		doc.Paths[path] = item
	}
	place, ok := map[string]**huma.Operation{
		http.MethodGet: &item.Get, http.MethodPost: &item.Post, http.MethodPut: &item.Put, http.MethodDelete: &item.Delete, http.MethodPatch: &item.Patch,
	}[method]
	if !ok {
		return fmt.Errorf("openapi: %q has a method that is not described", o.Pattern)
	}
	*place = out
	return nil
}

func schema(registry huma.Registry, v any) *huma.Schema {
	return huma.SchemaFromType(registry, reflect.TypeOf(v))
}

func (p Param) schema() *huma.Schema {
	s := &huma.Schema{Type: p.Type, Default: p.Default}
	switch p.Type {
	case "":
		s.Type = "string"
	case "binary":
		s.Type, s.Format = "string", "binary"
	}
	for _, e := range p.Enum {
		s.Enum = append(s.Enum, e)
	}
	return s
}

var noWord = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// id gives an operation a name that clients can be generated with.
func id(method, path string) string {
	return strings.ToLower(method) + "_" + strings.Trim(noWord.ReplaceAllString(strings.TrimPrefix(path, "/api/v1"), "_"), "_")
}
