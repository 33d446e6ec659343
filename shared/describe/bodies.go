package describe

// ClassBody is a class as clients declare it (bff-api 3.3).
type ClassBody struct {
	ID            string             `json:"id,omitempty"`
	Label         any                `json:"label"`
	Description   any                `json:"description,omitempty"`
	ParentClass   *string            `json:"parent_class,omitempty"`
	Abstract      bool               `json:"abstract,omitempty"`
	Properties    []PropertyBody     `json:"properties,omitempty"`
	Relationships []RelationshipBody `json:"relationships,omitempty"`
	Metadata      Object             `json:"metadata,omitempty"`
}

// PropertyBody is a property of a class as clients declare it.
type PropertyBody struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Label       any    `json:"label"`
	Required    bool   `json:"required,omitempty"`
	PrimaryKey  bool   `json:"primary_key,omitempty"`
	Default     any    `json:"default,omitempty"`
	Description any    `json:"description,omitempty"`
	Constraints Object `json:"constraints,omitempty"`
	LinkTarget  string `json:"linkTarget,omitempty"`
	Cardinality string `json:"cardinality,omitempty"`
	Items       Object `json:"items,omitempty"`
}

// RelationshipBody is a relationship as clients declare it.
type RelationshipBody struct {
	Predicate        string `json:"predicate"`
	Target           string `json:"target"`
	Label            any    `json:"label"`
	Cardinality      string `json:"cardinality,omitempty" enum:"1:1,1:n,n:1,n:m"`
	Description      any    `json:"description,omitempty"`
	InversePredicate string `json:"inverse_predicate,omitempty"`
	InverseLabel     any    `json:"inverse_label,omitempty"`
}

// InstanceBody is the body of a creation or change.
type InstanceBody struct {
	Data     Object `json:"data"`
	Metadata Object `json:"metadata,omitempty"`
}

// BulkBody creates or changes many instances.
type BulkBody struct {
	Instances []Object `json:"instances"`
	Metadata  Object   `json:"metadata,omitempty"`
}

// InstanceList is a page of a class.
type InstanceList struct {
	ClassID   string   `json:"class_id"`
	Total     int      `json:"total"`
	Limit     int      `json:"limit"`
	Offset    int      `json:"offset"`
	Search    *string  `json:"search"`
	Instances []Object `json:"instances"`
}

// ExactList is InstanceList with the way to the next page.
type ExactList struct {
	InstanceList
	Next *string `json:"next_cursor"`
}

// RestoreBody names the version of an instance that becomes the present one: one of both.
type RestoreBody struct {
	Sequence uint64 `json:"sequence,omitempty"`
	Position string `json:"position,omitempty"`
}

// ChangeRow is a change of one instance of many.
type ChangeRow struct {
	Instance string `json:"instance_id"`
	Expected uint64 `json:"expected_seq,omitempty"`
	Data     Object `json:"data"`
}

// ChangesBody change many instances.
type ChangesBody struct {
	Instances []ChangeRow `json:"instances"`
	Metadata  Object      `json:"metadata,omitempty"`
}

// DeleteRow is the deletion of one instance of many.
type DeleteRow struct {
	Instance string `json:"instance_id"`
	Expected uint64 `json:"expected_seq,omitempty"`
}

// DeletionsBody delete many instances.
type DeletionsBody struct {
	Instances []DeleteRow `json:"instances"`
	Metadata  Object      `json:"metadata,omitempty"`
}

// QueryBody is a query by label. One of class_label and class_id is needed.
type QueryBody struct {
	ClassLabel     string        `json:"class_label,omitempty"`
	ClassID        string        `json:"class_id,omitempty"`
	Filters        []QueryFilter `json:"filters,omitempty"`
	Select         []string      `json:"select,omitempty"`
	OrderBy        string        `json:"order_by,omitempty"`
	OrderDirection string        `json:"order_direction,omitempty" enum:"asc,desc"`
	Limit          int           `json:"limit,omitempty" default:"50"`
	Offset         int           `json:"offset,omitempty" default:"0"`
}

// QueryFilter is one condition; all must hold.
type QueryFilter struct {
	Field    string `json:"field" doc:"A label or the id of a property."`
	Operator string `json:"operator" doc:"eq, ne, gt, ge, lt, le, like, not_like, starts_with, ends_with, in, not_in, is_null, is_not_null, or a symbol."`
	Value    any    `json:"value,omitempty"`
}
