package eventlog

import "spiceharvester/shared/event"

// delta computes what the segment changes in the index. It is a function of
// the segment alone, so that the writer, a reader that catches up and a rebuild
// all store the same.
func (s *Segment) delta() Delta {
	d := Delta{Chain: s.Chain, Number: s.Number, Digest: s.digest, Written: s.Written}
	facts := map[event.Aggregate]int{}
	opened := map[event.ID]int{}
	var commands []CommandRow
	for i := range s.Events {
		e := &s.Events[i]
		d.Events = append(d.Events, EventRow{ID: e.ID, Content: ContentOf(e), Sequence: e.Sequence, Position: e.Position})
		if e.Kind == event.Command {
			opened[e.ID] = len(commands)
			commands = append(commands, commandRow(e, s))
		}
		if e.IsFact() {
			row := factRow(e)
			at, again := facts[e.Aggregate]
			if !again {
				facts[e.Aggregate] = len(d.Facts)
				d.Facts = append(d.Facts, row)
			} else {
				if row.Born.IsZero() {
					row.Born = d.Facts[at].Born
				}
				d.Facts[at] = row
			}
		}
		if e.Ends() {
			row := CommandRow{ID: e.Command, Aggregate: e.Aggregate, Database: e.Database}
			if at, ok := opened[e.Command]; ok {
				row = commands[at]
				delete(opened, e.Command)
			}
			row.Outcome, row.EndID, row.End, row.Written = e.Outcome, e.ID, e.Position, s.Written
			d.Ended = append(d.Ended, row)
		}
	}
	for _, c := range commands {
		if _, open := opened[c.ID]; open {
			d.Opened = append(d.Opened, c)
		}
	}
	return d
}

func factRow(e *event.Event) AggregateRow {
	row := AggregateRow{Aggregate: e.Aggregate, Database: e.Database, Sequence: e.Sequence, Position: e.Position, Deleted: e.Lifecycle == event.Deletes, Created: e.Created, Content: ContentOf(e)}
	if e.Lifecycle == event.Creates {
		row.Born, row.Created = e.Position, e.Time
	}
	return row
}

func commandRow(e *event.Event, s *Segment) CommandRow {
	return CommandRow{
		ID: e.ID, Type: e.Type, Aggregate: e.Aggregate, Database: e.Database, Actor: e.Actor, Expect: e.Expect,
		Content: ContentOf(e), Position: e.Position, Written: s.Written,
	}
}
