package woql

import (
	"context"
	"errors"
	"slices"

	"spiceharvester/infra/local/terminusdb/internal/document"
	"spiceharvester/infra/local/terminusdb/internal/schema"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// maxRows bounds the solutions, and the steps of paths, of a query.
const maxRows = 2_000_000

// Query is a compiled query.
type Query struct {
	Names  []string // of the variables that the answer shows
	Writes bool

	op    operator
	shown []int // places of Names
	cells int
}

// Compile reads a query.
func Compile(q any, x schema.Context) (*Query, error) {
	c := &compiler{x: x, places: map[string]int{}}
	op, err := c.compile(q)
	if err != nil {
		return nil, err
	}
	return &Query{Names: c.names, Writes: c.writes, op: op, shown: c.shown, cells: len(c.places)}, nil
}

// Result is the answer of a query.
type Result struct {
	Bindings []map[string]any
	// Triples tells that single statements were written, not only documents:
	// then the whole change has to be checked.
	Triples bool
}

// operator yields its solutions. yield answers errStop to end the query.
type operator interface {
	run(e *engine, yield func() error) error
}

// errStop ends an operator that has yielded enough.
var errStop = errors.New("stop")

type engine struct {
	ctx     context.Context
	view    *store.View
	tx      *store.Tx
	writer  *document.Writer
	cells   []cell
	steps   int
	triples bool
}

// Run runs the query against the view of the transaction, and writes into it.
func (q *Query) Run(ctx context.Context, tx *store.Tx) (*Result, error) {
	e := &engine{ctx: ctx, view: tx.View, tx: tx, writer: document.NewWriter(tx), cells: make([]cell, q.cells)}
	e.writer.Repeats = true
	r := &Result{Bindings: []map[string]any{}}
	err := q.op.run(e, func() error {
		row := make(map[string]any, len(q.shown))
		for i, at := range q.shown {
			row[q.Names[i]] = e.show(e.cells[at])
		}
		r.Bindings = append(r.Bindings, row)
		return e.step()
	})
	if err != nil {
		return nil, err
	}
	r.Triples = e.triples
	e.writer.Finish()
	return r, nil
}

// step counts work, and ends a query that does too much or that nobody waits for.
func (e *engine) step() error {
	if e.steps++; e.steps > maxRows {
		return terr.Unexpected("more than %d solutions: ask for less", maxRows)
	}
	if e.steps%1024 == 0 {
		return e.ctx.Err()
	}
	return nil
}

// bind binds a place for the time of yield.
func (e *engine) bind(at int, c cell, yield func() error) error {
	e.cells[at] = c
	err := yield()
	e.cells[at] = cell{}
	return err
}

// unify makes an operand equal to a cell for the time of yield, if it can be.
func (e *engine) unify(o operand, c cell, yield func() error) error {
	have := e.value(o)
	if !have.bound() {
		if o.place < 0 {
			return yield()
		}
		return e.bind(o.place, c, yield)
	}
	if e.equal(have, c) {
		return yield()
	}
	return nil
}

func (e *engine) value(o operand) cell {
	if o.place >= 0 {
		return e.cells[o.place]
	}
	return o.constant
}

// solutions collects what an operator yields, as copies of the cells.
func (e *engine) solutions(o operator) (list [][]cell, err error) {
	err = o.run(e, func() error {
		list = append(list, slices.Clone(e.cells))
		return e.step()
	})
	return list, err
}

// replay yields a solution that was collected.
func (e *engine) replay(cells []cell, yield func() error) error {
	before := slices.Clone(e.cells)
	copy(e.cells, cells)
	err := yield()
	copy(e.cells, before)
	return err
}
