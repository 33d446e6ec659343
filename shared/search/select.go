package search

import "context"

// highest sorts behind every key. Elasticsearch wants both bounds of a range over
// a key of a flattened field.
const highest = "\U0010FFFF"

// Condition is a condition on what is indexed of a property's value: its Key, or
// those of its items.
type Condition struct{ clause object }

func idx(property string) string { return "idx." + fieldName(property) }

// HasAny asks for one of some keys.
func HasAny(property string, keys ...string) Condition {
	return Condition{object{"terms": object{idx(property): keys}}}
}

// HasAnyInside asks for one of some keys in a member of a value that is an object.
func HasAnyInside(property, member string, keys ...string) Condition {
	return Condition{object{"terms": object{idx(property) + "." + fieldName(member): keys}}}
}

// IDs asks for instances by id.
func IDs(ids ...string) Condition { return Condition{object{"terms": object{"instance_id": ids}}} }

// Above asks for a key above another, or equal to it if orEqual is set.
func Above(property, key string, orEqual bool) Condition {
	from := "gt"
	if orEqual {
		from = "gte"
	}
	return Condition{object{"range": object{idx(property): object{from: key, "lte": highest}}}}
}

// Below asks for a key below another, or equal to it if orEqual is set.
func Below(property, key string, orEqual bool) Condition {
	to := "lt"
	if orEqual {
		to = "lte"
	}
	return Condition{object{"range": object{idx(property): object{"gte": "", to: key}}}}
}

// Exists asks for any key. Null, an empty list and an empty object have none.
func Exists(property string) Condition {
	return Condition{object{"exists": object{"field": idx(property)}}}
}

// Not negates a condition.
func Not(c Condition) Condition {
	return Condition{object{"bool": object{"must_not": []object{c.clause}}}}
}

// Either asks for one of several conditions.
func Either(list ...Condition) Condition {
	clauses := make([]object, len(list))
	for i, c := range list {
		clauses[i] = c.clause
	}
	return Condition{object{"bool": object{"should": clauses, "minimum_should_match": 1}}}
}

// SelectionOrder sorts by a property's key. What has none comes last, or first if
// descending.
type SelectionOrder struct {
	Property   string
	Descending bool
}

// Selection asks for the instances of a class for which all conditions hold, in
// an order without ties: instances of equal keys by id.
type Selection struct {
	Alias string
	Class string
	Where []Condition
	Order *SelectionOrder // nil: by id
	// Fields of the documents; none for all. Not for data: Elasticsearch writes a part
	// of a document anew, and numbers lose their text (1e1 becomes 10.0).
	Fields []string
}

func (s *Selection) body() object {
	filter := []object{{"term": object{"deleted": false}}, {"term": object{"class_id": s.Class}}}
	for _, c := range s.Where {
		filter = append(filter, c.clause)
	}
	sort := []object{{"instance_id": "asc"}}
	if o := s.Order; o != nil {
		by := object{"order": "asc", "missing": "_last"}
		if o.Descending {
			by = object{"order": "desc", "missing": "_first"}
		}
		sort = append([]object{{idx(o.Property): by}}, sort...)
	}
	body := object{"query": object{"bool": object{"filter": filter}}, "sort": sort}
	if len(s.Fields) > 0 {
		body["_source"] = s.Fields
	}
	return body
}

// Select gives one page of a selection and the number of all. offset + limit may
// reach Window.
func Select[T any](ctx context.Context, c *Client, s Selection, offset, limit int) (page []T, total int, err error) {
	body := s.body()
	body["from"], body["size"], body["track_total_hits"] = offset, limit, true
	var answer answerOf[T]
	if err := runSearch(ctx, c, s.Alias, body, &answer); err != nil {
		if isMissingIndex(err) {
			return nil, 0, nil
		}
		return nil, 0, err
	}
	for _, hit := range answer.Hits.Hits {
		page = append(page, hit.Source)
	}
	return page, answer.Hits.Total.Value, nil
}

// Visit visits a selection, at most limit documents, page by page of the size
// given, until visit returns false.
func Visit[T any](ctx context.Context, c *Client, s Selection, limit, page int, visit func(*T) (bool, error)) error {
	body := s.body()
	body["track_total_hits"] = false
	return visitAll(ctx, c, s.Alias, body, limit, page, visit)
}
