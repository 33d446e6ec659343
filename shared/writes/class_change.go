package writes

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"spiceharvester/shared/classes"
	"spiceharvester/shared/event"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/ontology"
	"spiceharvester/shared/problem"
)

// Stored walks the instances of a class as they were at a position or later.
type Stored interface {
	Stored(ctx context.Context, database, class string, upTo event.Position, visit func(id string, data map[string]any)) error
}

const (
	// checkLimit bounds how long the stored instances are looked at; a change of a class
	// that has more than can be looked at in that time is answered 503.
	checkLimit = 25 * time.Second
	// brokenSamples is how many ids of each kind of broken instances are named.
	brokenSamples = 3
)

var (
	textBreaks  = problem.Define("ontology.breaks", "The change would break {count} stored instances", "변경하면 저장된 인스턴스 {count}개가 깨집니다.")
	textTooMany = problem.Define("ontology.check_too_long", "The {count} stored instances of '{class}' could not be checked in {limit} seconds", "'{class}' 클래스의 저장된 인스턴스 {count}개를 {limit}초 안에 확인하지 못했습니다.")
	textChild   = problem.Define("ontology.child", "'{child}', which inherits from '{class}', would not be valid: {reason}", "'{class}' 클래스를 상속하는 '{child}' 클래스가 유효하지 않게 됩니다: {reason}")
)

// broken counts the instances of a class that break in one way.
type broken struct {
	Class     string          `json:"class_id"`
	Field     string          `json:"field"`
	Reason    instance.Reason `json:"reason"`
	Instances int             `json:"instances"`
	Samples   []string        `json:"sample_instance_ids"`
}

// refuseBreaking refuses a change of a class that stored instances would not fit, its
// own and those of classes that inherit from it. It reads the read model, which must
// have got as far as the log is now, else the answer is 503.
//
// An instance that is written after that and before the change is decided is checked
// against the class as it was; it stays as it is, can be read, and the next change of
// it is held to the new class where it touches what changed.
func (s *Service) refuseBreaking(ctx context.Context, database, branch string, after ontology.Class) error {
	if s.Stored == nil {
		return nil
	}
	family, err := s.Classes.Family(ctx, database, branch)
	if err != nil {
		return err
	}
	changed := maps.Clone(family)
	changed[after.ID] = after
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	total, found := 0, []broken{}
	for _, id := range slices.Sorted(maps.Keys(family)) {
		if !family.Descends(id, after.ID) {
			continue
		}
		n, list, err := s.breaks(ctx, database, branch, id, family, changed)
		if err != nil {
			return err
		}
		total, found = total+n, append(found, list...)
	}
	if total == 0 {
		return nil
	}
	p := problem.Conflict(textBreaks.With("count", total)).
		WithDetail(map[string]any{"error": "stored_instances_break", "class_id": after.ID, "instances": total, "fields": found})
	for _, b := range found {
		loc := []any{"body"}
		if b.Field != "" {
			loc = append(loc, "properties", b.Field)
		}
		p.Errors = append(p.Errors, problem.InvalidValue(loc, instance.Broken{Field: b.Field, Reason: b.Reason}.Text(b.Class, b.Instances), nil))
	}
	return p
}

// StoredReport tells what refuseBreaking would say of a change: how many instances would
// break, and in which fields. Nil says that the read model cannot tell now.
func (s *Service) StoredReport(ctx context.Context, database, branch string, after ontology.Class) (map[string]any, error) {
	err := s.refuseBreaking(ctx, database, branch, after)
	if err == nil {
		return map[string]any{"instances": 0, "fields": []broken{}}, nil
	}
	p, known := problem.AsProblem(err)
	switch {
	case known && p.Detail["fields"] != nil:
		return map[string]any{"instances": p.Detail["instances"], "fields": p.Detail["fields"]}, nil
	case known && p.Status == http.StatusServiceUnavailable:
		return nil, nil
	}
	return nil, err
}

// breaks counts the instances of one class that break, in all and by field and reason.
func (s *Service) breaks(ctx context.Context, database, branch, id string, family, changed classes.Family) (total int, list []broken, err error) {
	before, errs := ontology.Compile(family.Whole(id))
	if err := errs.Err(); err != nil {
		return 0, nil, problem.Internal(err)
	}
	after, errs := ontology.Compile(changed.Whole(id))
	if err := errs.Err(); err != nil {
		return 0, nil, problem.Conflict(textChild.With("child", id, "class", changed.Whole(id).ID, "reason", err.Error()))
	}
	change := instance.NewChange(before, after.WithFamily(changed.Descends))
	if change == nil {
		return 0, nil, nil
	}
	target := InstanceTarget{Database: database, Branch: branch, Class: id}
	stored, err := s.Classes.Log.CountUnder(ctx, database, Instances, target.ref("").AggregateID())
	if err != nil {
		return 0, nil, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if stored == 0 {
		return 0, nil, nil
	}
	now, err := s.now(ctx, database)
	if err != nil {
		return 0, nil, err
	}
	counts := map[instance.Broken]*broken{}
	err = s.Stored.Stored(ctx, database, id, now, func(instanceID string, data map[string]any) {
		found := change.Check(instanceID, data)
		for _, b := range found {
			if counts[b] == nil {
				counts[b] = &broken{Class: id, Field: b.Field, Reason: b.Reason, Samples: []string{}}
			}
			if counts[b].Instances++; len(counts[b].Samples) < brokenSamples {
				counts[b].Samples = append(counts[b].Samples, instanceID)
			}
		}
		if len(found) > 0 {
			total++
		}
	})
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return 0, nil, problem.New(http.StatusServiceUnavailable, textTooMany.With("class", id, "count", stored, "limit", int(checkLimit/time.Second))).Because(err)
	}
	for _, b := range counts {
		list = append(list, *b)
	}
	slices.SortFunc(list, func(a, b broken) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Reason, b.Reason))
	})
	return total, list, err
}

// now is the end of a database's chain.
func (s *Service) now(ctx context.Context, database string) (event.Position, error) {
	_, head, err := s.Commands.Log.States(ctx, database)
	if err != nil {
		return event.Position{}, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	chain, err := s.Commands.Log.ChainOf(ctx, database)
	if err != nil {
		return event.Position{}, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	return event.Position{Chain: chain, Segment: head.Next}, nil
}
