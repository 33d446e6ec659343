package core

import (
	"io"
	"iter"

	"spiceharvester/shared/export"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/reads"
	"spiceharvester/shared/search"
	"spiceharvester/shared/sweep"
)

// Export answers all instances of a class that a list's parameters select, as they
// are at one moment, streamed. CSV has the fields of the class as it is now; the
// other formats have the documents that lists show.
func (l *InstanceLists) Export(r *httpapi.Request) (*httpapi.Response, error) {
	format, err := export.ParseFormat(r.Query("format", ""))
	if err != nil {
		return nil, err
	}
	mark := false
	if text := r.Query("bom", ""); text != "" {
		var ok bool
		if mark, ok = httpapi.Switch(text); !ok {
			return nil, problem.Validation(problem.NotABoolean([]any{"query", "bom"}, text))
		}
	}
	s, err := l.selection(r)
	if err != nil {
		return nil, err
	}
	schema, err := l.schema(r, &s)
	if err != nil {
		return nil, err
	}
	if s.query.Sort == nil {
		s.query.Sort = []search.Order{{Field: "instance_id"}}
	}
	o := export.Options{Format: format, Mark: mark, Columns: Columns(schema)}
	docs, err := l.Reads.Walk(r.Context(), s.database, sweep.Instances, s.query, s.minPosition)
	if err != nil {
		return nil, err
	}
	rows := docs
	if format == export.CSV {
		rows = payloads(docs, o.Columns)
	}
	return httpapi.Download(httpapi.Content{
		Type: format.MediaType(), File: s.database + "-" + s.class + "." + string(format),
		Write: func(w io.Writer) error { return export.Write(w, o, rows) },
	}), nil
}

const idColumn = "instance_id"

// Columns are the columns of a class: its properties, then its links, in the order of
// the class. Where no property tells the id, instance_id comes first.
func Columns(s *ontology.Schema) []string {
	var names []string
	if _, taken := s.Rule(idColumn); len(s.Key()) == 0 && !taken {
		names = append(names, idColumn)
	}
	for _, p := range s.Class.Properties {
		names = append(names, p.Name)
	}
	for _, l := range s.Class.Relationships {
		names = append(names, l.Predicate)
	}
	return names
}

// payloads gives the values of documents, with the id where a column wants it.
func payloads(docs iter.Seq2[reads.Document, error], columns []string) iter.Seq2[map[string]any, error] {
	withID := len(columns) > 0 && columns[0] == idColumn
	return func(yield func(map[string]any, error) bool) {
		for d, err := range docs {
			data, _ := d["data"].(map[string]any)
			if data != nil && withID && data[idColumn] == nil {
				data[idColumn] = d[idColumn]
			}
			if !yield(data, err) {
				return
			}
		}
	}
}
