package bff

import (
	"encoding/json"

	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/core"
	"spiceharvester/shared/describe"
	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/parking"
	"spiceharvester/shared/problem"
)

const parkedPath = "/api/v1/admin/parked"

func (f *Function) parkingRoutes() {
	f.Handle("GET "+parkedPath, f.admin(f.listParked))
	f.Handle("GET "+parkedPath+"/fact", f.admin(f.parkedFact))
	f.Handle("POST "+parkedPath+"/replay", f.admin(f.replayParked))
	f.Handle("POST "+parkedPath+"/discard", f.admin(f.discardParked))
	f.Handle("GET "+lettersPath, f.admin(f.listLetters))
	f.Handle("GET "+lettersPath+"/{letter_id}", f.admin(f.letter))
}

var (
	textReplayWhat = problem.Define("parked.replay_what",
		"Name the handler, or the database, whose parked aggregates are to be tried again.",
		"다시 시도할 핸들러 또는 데이터베이스를 지정해야 합니다.")
	textReplayOne = problem.Define("parked.replay_one",
		"handler, aggregate_type and aggregate_id name one aggregate together; give all three, or neither type nor id.",
		"handler, aggregate_type, aggregate_id는 함께 하나의 대상을 지정합니다. 셋 모두 지정하거나 type과 id를 모두 생략하세요.")
	textReplayed = problem.Define("parked.replayed",
		"{due} aggregates are due now and tried with the next sweep; of the graph, {applied} were written and {refused} refused again. List what is parked to see how it went.",
		"{due}개 대상이 다음 점검 때 다시 시도됩니다. 그래프는 {applied}개가 반영되고 {refused}개가 다시 거부되었습니다. 결과는 보류 목록에서 확인하세요.")
	textDiscarded = problem.Define("parked.discarded",
		"Discarded; the handler goes on with the next sequence. Later facts carry the whole state, so the document heals with the next fact; until then it lacks what this one said.",
		"폐기했습니다. 핸들러는 다음 순번부터 계속합니다. 이후 사실에는 전체 상태가 담겨 있으므로 다음 사실이 반영되면 문서가 복구되며, 그때까지는 이 사실의 내용이 빠져 있습니다.")
)

// parkedList is a page of parked aggregates, oldest first.
type parkedList struct {
	Parked []core.Parked      `json:"parked"`
	Total  int                `json:"total"`
	Offset int                `json:"offset"`
	Limit  int                `json:"limit"`
	Counts []pgregistry.Count `json:"counts"` // by handler, of all databases
}

func (f *Function) listParked(r *httpapi.Request) (*httpapi.Response, error) {
	filter := pgregistry.Filter{Handler: r.Query("handler", ""), State: r.OneOf("state", "", pgregistry.Waiting, pgregistry.Dead)}
	list := parkedList{Parked: []core.Parked{}, Offset: int(r.Int("offset", 0, 0, 1<<31-1)), Limit: int(r.Int("limit", 100, 1, 500))}
	if err := r.Check(); err != nil {
		return nil, err
	}
	var err error
	if filter.Database, err = optionalDatabase(r); err != nil {
		return nil, err
	}
	rows, total, err := f.parking.Registry.List(r.Context(), filter, list.Offset, list.Limit)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	for i := range rows {
		list.Parked = append(list.Parked, core.ParkedOf(&rows[i]))
	}
	list.Total = total
	if list.Counts, err = f.parking.Registry.Counts(r.Context()); err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	return httpapi.OK(list), nil
}

// parkedEvent is the event that an aggregate is parked at. Data that is kept apart
// from the log is named, not shown.
type parkedEvent struct {
	ID       event.ID        `json:"event_id"`
	Type     string          `json:"event_type"`
	Kind     event.Kind      `json:"kind"`
	Sequence uint64          `json:"sequence"`
	Position string          `json:"position"`
	Time     string          `json:"occurred_at"`
	Actor    string          `json:"actor"`
	Command  event.ID        `json:"command_id"`
	Data     json.RawMessage `json:"data"`
	DataRef  *dataRef        `json:"data_ref"`
}

