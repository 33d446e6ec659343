package graphprojection

import (
	"context"
	"fmt"

	"spiceharvester/shared/terminus"
)

// fence says how far a database is. It stands in the database and moves inside
// the requests that write, which do nothing where it is not what they expect: so
// each batch counts once, whoever else writes.
type fence struct {
	position int64 // events with a smaller key are applied
	schema   int64 // the mark that the schema has at this position
	complete int64 // 1: all of the log before is applied; 0: it is being made again from the log
}

var fenceFields = []string{"position", "schema", "complete"}

func (f fence) values() []int64 { return []int64{f.position, f.schema, f.complete} }

func (f fence) document() terminus.Document {
	d := terminus.Document{"@type": fenceClass, "@id": fenceID}
	for i, v := range f.values() {
		d[fenceFields[i]] = v
	}
	return d
}

func readFence(d terminus.Document) (f fence, err error) {
	for i, to := range []*int64{&f.position, &f.schema, &f.complete} {
		var ok bool
		if *to, ok = terminus.Number(d[fenceFields[i]]); !ok {
			return f, fmt.Errorf("graphprojection: the fence's %s is %v", fenceFields[i], d[fenceFields[i]])
		}
	}
	return f, nil
}

func fenceTriple(make func(s, p, o terminus.Term) terminus.Term, field int, value int64) terminus.Term {
	return make(terminus.Node(fenceID), terminus.Node(fenceFields[field]), terminus.Long(value))
}

// move runs operations and moves the fence from one place to another, all or
// nothing. moved is false if the fence is elsewhere.
func move(ctx context.Context, c *terminus.Client, database string, from, to fence, operations []terminus.Term) (moved bool, err error) {
	terms := make([]terminus.Term, 0, len(operations)+9)
	old, next := from.values(), to.values()
	for i := range old {
		terms = append(terms, fenceTriple(terminus.Triple, i, old[i]))
	}
	terms = append(terms, operations...)
	for i := range old {
		if old[i] != next[i] {
			terms = append(terms, fenceTriple(terminus.DeleteTriple, i, old[i]), fenceTriple(terminus.AddTriple, i, next[i]))
		}
	}
	bindings, err := c.Query(ctx, database, terminus.DefaultBranch, commitTo(to.position), terminus.And(terms...))
	return len(bindings) > 0, err
}

// commitTo names a commit of the projection.
func commitTo(position int64) terminus.Commit {
	return terminus.Commit{Author: "projection-worker", Message: fmt.Sprintf("log %d", position)}
}
