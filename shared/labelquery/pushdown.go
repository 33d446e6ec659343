package labelquery

import (
	"encoding/json"
	"strings"

	"spiceharvester/shared/ontology/value"
	"spiceharvester/shared/problem/strictjson"
	"spiceharvester/shared/search"
)

// kind is what is known of all values that a property ever had.
type kind int

const (
	kindUnknown kind = iota
	kindNumber
	kindText
	kindDate
	kindInstant // date with time
	kindBool
)

// kindOf tells what values of a declared type look like.
func kindOf(typeName string) kind {
	t, err := value.ParseType(typeName)
	name := strings.TrimSuffix(strings.TrimPrefix(t.String(), "optional<"), ">")
	switch {
	case err != nil:
		return kindUnknown
	case name == "xsd:date":
		return kindDate
	case name == "xsd:dateTime":
		return kindInstant
	case name == "xsd:boolean":
		return kindBool
	case t.IsNumber():
		return kindNumber
	case t.IsText():
		return kindText
	}
	return kindUnknown
}

// Keys of longer texts and numbers are cut: they do not tell all values apart.
const (
	exactText   = 1000
	exactDigits = 60
)

// part is what Elasticsearch can do for one filter: a condition that holds for all
// that pass, and whether it holds for nothing else. nil is no condition.
type part struct {
	where *search.Condition
	exact bool
}

func narrow(c search.Condition) part { return part{&c, false} }
func decide(c search.Condition) part { return part{&c, true} }

// push translates a filter on a property whose values are of a kind.
func push(f Filter, k kind) part {
	property := f.Property
	if property == "instance_id" {
		if id, ok := f.Value.(string); ok && f.Op == Eq {
			return decide(search.IDs(id))
		}
		return part{}
	}
	if strings.HasPrefix(property, "@") || property == "class_id" {
		return part{}
	}
	switch f.Op {
	case Eq, Ne:
		return pushEqual(property, k, f.Op == Ne, f.Value)
	case In, NotIn:
		list, _ := f.Value.([]any)
		return pushEqual(property, k, f.Op == NotIn, list...)
	case IsNull:
		return part{pointer(search.Not(search.Exists(property))), k != kindUnknown}
	case IsNotNull:
		if k != kindUnknown {
			return decide(search.Exists(property))
		}
	case Like, StartsWith, EndsWith:
		if k != kindUnknown {
			return narrow(search.Exists(property))
		}
	case Gt, Ge, Lt, Le:
		return pushOrder(f, k)
	}
	return part{}
}

func pointer(c search.Condition) *search.Condition { return &c }

// pushEqual asks for the keys of some values. Its opposite is only allowed if the
// keys tell exactly which values are meant.
func pushEqual(property string, k kind, not bool, values ...any) part {
	exact, null := true, false
	keys := []string{}
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			null = true
			exact = exact && k != kindUnknown
			continue
		case json.Number:
			exact = exact && k == kindNumber && len(v) <= exactDigits
		case string:
			exact = exact && (k == kindText || k == kindDate || k == kindInstant) && len(v) <= exactText
		case bool:
			exact = exact && k == kindBool
		default:
			return part{}
		}
		keys = append(keys, search.Key(v))
	}
	condition := search.HasAny(property, keys...)
	if k == kindUnknown {
		condition = search.Either(condition, search.HasAnyInside(property, "@value", keys...))
	}
	if null {
		condition = search.Either(condition, search.Not(search.Exists(property)))
	}
	if not {
		if !exact {
			return part{}
		}
		return decide(search.Not(condition))
	}
	return part{&condition, exact}
}

// pushOrder translates a comparison if keys compare as the values do.
func pushOrder(f Filter, k kind) part {
	text := strictjson.Text(f.Value)
	key := text
	switch {
	case len(text) > exactText:
		return part{}
	case k == kindNumber && isNumeric(text) && len(text) <= exactDigits:
		key = search.Key(json.Number(text))
	case k == kindInstant && isInstant(text):
		key = search.Key(text)
	case k == kindDate:
	case k == kindText && text != "" && !strings.ContainsAny(text[:1], "+-0123456789"):
		// A text that looks like a number or like a date with time is compared in
		// another way; those begin with a sign or a digit, and so do their keys.
	default:
		return part{}
	}
	above := f.Op == Gt || f.Op == Ge
	orEqual := f.Op == Ge || f.Op == Le
	condition := search.Below(f.Property, key, orEqual)
	if above {
		condition = search.Above(f.Property, key, orEqual)
	}
	if inOrder(compare(nil, f.Value), f.Op) {
		condition = search.Either(condition, search.Not(search.Exists(f.Property)))
	}
	return decide(condition)
}

// plan is a query as Elasticsearch gets it.
type plan struct {
	selection search.Selection
	exact     bool // filters and order are decided there
}

func makePlan(database string, q *Query, kinds map[string]kind) plan {
	p := plan{selection: search.Selection{Alias: search.InstancesAlias(database), Class: q.Class}, exact: true}
	for _, f := range q.Filters {
		part := push(f, kinds[f.Property])
		if part.where != nil {
			p.selection.Where = append(p.selection.Where, *part.where)
		}
		p.exact = p.exact && part.exact
	}
	switch {
	case q.OrderBy == "" || !q.Descending && (q.OrderBy == "instance_id" || q.OrderBy == "@id"):
	case q.OrderBy == "class_id" || q.OrderBy == "@type": // all the same
	case kinds[q.OrderBy] != kindUnknown:
		p.selection.Order = &search.SelectionOrder{Property: q.OrderBy, Descending: q.Descending}
	default:
		p.exact = false
	}
	return p
}
