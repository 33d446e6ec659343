package demo

// class is a declaration of a class.
type class struct {
	ID            string         `json:"id"`
	Label         map[string]any `json:"label"`
	Properties    []property     `json:"properties"`
	Relationships []relationship `json:"relationships,omitempty"`
}

type property struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Label string `json:"label"`
	Key   bool   `json:"primary_key,omitempty"`
}

type relationship struct {
	Predicate   string `json:"predicate"`
	Target      string `json:"target"`
	Label       string `json:"label"`
	Cardinality string `json:"cardinality"`
}

var airport = class{
	ID: "Airport", Label: map[string]any{"en": "Airport", "ko": "공항"},
	Properties: []property{
		{Name: "iata", Type: "xsd:string", Label: "IATA code", Key: true},
		{Name: "name", Type: "xsd:string", Label: "Name"},
		{Name: "city", Type: "xsd:string", Label: "City"},
		{Name: "state", Type: "xsd:string", Label: "State"},
		{Name: "country", Type: "xsd:string", Label: "Country"},
		{Name: "latitude", Type: "xsd:decimal", Label: "Latitude"},
		{Name: "longitude", Type: "xsd:decimal", Label: "Longitude"},
	},
}

var route = class{
	ID: "Route", Label: map[string]any{"en": "Route", "ko": "노선"},
	Properties: []property{
		{Name: "from", Type: "xsd:string", Label: "From", Key: true},
		{Name: "to", Type: "xsd:string", Label: "To", Key: true},
		{Name: "flights", Type: "xsd:integer", Label: "Flights"},
	},
	Relationships: []relationship{
		{Predicate: "origin", Target: "Airport", Label: "Origin", Cardinality: "n:1"},
		{Predicate: "destination", Target: "Airport", Label: "Destination", Cardinality: "n:1"},
	},
}

// mapping takes one column to a property, or the columns that are a target's key
// to a link.
type mapping struct {
	Source  string   `json:"source_field,omitempty"`
	Sources []string `json:"source_fields,omitempty"`
	Target  string   `json:"target_field"`
}

var airportMappings = []mapping{
	{Source: "iata", Target: "iata"}, {Source: "name", Target: "name"}, {Source: "city", Target: "city"}, {Source: "state", Target: "state"},
	{Source: "country", Target: "country"}, {Source: "latitude", Target: "latitude"}, {Source: "longitude", Target: "longitude"},
}

var routeMappings = []mapping{
	{Source: "origin", Target: "from"}, {Source: "destination", Target: "to"}, {Source: "count", Target: "flights"},
	{Sources: []string{"origin"}, Target: "origin"}, {Sources: []string{"destination"}, Target: "destination"},
}
