// Package infer finds the types of the columns of a table from their cells, and reads
// the cells with the formats it found.
//
// An [Inferrer] is fed rows and can be asked for its [Result] at any time. The result has
// the shape of the contract (funnel 1.2 and 2) with its replacements 1 to 13; each column
// also has a [Format]. A [Parser], made of a format and a type, turns a cell into the JSON
// value that package value has as its normal form, or says why it cannot. Both use the
// same scanners, so a column is read later as it was understood when it was inferred.
//
// The package is pure: rows come in, values go out.
package infer

import (
	"hash/maphash"

	"spiceharvester/shared/problem"
)

// Options say what is looked for.
type Options struct {
	// Complex adds the types e-mail, phone, URI, money, UUID, IP address, array, object,
	// coordinate, enum and address.
	Complex bool
	// NullWords are texts that mean "no value"; nil means [DefaultNullWords], an empty
	// list none. Case does not matter. Words of more than 32 bytes are left out.
	NullWords []string
	// DistinctSlots bounds the memory for counting different values, in slots of eight
	// bytes for the whole table; two slots count one value. 0 means 4 Mi (32 MiB).
	DistinctSlots int
}

const defaultSlots = 4 << 20

// Inferrer collects what is known of the columns of a table. Its memory depends on the
// number of columns, not on that of rows. It is not safe for concurrent use.
type Inferrer struct {
	opt     Options
	columns []*column
	nulls   *nullWords
	seed    maphash.Seed
	budget  budget
	rows    int64
}

// New returns an Inferrer for a table with these columns.
func New(columns []string, opt Options) *Inferrer {
	if opt.NullWords == nil {
		opt.NullWords = DefaultNullWords
	}
	if opt.DistinctSlots == 0 {
		opt.DistinctSlots = defaultSlots
	}
	in := &Inferrer{opt: opt, nulls: newNullWords(opt.NullWords), seed: maphash.MakeSeed()}
	for _, name := range columns {
		in.columns = append(in.columns, newColumn(name))
	}
	in.budget = budget{left: opt.DistinctSlots, columns: in.columns}
	return in
}

// Add takes a row. Number is what mismatches are reported with; it need not be dense, as
// rows may be a sample. Missing cells count as null, surplus ones are not looked at. The
// cells may be used again by the caller, nothing of them is kept.
func (in *Inferrer) Add(number int64, cells []string) {
	in.rows++
	for i, c := range in.columns {
		cell := ""
		if i < len(cells) {
			cell = cells[i]
		}
		c.add(in, number, cell)
	}
}

// Result says what the columns seem to be, with reasons in a language. More rows may be
// added afterwards.
func (in *Inferrer) Result(lang problem.Lang) Result {
	out := Result{
		Columns: make([]Column, 0, len(in.columns)),
		Metadata: Analysis{TotalColumns: len(in.columns), AnalyzedRows: in.rows,
			IncludeComplexTypes: in.opt.Complex, Version: analysisVersion, NullWords: in.nulls.list()},
	}
	for _, c := range in.columns {
		out.Columns = append(out.Columns, c.result(in.opt.Complex, lang))
	}
	out.KeyCandidates = keyCandidates(in.columns, out.Columns)
	return out
}
