package bff

import (
	"slices"
	"strings"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
	"spiceharvester/shared/writes"
)

// classTypes that the list of ontologies takes; all mean a class.
var classTypes = []string{"sys:Class", "owl:Class", "rdfs:Class"}

var textClassType = problem.Define("ontology.class_type", "class_type must be one of {allowed}.", "class_type은 {allowed} 중 하나여야 합니다.")

// classDocuments lists the classes of a database as they were declared.
func (f *Function) classDocuments(r *httpapi.Request, limit, offset int) (reads.Page, error) {
	database := r.PathValue("db_name")
	if err := writes.CheckTarget(database, r.Branch()); err != nil {
		return reads.Page{}, err
	}
	exists, _, err := f.core.DatabaseExists(r.Context(), database)
	if err == nil && !exists {
		err = problem.NotFound(problem.KindDatabase, database)
	}
	var minPosition event.Position
	if err == nil {
		minPosition, err = f.position(r, database)
	}
	if err != nil {
		return reads.Page{}, err
	}
	list, err := f.reads.List(r.Context(), database, sweep.Ontology, search.Query{Alias: search.ClassesAlias(database), Offset: offset, Limit: limit}, minPosition)
	if err != nil {
		return list, err
	}
	for i, d := range list.Documents {
		class, _ := d["data"].(map[string]any)
		if class == nil {
			continue
		}
		for _, name := range []string{"version", "created_at", "updated_at", "branch", "db_name", "index_status"} {
			class[name] = d[name]
		}
		list.Documents[i] = class
	}
	slices.SortFunc(list.Documents, func(a, b reads.Document) int { return strings.Compare(id(a), id(b)) })
	return list, nil
}

func id(d reads.Document) string { s, _ := d["id"].(string); return s }

func (f *Function) listOntologies(r *httpapi.Request) (*httpapi.Response, error) {
	if t := r.Query("class_type", classTypes[0]); !slices.Contains(classTypes, t) {
		return nil, problem.InvalidParameter([]any{"query", "class_type"}, textClassType.With("allowed", classTypes), t)
	}
	limit, offset, err := page(r, 1000)
	if err != nil {
		return nil, err
	}
	list, err := f.classDocuments(r, limit, offset)
	if err != nil {
		return nil, err
	}
	for _, d := range list.Documents {
		for _, name := range []string{"label", "description"} {
			if texts, ok := d[name].(map[string]any); ok {
				d[name+"_i18n"] = texts
				d[name] = localized(texts, r.Lang)
			}
		}
	}
	return httpapi.OK(map[string]any{"total": list.Total, "ontologies": list.Documents, "offset": offset, "limit": limit, "branch": r.Branch()}), nil
}

// localized chooses the text of a language, else English, else Korean.
func localized(texts map[string]any, lang problem.Lang) any {
	for _, l := range []string{string(lang), "en", "ko"} {
		if text, ok := texts[l]; ok {
			return text
		}
	}
	return nil
}

func (f *Function) listClasses(r *httpapi.Request) (*httpapi.Response, error) {
	list, err := f.classDocuments(r, 1000, 0)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(map[string]any{"classes": list.Documents, "count": list.Total}), nil
}
