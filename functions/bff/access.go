package bff

import (
	"spiceharvester/shared/access"
	"spiceharvester/shared/core"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
)

var textOwnersOnly = problem.Define("database.owners_only", "Only owners can delete projects.", "소유자만 프로젝트를 삭제할 수 있습니다.")

// views tells how databases look to the caller. Roles follow the log a moment later;
// until then the creation itself says who the owner is.
func (f *Function) views(r *httpapi.Request, list []core.Database) ([]access.View, error) {
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	grants, err := f.access.Grants(r.Context(), names)
	if err != nil {
		return nil, err
	}
	views, caller := make([]access.View, len(list)), r.Principal()
	for i, d := range list {
		known := grants[d.Name]
		if len(known) == 0 && d.Creator.ID != "" {
			known = []access.Grant{{Principal: d.Creator, Role: access.Owner}}
		}
		views[i] = access.ViewOf(known, caller)
	}
	return views, nil
}

// decorate tells owners and roles of databases (bff-api 2.2). Outside production
// everybody counts as owner; in production a database is hidden from those who have
// no role in it.
func (f *Function) decorate(r *httpapi.Request, list []core.Database) ([]core.Database, error) {
	views, err := f.views(r, list)
	if err != nil {
		return nil, err
	}
	shown := make([]core.Database, 0, len(list))
	for i, d := range list {
		v := views[i]
		if f.guarded && !v.Granted {
			continue
		}
		d.OwnerID, d.OwnerName, d.SharedWith, d.Shared = v.Owner.ID, v.Owner.Name, v.SharedWith, len(v.SharedWith) > 0
		if d.Role = access.Owner; f.guarded {
			d.Role = v.Role
		}
		shown = append(shown, d)
	}
	return shown, nil
}

// mayDelete refuses, in production, the deletion of a database by others than its
// owners. Whether it exists is for others to say.
func (f *Function) mayDelete(r *httpapi.Request, name string) error {
	if !f.guarded {
		return nil
	}
	list, err := f.core.ListDatabases(r.Context())
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Name != name {
			continue
		}
		views, err := f.views(r, []core.Database{d})
		if err != nil {
			return err
		}
		if views[0].Role != access.Owner {
			return problem.Forbidden(textOwnersOnly.With())
		}
	}
	return nil
}
