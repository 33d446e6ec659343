package writes

import (
	"context"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/instance"
)

// ForLinks gives a definition with which the links of payloads can be checked. A link
// leads to an instance of its target class or of a class that inherits from it; the
// classes are only read if a payload has such a link.
func ForLinks(ctx context.Context, reader *classes.Reader, database, branch string, d *classes.Definition, payloads ...map[string]any) (*classes.Definition, error) {
	for _, payload := range payloads {
		if !instance.LinksElsewhere(d.Schema, payload) {
			continue
		}
		family, err := reader.Family(ctx, database, branch)
		if err != nil {
			return nil, err
		}
		wide := *d
		wide.Schema = d.Schema.WithFamily(family.Descends)
		return &wide, nil
	}
	return d, nil
}
