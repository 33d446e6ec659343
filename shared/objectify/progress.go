package objectify

// Progress is how far a job is, from 0 to 1.
type Progress struct {
	Phase string  `json:"phase"` // checking, writing or ended
	Done  int64   `json:"done"`  // rows
	Rows  int64   `json:"rows"`
	Ratio float64 `json:"ratio"`
}

// Progress tells how far the job is, in rows of its present phase.
func (j *Job) Progress() Progress {
	c := j.Counts
	p := Progress{Phase: "writing", Done: c.Created + c.Updated + c.Unchanged + c.Refused, Rows: c.Rows}
	if limit := int64(j.Options.MaxRows); limit > 0 {
		p.Rows = min(p.Rows, limit)
	}
	switch {
	case j.Ended():
		p.Phase, p.Ratio = "ended", 1
		return p
	case !j.Options.AllowPartial && !j.Checked:
		p.Phase, p.Done = "checking", c.Read
	}
	if p.Rows > 0 {
		p.Ratio = float64(p.Done) / float64(p.Rows)
	}
	return p
}
