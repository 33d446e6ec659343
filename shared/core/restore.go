package core

import (
	"encoding/json"
	"strconv"

	"spiceharvester/shared/command"
	"spiceharvester/shared/event"
	"spiceharvester/shared/history"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textRestoreAccepted = problem.Define("instance.restore_accepted", "Restoration of the instance accepted.", "인스턴스 복원 명령이 접수되었습니다.")
	textRestoreOne      = problem.Define("instance.restore_one", "Give either sequence or position of the version to restore.", "복원할 버전의 sequence 또는 position 중 하나를 지정해야 합니다.")
	textSequence        = problem.Define("read.sequence", "A sequence is a whole number from 1.", "시퀀스는 1 이상의 정수여야 합니다.")
	textVersionPosition = problem.Define("instance.restore_position", "The position must be that of a version in the instance's history.", "위치는 인스턴스 이력에 있는 버전의 위치여야 합니다.")
)

// ParseSequence reads the sequence of a fact.
func ParseSequence(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 62)
	if err != nil || n == 0 {
		return 0, textSequence.With()
	}
	return n, nil
}

// Restore answers the restoration of an older state.
func (i *InstanceWrites) Restore(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := Known(body, "sequence", "position"); err != nil {
		return nil, err
	}
	m, err := version(body)
	if err != nil {
		return nil, err
	}
	t, id, expected := target(r, i.ClassParam), r.PathValue("instance_id"), r.Expected()
	return r.Write(i.Commands, "instance.restore/"+t.Branch+"/"+t.Class+"/"+id, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := i.Writes.RestoreInstance(r.Context(), c, t, id, m, expected)
		return a, accepted(r, a, t, textRestoreAccepted.With(), map[string]any{"instance_id": id}), err
	})
}

// version reads which version a client names.
func version(body map[string]any) (m history.Moment, err error) {
	sequence, position := body["sequence"], body["position"]
	switch {
	case (sequence == nil) == (position == nil):
		return m, problem.Validation(problem.InvalidValue([]any{"body", "sequence"}, textRestoreOne.With(), nil))
	case sequence != nil:
		n, ok := sequence.(json.Number)
		if !ok {
			return m, problem.Validation(problem.WrongType(problem.TypeInt, []any{"body", "sequence"}, sequence))
		}
		if m.Sequence, err = ParseSequence(n.String()); err != nil {
			return m, problem.Validation(problem.InvalidValue([]any{"body", "sequence"}, problem.MessageOf(err), sequence))
		}
		return m, nil
	}
	text, ok := position.(string)
	if !ok {
		return m, problem.Validation(problem.WrongType(problem.TypeString, []any{"body", "position"}, position))
	}
	if m.Position, err = event.ParsePosition(text); err != nil || m.Position.IsZero() {
		return m, problem.Validation(problem.InvalidValue([]any{"body", "position"}, textVersionPosition.With(), text))
	}
	return m, nil
}