type dataRef struct {
	Key    string `json:"key"`  // in the event store's bucket
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

type parkedOne struct {
	core.Parked
	Event parkedEvent `json:"event"`
}

func (f *Function) parkedFact(r *httpapi.Request) (*httpapi.Response, error) {
	handler, a := r.Required("handler"), event.Aggregate{Type: event.AggregateType(r.Required("aggregate_type")), ID: r.Required("aggregate_id")}
	if err := r.Check(); err != nil {
		return nil, err
	}
	p, e, err := f.parking.One(r.Context(), handler, a)
	if err != nil {
		return nil, err
	}
	one := parkedOne{core.ParkedOf(&p), parkedEvent{
		ID: e.ID, Type: e.Type, Kind: e.Kind, Sequence: e.Sequence, Position: e.Position.String(), Time: problem.Timestamp(e.Time),
		Actor: e.Actor, Command: e.Command, Data: e.Data,
	}}
	if e.DataRef.Key != "" {
		one.Event.DataRef = &dataRef{e.DataRef.Key, e.DataRef.Size, e.DataRef.SHA256}
	}
	return httpapi.OK(one), nil
}

type replayParkedBody struct {
	Handler       string `json:"handler,omitempty"`
	Database      string `json:"db_name,omitempty"`
	AggregateType string `json:"aggregate_type,omitempty"`
	AggregateID   string `json:"aggregate_id,omitempty"`
}

type replayedParked struct {
	parking.Replayed
	Message string `json:"message"`
}

// bodyTexts reads members of a body that are texts.
func bodyTexts(body object, to map[string]*string, required bool) (err error) {
	for name, v := range to {
		if *v, err = core.Text(body, name, required); err != nil {
			return err
		}
	}
	return nil
}

// replayParked tries one aggregate, or all of a handler or database, again.
func (f *Function) replayParked(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "handler", "db_name", "aggregate_type", "aggregate_id"); err != nil {
		return nil, err
	}
	var filter pgregistry.Filter
	var aggregateType string
	err = bodyTexts(body, map[string]*string{"handler": &filter.Handler, "db_name": &filter.Database, "aggregate_type": &aggregateType, "aggregate_id": &filter.Aggregate.ID}, false)
	if err != nil {
		return nil, err
	}
	filter.Aggregate.Type = event.AggregateType(aggregateType)
	if filter.Handler == "" && filter.Database == "" {
		return nil, problem.Validation(problem.InvalidValue([]any{"body", "handler"}, textReplayWhat.With(), nil))
	}
	one := filter.Aggregate.Type != "" && filter.Aggregate.ID != "" && filter.Handler != ""
	if !one && filter.Aggregate != (event.Aggregate{}) {
		return nil, problem.Validation(problem.InvalidValue([]any{"body", "aggregate_id"}, textReplayOne.With(), filter.Aggregate.ID))
	}
	if one {
		if _, _, err := f.parking.One(r.Context(), filter.Handler, filter.Aggregate); err != nil {
			return nil, err
		}
	}
	done, err := f.parking.Replay(r.Context(), filter)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(replayedParked{done, textReplayed.With("due", done.Due, "applied", done.Applied, "refused", done.Refused).In(r.Lang)}), nil
}

type discardBody struct {
	Handler       string `json:"handler"`
	AggregateType string `json:"aggregate_type"`
	AggregateID   string `json:"aggregate_id"`
	Reason        string `json:"reason,omitempty"`
}

type discardedBody struct {
	Status   string `json:"status" enum:"discarded"`
	Position string `json:"position"` // of the event that says so
	Sequence uint64 `json:"sequence"`
	Repeated bool   `json:"repeated"` // it was discarded before
	Message  string `json:"message"`
}

// discardParked gives up the fact that an aggregate is parked at.
func (f *Function) discardParked(r *httpapi.Request) (*httpapi.Response, error) {
	t, caller := parking.Target{Sequence: r.Expected()}, r.Caller("discard-parked")
	if err := r.Check(); err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "handler", "aggregate_type", "aggregate_id", "reason"); err != nil {
		return nil, err
	}
	var aggregateType string
	if err := bodyTexts(body, map[string]*string{"handler": &t.Handler, "aggregate_type": &aggregateType, "aggregate_id": &t.Aggregate.ID}, true); err != nil {
		return nil, err
	}
	t.Aggregate.Type = event.AggregateType(aggregateType)
	reason, err := core.Text(body, "reason", false)
	if err != nil {
		return nil, err
	}
	done, err := f.parking.Discard(r.Context(), caller, t, reason)
	if err != nil {
		return nil, err
	}
	return httpapi.OK(discardedBody{"discarded", done.Position.String(), t.Sequence, done.Repeated, textDiscarded.With().In(r.Lang)}), nil
}

var (
	handlerParam = openapi.Param{Name: "handler", About: "Name of a handler, for example projection_worker:instance_events."}
	oneParked    = []openapi.Param{
		{Name: "handler", Required: true}, {Name: "aggregate_type", Required: true}, {Name: "aggregate_id", Required: true},
	}
)

var parkingOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + parkedPath, Tag: "Admin Operations", Summary: "What handlers could not go on with", Hidden: true, Params: []openapi.Param{
		handlerParam, {Name: "db_name"}, {Name: "state", Enum: []string{pgregistry.Waiting, pgregistry.Dead}}, limitParam, offsetParam}}, parkedList{}),
	read(openapi.Operation{Pattern: "GET " + parkedPath + "/fact", Tag: "Admin Operations", Summary: "One parked aggregate, with the event that it is parked at", Hidden: true, Params: oneParked}, parkedOne{}),
	{
		Pattern: "POST " + parkedPath + "/replay", Tag: "Admin Operations", Summary: "Try what is parked again at once", Hidden: true, Body: replayParkedBody{},
		About:   "One aggregate (handler, aggregate_type, aggregate_id), or all of a handler, a database or both. Facts are applied in their order. Sent twice it does no harm.",
		Answers: map[int]any{200: replayedParked{}}, Fails: []int{400, 404, 503},
	},
	{
		Pattern: "POST " + parkedPath + "/discard", Tag: "Admin Operations", Summary: "Give up the fact that an aggregate is parked at, for one handler", Hidden: true, Body: discardBody{},
		About:   "The discard is an event in the log; projections that are made again leave the fact out. Refused with 409 unless the aggregate is parked at exactly expected_seq.",
		Params:  []openapi.Param{describe.Idempotency, expectedParam},
		Answers: map[int]any{200: discardedBody{}}, Fails: []int{400, 404, 409, 413, 503},
	},
}
