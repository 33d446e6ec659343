package writes

import "cmp"

// Principal is who a right in a database belongs to.
type Principal struct {
	Type string `json:"principal_type"` // user or service
	ID   string `json:"principal_id"`
	Name string `json:"principal_name"`
}

// OwnerOf gives the owner that the creation of a database names. One that names none
// belongs to its actor.
func (f *DatabaseFact) OwnerOf(actor string) Principal {
	if f.Owner == nil {
		return Principal{Type: "user", ID: actor, Name: actor}
	}
	return Principal{Type: cmp.Or(f.Owner.Type, "user"), ID: f.Owner.ID, Name: cmp.Or(f.Owner.Name, f.Owner.ID)}
}
