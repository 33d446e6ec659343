package engine

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
)

// checkName applies the rules for names of indices.
func checkName(name string) *eserr.Error {
	bad := func(why string) *eserr.Error {
		return eserr.New(400, "invalid_index_name_exception", "Invalid index name [%s], %s", name, why).In(name, "_na_")
	}
	switch {
	case strings.ContainsAny(name, ` "*,/<>?\|`):
		return bad(`must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`)
	case strings.Contains(name, "#"):
		return bad("must not contain '#'")
	case strings.Contains(name, ":"):
		return bad("must not contain ':'")
	case name == "":
		return bad("must not be empty")
	case strings.ContainsRune("_-+", rune(name[0])):
		return bad("must not start with '_', '-', or '+'")
	case len(name) > 255:
		e := bad("")
		e.Reason += "index name is too long, (" + itoa(len(name)) + " > 255)"
		return e
	case name == "." || name == "..":
		return bad("must not be '.' or '..'")
	case strings.ToLower(name) != name:
		return bad("must be lowercase")
	}
	return nil
}
