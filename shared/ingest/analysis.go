package ingest

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/infer"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

// Limits of the sample that a version shows.
const (
	sampleRows  = 200
	sampleBytes = 512 << 10
)

// analysis is what was found in a file.
type analysis struct {
	columns   []string
	renamed   []tabular.Renamed
	delimiter byte
	encoding  tabular.Encoding
	stats     tabular.Stats
	inferred  infer.Result
	sample    [][]string
}

// analyse reads a file to its end. Its errors are *tabular.Error, or src's.
func analyse(src io.Reader, opt tabular.Options, lang problem.Lang) (*analysis, error) {
	r, err := tabular.NewReader(src, opt)
	if err != nil {
		return nil, err
	}
	a := &analysis{columns: r.Columns(), renamed: r.Renamed()}
	in := infer.New(a.columns, infer.Options{Complex: true})
	bytes := 0
	for row, err := range r.Rows() {
		var e *tabular.Error
		if errors.As(err, &e) && e.Kind == tabular.KindHeaderOnly {
			break // columns without rows are a dataset that is empty
		}
		if err != nil {
			return nil, err
		}
		in.Add(row.Number, row.Cells)
		if len(a.sample) < sampleRows && bytes < sampleBytes {
			cells := slices.Clone(row.Cells[:len(a.columns)])
			for i, cell := range cells {
				cells[i] = strings.Clone(cell) // the cell may be a piece of a large buffer
				bytes += len(cell) + 3
			}
			a.sample = append(a.sample, cells)
		}
	}
	a.delimiter, a.encoding, a.stats = r.Delimiter(), r.Encoding(), r.Stats()
	a.inferred = in.Result(lang)
	return a, nil
}

func (s Settings) options() tabular.Options {
	return tabular.Options{Delimiter: s.Delimiter, NoHeader: s.NoHeader}
}

func (s Settings) delimiter() string {
	if s.Delimiter == 0 {
		return ""
	}
	return string(rune(s.Delimiter))
}

// description is how a version describes its file.
type description struct {
	Type string `json:"type"`
	Source
	Encoding tabular.Encoding  `json:"encoding"`
	Renamed  []tabular.Renamed `json:"renamed_columns,omitempty"`
	tabular.Stats
}

// Source is what reading a version's file again needs to know.
type Source struct {
	File      string `json:"filename"`
	Delimiter string `json:"delimiter"`
	HasHeader bool   `json:"has_header"`
	SHA256    string `json:"content_sha256"`
	Size      int64  `json:"size_bytes"`
}

// Options are the settings with which the file was read.
func (s Source) Options() tabular.Options {
	o := tabular.Options{NoHeader: !s.HasHeader}
	if s.Delimiter != "" {
		o.Delimiter = s.Delimiter[0]
	}
	return o
}

// SourceOf reads how a version describes its file.
func SourceOf(v datasets.Version) (s Source, err error) {
	err = json.Unmarshal(v.Source, &s)
	return s, err
}

// record is what the registry keeps of an upload.
func (u *Upload) record(s Settings) (*datasets.Record, error) {
	a := u.made
	schema := datasets.Schema{Columns: make([]datasets.Column, len(a.columns))}
	for i, c := range a.inferred.Columns {
		format, err := json.Marshal(c.Format)
		if err != nil {
			return nil, problem.Internal(err)
		}
		schema.Columns[i] = datasets.Column{Name: c.Name, Type: infer.StorageType(c.Inferred.Type), Format: format}
	}
	if a.sample == nil {
		a.sample = [][]string{}
	}
	sample, err := json.Marshal(map[string]any{"columns": shown(schema), "rows": a.sample})
	if err != nil {
		return nil, problem.Internal(err)
	}
	described, err := json.Marshal(description{
		Type:     "csv",
		Source:   Source{File: u.file, Delimiter: string(rune(a.delimiter)), HasHeader: !s.NoHeader, SHA256: u.sha256, Size: u.size},
		Encoding: a.encoding, Renamed: a.renamed, Stats: a.stats,
	})
	if err != nil {
		return nil, problem.Internal(err)
	}
	inferred, err := json.Marshal(a.inferred)
	if err != nil {
		return nil, problem.Internal(err)
	}
	about := s.Description
	if about != nil {
		text := datasets.Storable(*about)
		about = &text
	}
	return &datasets.Record{
		Name: s.Name, Description: about, SourceType: "csv_upload", SourceRef: datasets.Storable(u.file),
		Schema: schema, RowCount: a.stats.Rows, Sample: sample, Source: described, Analysis: inferred,
	}, nil
}

// shown is the schema as previews show it, names and types.
func shown(s datasets.Schema) []map[string]string {
	columns := make([]map[string]string, len(s.Columns))
	for i, c := range s.Columns {
		columns[i] = map[string]string{"name": c.Name, "type": c.Type}
	}
	return columns
}
