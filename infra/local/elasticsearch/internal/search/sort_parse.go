package search

import (
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// sortField is one entry of "sort".
type sortField struct {
	field    string
	desc     bool
	missing  *string // nil: _last
	mode     string
	unmapped string
	format   string
	path     string // nested
	filter   Query
}

func parseSorts(v xcontent.Value) ([]sortField, *eserr.Error) {
	if v.Kind() != xcontent.Array {
		return parseSort(v)
	}
	var out []sortField
	for m := range v.Members() {
		list, err := parseSort(m)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

func parseSort(v xcontent.Value) ([]sortField, *eserr.Error) {
	switch v.Kind() {
	case xcontent.String:
		return []sortField{{field: v.Text(), desc: v.Text() == "_score"}}, nil
	case xcontent.Object:
	default:
		return nil, eserr.IllegalArgument("malformed sort format, within the sort array, an object, or an actual string are allowed")
	}
	var out []sortField
	for m := range v.Members() {
		s := sortField{field: m.Key(), desc: m.Key() == "_score"}
		var err *eserr.Error
		switch m.Kind() {
		case xcontent.String:
			s.desc, err = descending(m.Text())
		case xcontent.Object:
			err = s.options(m)
		default:
			err = eserr.Parsing(m.Start(), "[field_sort] malformed sort on field [%s]", m.Key())
		}
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// FromSortParameter reads the URL parameter sort: a,b:desc.
func sortsFromURL(text string) ([]sortField, *eserr.Error) {
	var out []sortField
	for part := range strings.SplitSeq(text, ",") {
		name, order, found := strings.Cut(part, ":")
		s := sortField{field: name, desc: name == "_score"}
		if found {
			var err *eserr.Error
			if s.desc, err = descending(order); err != nil {
				return nil, err
			}
		}
		out = append(out, s)
	}
	return out, nil
}

func descending(text string) (bool, *eserr.Error) {
	switch strings.ToLower(text) {
	case "asc":
		return false, nil
	case "desc":
		return true, nil
	}
	return false, eserr.IllegalArgument("No enum constant org.elasticsearch.search.sort.SortOrder.%s", strings.ToUpper(text))
}

func (s *sortField) options(v xcontent.Value) *eserr.Error {
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "order":
			s.desc, err = descending(m.Text())
		case "missing":
			if text := m.Text(); text != "_last" {
				s.missing = &text
			}
		case "mode":
			switch s.mode = strings.ToLower(m.Text()); s.mode {
			case "min", "max", "sum", "avg", "median":
			default:
				err = eserr.IllegalArgument("Unknown SortMode [%s]", m.Text())
			}
		case "unmapped_type":
			s.unmapped = m.Text()
		case "format":
			s.format = m.Text()
		case "nested":
			err = s.nested(m)
		default:
			err = eserr.XContent(m.KeyPos(), "[field_sort] unknown field [%s]", m.Key())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sortField) nested(v xcontent.Value) *eserr.Error {
	for m := range v.Members() {
		var err *eserr.Error
		switch m.Key() {
		case "path":
			s.path = m.Text()
		case "filter":
			s.filter, err = ParseQuery(m)
		default:
			err = eserr.XContent(m.KeyPos(), "[nested_sort] unknown field [%s]", m.Key())
		}
		if err != nil {
			return err
		}
	}
	return nil
}
