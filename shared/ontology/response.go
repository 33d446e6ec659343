package ontology

import (
	"time"

	"spiceharvester/shared/problem"
)

// Response is a class as GET /ontology/{class_label} of the BFF shows it
// (OntologyResponse, bff-api 3.3): texts in one
// language and, as *_i18n, in all, and "primaryKey".
type Response struct {
	ID            string                 `json:"id"`
	Label         string                 `json:"label"`
	Description   *string                `json:"description"`
	ParentClass   *string                `json:"parent_class"`
	Abstract      bool                   `json:"abstract"`
	Properties    []PropertyResponse     `json:"properties"`
	Relationships []RelationshipResponse `json:"relationships"`
	Metadata      map[string]any         `json:"metadata"`
	Version       int64                  `json:"version"`
	CreatedAt     string                 `json:"created_at"`
	UpdatedAt     string                 `json:"updated_at"`

	LabelI18n       Localized `json:"label_i18n"`
	DescriptionI18n Localized `json:"description_i18n"`
}

// PropertyResponse is a property in one language.
type PropertyResponse struct {
	Name        string         `json:"name"`
	Type        string         `json:"type"`
	Label       string         `json:"label"`
	Description *string        `json:"description"`
	Required    bool           `json:"required"`
	PrimaryKey  bool           `json:"primaryKey"`
	Default     any            `json:"default"`
	Constraints map[string]any `json:"constraints"`

	DisplayLabel    string    `json:"display_label"`
	LabelI18n       Localized `json:"label_i18n"`
	DescriptionI18n Localized `json:"description_i18n"`
}

// RelationshipResponse is a relationship in one language.
type RelationshipResponse struct {
	Predicate        string      `json:"predicate"`
	Target           string      `json:"target"`
	Label            string      `json:"label"`
	Cardinality      Cardinality `json:"cardinality"`
	Description      *string     `json:"description"`
	InversePredicate *string     `json:"inverse_predicate"`
	InverseLabel     *string     `json:"inverse_label"`
	Required         bool        `json:"required,omitempty"`

	DisplayLabel     string    `json:"display_label"`
	LabelI18n        Localized `json:"label_i18n"`
	DescriptionI18n  Localized `json:"description_i18n"`
	InverseLabelI18n Localized `json:"inverse_label_i18n"`
}

// Stamp says which state of a class is shown: its sequence and the times of its first
// and last fact.
type Stamp struct {
	Branch               string
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// branchKey is where metadata says which branch is read. It is no part of the class.
const branchKey = "branch"

// Response shows a class in a language. The branch stands in the metadata.
func (c Class) Response(lang problem.Lang, s Stamp) Response {
	out := Response{ID: c.ID, Label: c.Label.In(lang), Description: c.Description.orNull(lang), ParentClass: c.ParentClass,
		Abstract: c.Abstract, Version: s.Version,
		CreatedAt: problem.Timestamp(s.CreatedAt), UpdatedAt: problem.Timestamp(s.UpdatedAt),
		LabelI18n: c.Label, DescriptionI18n: c.Description,
		Properties: []PropertyResponse{}, Relationships: []RelationshipResponse{}, Metadata: map[string]any{}}
	for key, v := range c.Metadata {
		out.Metadata[key] = v
	}
	out.Metadata[branchKey] = s.Branch
	for _, p := range c.Properties {
		out.Properties = append(out.Properties, PropertyResponse{Name: p.Name, Type: p.Type, Label: p.Label.In(lang),
			Description: p.Description.orNull(lang), Required: p.Required, PrimaryKey: p.PrimaryKey,
			Default: p.Default, Constraints: p.Constraints,
			DisplayLabel: p.Label.In(lang), LabelI18n: p.Label, DescriptionI18n: p.Description})
	}
	for _, r := range c.Relationships {
		out.Relationships = append(out.Relationships, RelationshipResponse{Predicate: r.Predicate, Target: r.Target,
			Label: r.Label.In(lang), Cardinality: r.Cardinality, Description: r.Description.orNull(lang),
			InversePredicate: r.InversePredicate, InverseLabel: r.InverseLabel.orNull(lang), Required: r.Required,
			DisplayLabel: r.Label.In(lang), LabelI18n: r.Label, DescriptionI18n: r.Description, InverseLabelI18n: r.InverseLabel})
	}
	return out
}

func (l Localized) orNull(lang problem.Lang) *string {
	if l.isBlank() {
		return nil
	}
	text := l.In(lang)
	return &text
}
