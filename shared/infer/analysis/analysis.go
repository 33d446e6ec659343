// Package analysis answers the contract's DatasetAnalysisRequest (funnel 1.2): a table
// that comes as JSON, of which the types of the columns are asked. Every API that takes
// such a table reads it here.
package analysis

import (
	"math/rand/v2"
	"time"

	"spiceharvester/shared/infer"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// DefaultSampleSize is the number of rows that are looked at unless the client says.
const DefaultSampleSize = 1000

// sampleBytes bounds the memory of a sample.
const sampleBytes = 64 << 20

// Response is the contract's DatasetAnalysisResponse.
type Response struct {
	infer.Result
	Timestamp string `json:"timestamp"`
}

// Analyze infers the types of the columns. Of a table that is larger than the sample asked
// for it looks at the first rows and at others that the source of randomness chooses, half
// and half. Rows are numbered from 1.
func (q *Request) Analyze(source rand.Source, now time.Time, lang problem.Lang) Response {
	in := infer.New(q.Columns, infer.Options{Complex: q.ComplexTypes})
	if len(q.rows) <= q.SampleSize {
		q.each(in.Add)
	} else {
		head := (q.SampleSize + 1) / 2
		sample := infer.NewSample(head, q.SampleSize-head, sampleBytes, source)
		q.each(sample.Add)
		for _, row := range sample.Rows() {
			in.Add(row.Number, row.Cells)
		}
	}
	return Response{in.Result(lang), problem.Timestamp(now)}
}

// each calls add with the cells of each row, which are only good until it returns.
func (q *Request) each(add func(number int64, cells []string)) {
	cells := make([]string, len(q.Columns))
	for i, row := range q.rows {
		for j, v := range row {
			cells[j] = strictjson.Text(v)
		}
		add(int64(i+1), cells[:len(row)])
	}
}
