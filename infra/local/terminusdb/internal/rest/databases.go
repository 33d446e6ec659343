package rest

import (
	"net/http"
	"regexp"
	"strings"

	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

func (c *call) ok() error {
	c.w.Header().Set("Content-Type", "application/octets")
	c.w.WriteHeader(http.StatusOK)
	return nil
}

func (c *call) info() error {
	writeJSON(c.w, http.StatusOK, success("api:InfoResponse", map[string]any{"api:info": map[string]any{
		"authority":        "terminusdb://system/data/User/" + c.user,
		"storage":          map[string]any{"version": "2"},
		"terminusdb":       map[string]any{"version": "11.1.14", "git_hash": "stand-in"},
		"terminusdb_store": map[string]any{"version": "0.19.8"},
	}}))
	return nil
}

func (c *call) connect() error {
	if len(c.segments) > 0 {
		return nil
	}
	list := []any{}
	if c.user != anonymous {
		for _, d := range c.h.store.Databases() {
			list = append(list, describe(d, true, true))
		}
	}
	writeJSON(c.w, http.StatusOK, list)
	return nil
}

func (c *call) organizations() error {
	if c.user == anonymous {
		return forbidden("SystemDatabase/system", "instance_read_access")
	}
	databases := []any{"SystemDatabase/system"}
	for _, d := range c.h.store.Databases() {
		databases = append(databases, "UserDatabase/"+d.Info().ID)
	}
	writeJSON(c.w, http.StatusOK, []any{map[string]any{
		"@id": "Organization/" + c.h.o.Account, "@type": "Organization", "database": databases, "name": c.h.o.Account,
	}})
	return nil
}

func (c *call) users() error {
	if c.user == anonymous {
		return forbidden("SystemDatabase/system", "instance_read_access")
	}
	writeJSON(c.w, http.StatusOK, []any{
		map[string]any{"@id": "User/" + c.h.o.User, "@type": "User", "capability": []any{"Capability/server_access"}, "name": c.h.o.User},
		map[string]any{"@id": "User/anonymous", "@type": "User", "name": anonymous},
	})
	return nil
}

func (c *call) db() error {
	switch c.method {
	case http.MethodPost:
		c.class = "api:DbCreateErrorResponse"
		return c.createDatabase()
	case http.MethodPut:
		c.class = "api:DbUpdateErrorResponse"
		return c.updateDatabase()
	case http.MethodDelete:
		c.class = "api:DbDeleteErrorResponse"
		return c.deleteDatabase()
	}
	return c.listDatabases()
}

// names are organization and database of the path.
func (c *call) names() (organization, name string, err error) {
	if len(c.segments) != 2 {
		path := strings.Join(c.segments, "/")
		return "", "", terr.New("InvalidResourcePath", map[string]any{"resource_path": path}, "Resource path invalid: %s", path)
	}
	return c.segments[0], c.segments[1], nil
}

var prefixText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:.*[/#:]$`)

func (c *call) createDatabase() error {
	organization, name, err := c.names()
	if err != nil {
		return err
	}
	if c.params, err = c.object(); err != nil {
		return err
	}
	if c.user == anonymous {
		return forbidden("Organization/"+organization, "create_database")
	}
	label, err := c.label()
	if err != nil {
		return err
	}
	if organization != c.h.o.Account {
		return terr.NotFound("UnknownOrganizationName", map[string]any{"organization_name": organization}, "Unknown organization name: %s", organization)
	}
	if strings.Contains(name, "|") || len(name) > 200 {
		return terr.New("InvalidDatabaseName", map[string]any{"database_name": name}, "Invalid database name: '%s'", name)
	}
	context, err := c.context()
	if err != nil {
		return err
	}
	public, err := c.flag("public", false)
	if err != nil {
		return err
	}
	d, err := c.h.store.Create(store.Info{Organization: organization, Name: name, Label: label, Comment: c.text("comment"), Public: public}, context)
	if err != nil {
		return err
	}
	if d == nil {
		return terr.New("DatabaseAlreadyExists", map[string]any{"database_name": name, "organization_name": organization}, "Database already exists.")
	}
	writeJSON(c.w, http.StatusOK, success("api:DbCreateResponse", map[string]any{"api:database_uri": "terminusdb://system/data/UserDatabase/" + d.Info().ID}))
	return nil
}

func (c *call) label() (string, error) {
	label, err := c.required("label")
	if err != nil {
		if t := err.(*terr.Error); t.Fields["value"] == "" {
			t.Message = strings.ReplaceAll(t.Message, "''", `""`)
		}
	}
	return label, err
}

// context takes the prefixes of the body.
func (c *call) context() (map[string]any, error) {
	context := map[string]any{"@base": "terminusdb:///data/", "@schema": "terminusdb:///schema#"}
	prefixes, _ := c.params["prefixes"].(map[string]any)
	for name, v := range prefixes {
		text, ok := v.(string)
		if !ok || !prefixText.MatchString(text) {
			return nil, terr.New("InvalidPrefix", map[string]any{"prefix_name": name, "prefix_value": v}, "The value for the prefix '%s' (%v) is not a valid URI prefix.", name, v)
		}
		context[name] = text
	}
	return context, nil
}

func (c *call) updateDatabase() error {
	organization, name, err := c.names()
	if err != nil {
		return err
	}
	if c.params, err = c.object(); err != nil {
		return err
	}
	d, err := c.find(resource{organization: organization, database: name})
	if err != nil {
		return err
	}
	if err := c.allow(d, "manage_capabilities"); err != nil {
		return err
	}
	i := d.Info()
	if v, ok := c.params["label"].(string); ok {
		i.Label = v
	}
	if v, ok := c.params["comment"].(string); ok {
		i.Comment = v
	}
	if i.Public, err = c.flag("public", i.Public); err != nil {
		return err
	}
	if err := d.Write(func() error { return d.Describe(i.Label, i.Comment, i.Public) }); err != nil {
		return err
	}
	writeJSON(c.w, http.StatusOK, success("api:DbUpdatedResponse", nil))
	return nil
}

func (c *call) deleteDatabase() error {
	organization, name, err := c.names()
	if err != nil {
		return err
	}
	if c.user == anonymous {
		return forbidden("Organization/"+organization, "delete_database")
	}
	switch found, err := c.h.store.Delete(organization, name); {
	case err != nil:
		return err
	case !found:
		return unknownDatabase(organization, name)
	}
	writeJSON(c.w, http.StatusOK, success("api:DbDeleteResponse", nil))
	return nil
}

func (c *call) listDatabases() error {
	branches, err := c.flag("branches", false)
	if err != nil {
		return err
	}
	verbose, err := c.flag("verbose", false)
	if err != nil {
		return err
	}
	if len(c.segments) == 2 && c.segments[1] != "" {
		d := c.h.store.Database(c.segments[0], c.segments[1])
		if d == nil || c.allow(d, "instance_read_access") != nil {
			writeJSON(c.w, http.StatusNotFound, map[string]any{
				"@type": "api:DbListErrorResponse", "api:message": "Database does not exist, or you do not have permission", "api:status": "api:failure",
			})
			return nil
		}
		writeJSON(c.w, http.StatusOK, describe(d, branches, verbose))
		return nil
	}
	list := []any{}
	for _, d := range c.h.store.Databases() {
		if len(c.segments) > 0 && c.segments[0] != d.Info().Organization || c.allow(d, "instance_read_access") != nil {
			continue
		}
		list = append(list, describe(d, branches, verbose))
	}
	writeJSON(c.w, http.StatusOK, list)
	return nil
}

func describe(d *store.Database, branches, verbose bool) map[string]any {
	i := d.Info()
	m := map[string]any{"path": i.Organization + "/" + i.Name}
	if branches {
		m["branches"] = d.Branches()
	}
	if verbose {
		m["@id"], m["@type"], m["name"], m["label"], m["comment"] = "UserDatabase/"+i.ID, "UserDatabase", i.Name, i.Label, i.Comment
		m["creation_date"], m["state"] = i.Created.UTC().Format("2006-01-02T15:04:05.000Z"), "finalized"
	}
	return m
}
