package history

import (
	"context"
	"errors"
	"time"

	"spiceharvester/shared/event"
	"spiceharvester/shared/eventlog"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/problem"
)

// Moment is a point in an instance's life. One of its fields is set.
type Moment struct {
	Sequence uint64
	Position event.Position
	Time     time.Time
}

var (
	textNotThen    = problem.Define("history.not_then", "Instance '{id}' was not found at that moment.", "해당 시점의 인스턴스 '{id}'를 찾을 수 없습니다.")
	hintDeleted    = problem.Define("history.deleted", "It had been deleted with sequence {sequence}.", "시퀀스 {sequence}에서 삭제된 상태였습니다.")
	hintLater      = problem.Define("history.later", "It was created later, with sequence {sequence}.", "그 이후 시퀀스 {sequence}에서 생성되었습니다.")
	hintNotReached = problem.Define("history.not_reached", "Its newest sequence is {sequence}.", "가장 최근 시퀀스는 {sequence}입니다.")
	textNoPosition = problem.Define("history.position", "The position must be one that a write or a read has answered for this database.", "위치는 이 데이터베이스의 쓰기 또는 조회 응답에서 받은 값이어야 합니다.")
)

// At finds the state that stood at a moment: the newest fact that is not later. That
// a fact is not later than a time is told by the time that it carries. An instance
// that did not exist then, or was deleted, is a 404 problem with a hint; a position that
// is none of the database's log is a [problem.Message].
func (r *Reader) At(ctx context.Context, ref instance.Ref, m Moment) (Version, error) {
	l, err := r.life(ctx, ref)
	if err != nil {
		return Version{}, err
	}
	if m.Sequence > l.state.Sequence {
		return Version{}, notThen(ref).WithHint(hintNotReached.With("sequence", l.state.Sequence))
	}
	if err := r.reached(ctx, &l, m.Position); err != nil {
		return Version{}, err
	}
	first := l.state.Sequence
	for e, err := range r.Log.History(ctx, l.state.Position) {
		if err != nil {
			return Version{}, unavailable(err)
		}
		if l.earlier(e.Position) {
			break
		}
		first = e.Sequence
		if !m.holds(&e) {
			continue
		}
		v, err := r.version(ctx, e.Position)
		if err != nil {
			return v, unavailable(err)
		}
		if v.Deleted() {
			return v, notThen(ref).WithHint(hintDeleted.With("sequence", e.Sequence)).WithContext("deleted_by_sequence", e.Sequence)
		}
		return v, nil
	}
	return Version{}, notThen(ref).WithHint(hintLater.With("sequence", first)).WithContext("first_sequence", first)
}

// holds reports whether a fact is not later than the moment.
func (m Moment) holds(e *event.Event) bool {
	switch {
	case m.Sequence > 0:
		return e.Sequence <= m.Sequence
	case !m.Position.IsZero():
		return e.Position.Compare(m.Position) <= 0
	}
	return !e.Time.After(m.Time)
}

// reached refuses positions of another chain, and positions beyond the end of the
// log: what will have happened then is not known.
func (r *Reader) reached(ctx context.Context, l *life, p event.Position) error {
	if p.IsZero() {
		return nil
	}
	if p.Chain != l.state.Position.Chain || p.Length > event.MaxSize {
		return textNoPosition.With()
	}
	if p.Segment < l.head.Next {
		return nil
	}
	_, err := r.Log.Event(ctx, p)
	switch {
	case err == nil:
		return problem.Behind(p.String(), nil, time.Second) // the index follows in a moment
	case errors.Is(err, eventlog.ErrNotFound), errors.Is(err, eventlog.ErrDamaged):
		return textNoPosition.With()
	}
	return unavailable(err)
}

func notThen(ref instance.Ref) *problem.Problem {
	return problem.NewCode(problem.ResourceNotFound, textNotThen.With("id", ref.ID))
}

// Exact reads the version with the moment's sequence or position, which must be a
// fact of the instance and no deletion.
func (r *Reader) Exact(ctx context.Context, ref instance.Ref, m Moment) (Version, error) {
	v, err := r.At(ctx, ref, m)
	if err != nil {
		return v, err
	}
	if m.Sequence > 0 && v.Event.Sequence != m.Sequence || !m.Position.IsZero() && v.Event.Position != m.Position {
		return Version{}, notThen(ref)
	}
	return v, nil
}
