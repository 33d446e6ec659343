package demo

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

// job is an objectify job as its endpoint shows it.
type job struct {
	ID       string `json:"job_id"`
	Status   string `json:"status"`
	Progress struct {
		Phase string  `json:"phase"`
		Done  int64   `json:"done"`
		Rows  int64   `json:"rows"`
		Ratio float64 `json:"ratio"`
	} `json:"progress"`
	Job struct {
		Error  string `json:"error"`
		Counts struct {
			Rows, Created, Updated, Unchanged, Refused int64
			Position                                   string
		} `json:"counts"`
	} `json:"job"`
}

func (j *job) ended() bool { return j.Status != "QUEUED" && j.Status != "RUNNING" }

// document is an instance.
type document struct {
	ID    string         `json:"instance_id"`
	Class string         `json:"class_id"`
	Data  map[string]any `json:"data"`
	Links struct {
		Outgoing []struct {
			Predicate string `json:"predicate"`
			Class     string `json:"class_id"`
			ID        string `json:"instance_id"`
		} `json:"outgoing"`
	} `json:"links"`
}

// source is the row that an instance was made of.
type source struct {
	File    string `json:"filename"`
	Dataset string `json:"dataset_name"`
	Version int    `json:"version_number"`
	Commit  string `json:"lakefs_commit_id"`
	Row     int64  `json:"row"`
	Line    int64  `json:"line"`
}

// path is one way through the graph.
type path struct {
	Nodes []string `json:"nodes"`
	Edges []struct {
		From      string `json:"from"`
		Predicate string `json:"predicate"`
	} `json:"edges"`
}

// rowError is a reason why a row was refused.
type rowError struct {
	Row     int64  `json:"row_index"`
	Line    int64  `json:"line"`
	Field   string `json:"source_field"`
	Value   string `json:"raw_value"`
	Message string `json:"message"`
}

// show writes for a person.
type show struct{ out io.Writer }

func (s show) title(text string) { fmt.Fprintf(s.out, "\n== %s\n", text) }

func (s show) line(format string, args ...any) { fmt.Fprintf(s.out, "   "+format+"\n", args...) }

func (s show) class(c class) {
	var fields []string
	for _, p := range c.Properties {
		name := p.Name
		if p.Key {
			name += " (key)"
		}
		fields = append(fields, name)
	}
	for _, l := range c.Relationships {
		fields = append(fields, l.Predicate+" -> "+l.Target)
	}
	s.line("%s: %s", c.ID, strings.Join(fields, ", "))
}

func (s show) types(u *uploaded) {
	s.line("%d rows are stored as version %d of dataset '%s', commit %.12s.", u.Version.Rows, u.Version.Number, u.Dataset.Name, u.Version.Commit)
	for _, c := range u.Analysis.Columns {
		s.line("%-12s %-12s %5.1f %%   %s", c.Name, c.Inferred.Type, 100*c.Inferred.Confidence, strings.Join(c.Samples[:min(3, len(c.Samples))], ", "))
	}
	if len(u.Analysis.Keys) > 0 {
		s.line("Every value of %s is different: it can be a key.", strings.Join(u.Analysis.Keys, ", "))
	}
}

// progress draws a bar over the one before.
func (s show) progress(j *job) {
	const width = 30
	filled := int(j.Progress.Ratio * width)
	fmt.Fprintf(s.out, "\r   %-9s [%s%s] %d of %d rows ", j.Status, strings.Repeat("#", filled), strings.Repeat(".", width-filled), j.Progress.Done, j.Progress.Rows)
}

func (s show) counts(j *job) {
	c := j.Job.Counts
	fmt.Fprintf(s.out, "\r%60s\r", "")
	s.line("%s: %d created, %d updated, %d unchanged, %d refused.", j.Status, c.Created, c.Updated, c.Unchanged, c.Refused)
}

func (s show) instance(d *document) {
	names := make([]string, 0, len(d.Data))
	for name := range d.Data {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		s.line("%-12s %v", name, d.Data[name])
	}
	for _, l := range d.Links.Outgoing {
		s.line("%-12s -> %s/%s", l.Predicate, l.Class, l.ID)
	}
}

func (s show) origin(o *source) {
	s.line("It comes from %s, row %d (line %d), version %d of dataset '%s', commit %.12s.", o.File, o.Row, o.Line, o.Version, o.Dataset, o.Commit)
}

func (s show) refused(list []rowError) {
	for _, e := range list {
		s.line("row %d, line %d, %s %q: %s", e.Row, e.Line, e.Field, e.Value, e.Message)
	}
}

func (s show) heads(before, after string) {
	s.title("The log")
	if before == after {
		s.line("Its head stood and stands at %s: nothing was added.", after)
		return
	}
	s.line("Its head was at %s and is at %s. Run the demo again: it adds nothing.", before, after)
}

// path shows nodes with the links between them, each with its direction.
func (s show) path(p path) {
	text := p.Nodes[0]
	for i, e := range p.Edges {
		arrow := " -" + e.Predicate + "-> "
		if e.From != p.Nodes[i] {
			arrow = " <-" + e.Predicate + "- "
		}
		text += arrow + p.Nodes[i+1]
	}
	s.line("%s", text)
}
