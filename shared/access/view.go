package access

import "spiceharvester/shared/writes"

// View is how a database looks to a caller.
type View struct {
	Owner      writes.Principal
	Role       string   // of the caller; Viewer without a grant
	Granted    bool     // the caller has a grant, or nobody has
	SharedWith []string // ids of all others than the owner
}

// ViewOf tells what grants mean for a caller (bff-api 2.2). Where nobody has a grant
// the caller counts as the owner.
func ViewOf(grants []Grant, caller writes.Principal) View {
	v := View{Role: Viewer, SharedWith: []string{}}
	if len(grants) == 0 {
		v.Owner, v.Role, v.Granted = caller, Owner, true
		return v
	}
	for _, g := range grants {
		if g.Role == Owner {
			v.Owner = g.Principal
		} else {
			v.SharedWith = append(v.SharedWith, g.Principal.ID)
		}
		if g.Principal.Type == caller.Type && g.Principal.ID == caller.ID {
			v.Role, v.Granted = g.Role, true
		}
	}
	return v
}
