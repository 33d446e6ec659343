package bff

import (
	"slices"

	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
)

// classTypes that the list of ontologies takes; all mean a class.
var classTypes = []string{"sys:Class", "owl:Class", "rdfs:Class"}

var textClassType = problem.Define("ontology.class_type", "class_type must be one of {allowed}.", "class_type은 {allowed} 중 하나여야 합니다.")

// classDocuments lists the classes of a database as they were declared.
func (f *Function) classDocuments(r *httpapi.Request, limit, offset int) (reads.Page, error) {
	if err := f.core.RequireTarget(r); err != nil {
		return reads.Page{}, err
	}
	database := r.PathValue("db_name")
	minPosition, err := f.core.MinPosition(r, database)
	if err != nil {
		return reads.Page{}, err
	}
	return f.reads.ListClasses(r.Context(), database, limit, offset, minPosition)
}

func (f *Function) listOntologies(r *httpapi.Request) (*httpapi.Response, error) {
	if t := r.Query("class_type", classTypes[0]); !slices.Contains(classTypes, t) {
		return nil, problem.InvalidParameter([]any{"query", "class_type"}, textClassType.With("allowed", classTypes), t)
	}
	limit, offset, err := core.Page(r, 1000)
	if err != nil {
		return nil, err
	}
	list, err := f.classDocuments(r, limit, offset)
	if err != nil {
		return nil, err
	}
	for _, d := range list.Documents {
		display(d, r.Lang)
	}
	return httpapi.OK(map[string]any{"total": list.Total, "ontologies": list.Documents, "offset": offset, "limit": limit, "branch": r.Branch()}), nil
}

// display shows the texts of a class, its properties and relationships in one language,
// and keeps all languages beside them in *_i18n.
func display(d reads.Document, lang problem.Lang) {
	for _, name := range []string{"label", "description", "inverse_label"} {
		if texts, ok := d[name].(map[string]any); ok {
			d[name+"_i18n"], d[name] = texts, localized(texts, lang)
		}
	}
	for _, name := range []string{"properties", "relationships"} {
		parts, _ := d[name].([]any)
		for _, part := range parts {
			if p, ok := part.(map[string]any); ok {
				display(p, lang)
				p["display_label"] = p["label"]
			}
		}
	}
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
