package search

import (
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/inverted"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// Failure is what went wrong in one index.
type Failure struct {
	Index string
	Err   *eserr.Error
}

// Result is the outcome of a search, to be written by Body.
type Result struct {
	Shards, Failed  int
	Failures        []Failure
	Total           int
	MaxScore        any
	Hits            []xcontent.Obj
	Aggs            xcontent.Obj
	TerminatedEarly *bool
}

// found is what one index has for a query.
type found struct {
	r *Reader
	m matches
}

// Run searches the indices. The error is that of the whole request: all
// indices failed, or one is missing.
func (q *Request) Run(readers []*Reader) (*Result, *eserr.Error) {
	if err := q.Check(); err != nil {
		return nil, err
	}
	if q.PIT != "" && len(q.Sorts) > 0 && !q.byDoc() {
		q.Sorts = append(q.Sorts, sortField{field: "_shard_doc"})
	}
	res := &Result{}
	extra := newExtras(q.Query)
	scoring := q.needScores()
	best := &top{n: q.From + q.Size, desc: q.directions()}
	if q.Collapse != "" {
		best.n = 1 << 30
	}
	var sets []found
	var maxScore float32
	for i, r := range readers {
		res.Shards += r.Shards
		r.scoring = scoring
		if extra != nil {
			r.named = map[string]*inverted.Bits{}
			extra.matched[r] = r.named
		}
		best.shard = i
		m, total, high, err := q.one(r, best)
		if err != nil {
			res.Failed += r.Shards
			res.Failures = append(res.Failures, Failure{r.Index, err})
			continue
		}
		maxScore = max(maxScore, high)
		sets = append(sets, found{r, m})
		res.Total += total
	}
	if len(res.Failures) > 0 && len(sets) == 0 {
		return nil, AllFailed("query", res.Failures)
	}
	q.terminate(res)
	if err := q.aggregate(res, sets); err != nil {
		return nil, err
	}
	return res, q.hits(res, best, maxScore, scoring, extra)
}

// terminate notes terminate_after.
func (q *Request) terminate(res *Result) {
	early := q.TerminateAfter > 0 && res.Total > q.TerminateAfter
	if early {
		res.Total = q.TerminateAfter
	}
	if q.TerminateAfter > 0 || q.Size == 0 && q.TrackTotal == exactTotal {
		res.TerminatedEarly = &early
	}
}

func (q *Request) byDoc() bool {
	for _, s := range q.Sorts {
		if s.field == "_shard_doc" {
			return true
		}
	}
	return false
}

// needScores reports whether anything shows or uses the score.
func (q *Request) needScores() bool {
	if q.MinScore != nil {
		return true
	}
	if len(q.Sorts) == 0 {
		return q.Size > 0
	}
	for _, s := range q.Sorts {
		if s.field == "_score" {
			return true
		}
	}
	return false
}

func (q *Request) directions() []bool {
	if len(q.Sorts) == 0 {
		return []bool{true}
	}
	out := make([]bool, len(q.Sorts))
	for i, s := range q.Sorts {
		out[i] = s.desc
	}
	return out
}

// one searches one index and offers its documents to best. The returned set
// is what aggregations see; total counts what the post filter leaves of it.
func (q *Request) one(r *Reader, best *top) (m matches, total int, high float32, err *eserr.Error) {
	if q.From+q.Size > r.Window && !q.Scroll {
		return m, 0, 0, eserr.IllegalArgument("Result window is too large, from + size must be less than or equal to: [%d] but was [%d]. See the scroll api for a more efficient way to request large data sets. This limit can be set by changing the [index.max_result_window] index level setting.", r.Window, q.From+q.Size)
	}
	for _, a := range q.Aggs {
		if err := a.check(r); err != nil {
			return m, 0, 0, err
		}
	}
	sorts := make([]*sorter, 0, len(q.Sorts)+1)
	for _, s := range q.Sorts {
		built, err := r.sorter(s)
		if err != nil {
			return m, 0, 0, err
		}
		sorts = append(sorts, built)
	}
	if len(q.After) > 0 {
		if best.after, err = r.after(sorts, q.After); err != nil {
			return m, 0, 0, err
		}
	}
	if len(sorts) == 0 {
		byScore, _ := r.sorter(sortField{field: "_score", desc: true})
		sorts = append(sorts, byScore)
	}
	if m, err = q.Query.eval(r); err != nil {
		return m, 0, 0, err
	}
	m.bits = m.bits.Clone().And(r.Live)
	if r.Filter != nil {
		f, err := r.Filter.eval(r.silent())
		if err != nil {
			return m, 0, 0, err
		}
		m.bits.And(f.bits)
	}
	if q.MinScore != nil {
		for _, ord := range m.bits.List() {
			if float64(m.of(ord)) < *q.MinScore {
				m.bits.Clear(ord)
			}
		}
	}
	listed := m
	if q.PostFilter != nil {
		f, err := q.PostFilter.eval(r.silent())
		if err != nil {
			return m, 0, 0, err
		}
		listed.bits = m.bits.Clone().And(f.bits)
	}
	if best.n == 0 {
		return m, listed.bits.Count(), 0, nil
	}
	each := listed.bits.All()
	if sorts[0].desc {
		// Times and counters grow with the ordinals: from the newest on, the best come
		// first and the others are turned away by their first key.
		each = listed.bits.Backward()
	}
	for ord := range each {
		score := listed.of(ord)
		high = max(high, score)
		best.offer(r, sorts, ord, score)
		total++
	}
	return m, total, high, nil
}

// hits fills the list of hits.
func (q *Request) hits(res *Result, best *top, maxScore float32, scoring bool, extra *extras) *eserr.Error {
	list := best.sorted()
	if q.Collapse != "" {
		var err *eserr.Error
		if list, err = collapse(list, q.Collapse); err != nil {
			return err
		}
	}
	list = list[min(q.From, len(list)):]
	list = list[:min(q.Size, len(list))]
	if len(q.Sorts) == 0 && q.Size > 0 && res.Total > 0 {
		res.MaxScore = maxScore
	}
	for i := range list {
		o, err := q.show(&list[i], scoring, extra)
		if err != nil {
			return AllFailed("fetch", []Failure{{list[i].r.Index, err}})
		}
		res.Hits = append(res.Hits, o)
	}
	return nil
}

// collapse keeps the first hit of each value of a field.
func collapse(list []hit, field string) ([]hit, *eserr.Error) {
	seen := map[string]bool{}
	var out []hit
	for _, h := range list {
		f, key := h.r.Mapping.Field(field)
		if f == nil {
			return nil, eserr.IllegalArgument("no mapping found for `%s` in order to collapse on", field)
		}
		if err := h.r.fielddata(f); err != nil {
			return nil, err
		}
		value := string(xcontent.Append(nil, h.r.shown(f, key, h.ord, nil)))
		if !seen[value] {
			seen[value] = true
			out = append(out, h)
		}
	}
	return out, nil
}

// Count returns the number of matching documents.
func Count(q Query, readers []*Reader) (n, shards int, failures []Failure) {
	for _, r := range readers {
		shards += r.Shards
		m, err := q.eval(r)
		if err == nil && r.Filter != nil {
			var f matches
			if f, err = r.Filter.eval(r); err == nil {
				m.bits = m.bits.Clone().And(f.bits)
			}
		}
		if err != nil {
			failures = append(failures, Failure{r.Index, err})
			continue
		}
		n += m.bits.Clone().And(r.Live).Count()
	}
	return n, shards, failures
}

// Valid evaluates a query and returns its error in one index.
func Valid(q Query, r *Reader) *eserr.Error {
	_, err := q.eval(r)
	return err
}
