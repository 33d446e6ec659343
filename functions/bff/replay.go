package bff

import (
	"context"
	"slices"

	"spiceharvester/shared/core"
	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/instance"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
	"spiceharvester/shared/writes"
)

func (f *Function) replayRoutes() {
	const replay = "/api/v1/admin/replay-instance-state"
	f.Handle("POST "+replay, f.admin(f.replay))
	f.Handle("GET "+replay+"/{task_id}/result", f.admin(f.replayResult))
	f.Handle("GET "+replay+"/{task_id}/trace", f.admin(f.replayTrace))
}

const replayType = "replay_instance_state"

// replayed is an instance as its facts in the log make it.
type replayed struct {
	Target   replayTarget    `json:"target"`
	State    *map[string]any `json:"instance_state"`
	Deleted  bool            `json:"is_deleted"`
	Deletion *replayDeletion `json:"deletion_info"`
	Count    int             `json:"command_count"`
	At       string          `json:"replayed_at"`
	Timeline []replayStep    `json:"timeline"`
}

type replayTarget struct {
	Database string `json:"db_name"`
	Class    string `json:"class_id"`
	Instance string `json:"instance_id"`
}

type replayDeletion struct {
	Sequence  uint64   `json:"sequence"`
	DeletedAt string   `json:"deleted_at"`
	Actor     string   `json:"deleted_by"`
	Command   event.ID `json:"command_id"`
}

// replayStep is one fact, oldest first. File is where it stands in the log.
type replayStep struct {
	Command   event.ID `json:"command_id"`
	Type      string   `json:"command_type"`
	Timestamp string   `json:"timestamp"`
	File      string   `json:"file"`
	Event     event.ID `json:"event_id"`
	Sequence  uint64   `json:"sequence"`
	Links     object   `json:"links"`
}

type replayBody struct {
	Database string `json:"db_name"`
	Class    string `json:"class_id"`
	Instance string `json:"instance_id"`
	Store    *bool  `json:"store_result,omitempty"`
	TTL      *int   `json:"result_ttl,omitempty"`
}

// replay reads an instance from its facts, as a task (bff-api 2.11).
func (f *Function) replay(r *httpapi.Request) (*httpapi.Response, error) {
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	if err := core.Known(body, "db_name", "class_id", "instance_id", "store_result", "result_ttl"); err != nil {
		return nil, err
	}
	ref := instance.Ref{Branch: "main"}
	for name, to := range map[string]*string{"db_name": &ref.Database, "class_id": &ref.Class, "instance_id": &ref.ID} {
		if *to, err = core.Text(body, name, true); err != nil {
			return nil, err
		}
	}
	if err := writes.CheckTarget(ref.Database, ref.Branch); err != nil {
		return nil, err
	}
	t := tasks.Task{Name: "replay instance state", Type: replayType, Actor: actor(r), Metadata: object{"db_name": ref.Database, "class_id": ref.Class, "instance_id": ref.ID}}
	t, err = f.tasks.Start(r.Context(), t, func(ctx context.Context, _ func(tasks.Progress)) (any, error) { return f.replayInstance(ctx, ref) })
	if err != nil {
		return nil, err
	}
	resp := taskAccepted(r, t)
	resp.Status = 200 // as clients of the contract expect it of this route
	return resp, nil
}

// maxTimeline bounds the facts that a replay lists.
const maxTimeline = 2000

func (f *Function) replayInstance(ctx context.Context, ref instance.Ref) (replayed, error) {
	out := replayed{Target: replayTarget{ref.Database, ref.Class, ref.ID}, At: problem.Timestamp(f.core.Now()), Timeline: []replayStep{}}
	a := writes.InstanceAggregate(ref)
	states, _, err := f.core.Log.States(ctx, ref.Database, a)
	if err != nil {
		return out, problem.Unavailable(problem.DBUnavailable, "event log index", err)
	}
	if _, known := states[a]; !known {
		return out, problem.NotFound(problem.KindInstance, ref.ID)
	}
	for e, err := range f.core.Log.History(ctx, states[a].Position) {
		if err != nil {
			return out, problem.Unavailable(problem.ServiceUnavailable, "event log", err)
		}
		if out.Count == 0 {
			if err := f.replayLast(ctx, &out, &e); err != nil {
				return out, err
			}
		}
		out.Count++
		if len(out.Timeline) < maxTimeline {
			id := "event:" + string(e.ID)
			out.Timeline = append(out.Timeline, replayStep{
				Command: e.Command, Type: e.Type, Timestamp: problem.Timestamp(e.Time), File: e.Position.String(), Event: e.ID, Sequence: e.Sequence, Links: object{
					"audit": "/api/v1/audit/logs?partition_key=db:" + ref.Database + "&command_id=" + string(e.Command), "lineage_graph": "/api/v1/lineage/graph?root=" + id,
					"lineage_impact": "/api/v1/lineage/impact?root=" + id,
				},
			})
		}
	}
	slices.Reverse(out.Timeline)
	return out, nil
}

// replayLast takes the state out of the last fact, which carries all of it.
func (f *Function) replayLast(ctx context.Context, out *replayed, e *event.Event) error {
	if e.Lifecycle == event.Deletes {
		out.Deleted, out.Deletion = true, &replayDeletion{e.Sequence, problem.Timestamp(e.Time), e.Actor, e.Command}
		return nil
	}
	data, err := f.core.Log.Data(ctx, e)
	if err != nil {
		return problem.Unavailable(problem.ServiceUnavailable, "event log", err)
	}
	fact, err := instance.DecodeFact(data)
	if err != nil {
		return problem.Internal(err)
	}
	out.State = &fact.Data
	return nil
}

// replayTask reads the task of a replay that has ended well.
func (f *Function) replayTask(r *httpapi.Request) (t tasks.Task, err error) {
	if t, err = f.task(r); err == nil && t.Type != replayType {
		err = problem.NotFound(tasks.Kind, t.ID.String())
	}
	return t, err
}

func (f *Function) replayResult(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.replayTask(r)
	if err != nil {
		return nil, err
	}
	return f.taskData(r, &t)
}

// replayTrace shows the facts of a replay and one of them, command_id's or the
// last, in full.
func (f *Function) replayTrace(r *httpapi.Request) (*httpapi.Response, error) {
	t, err := f.replayTask(r)
	if err != nil {
		return nil, err
	}
	limit := int(r.Int("timeline_limit", 200, 1, 2000))
	if err := r.Check(); err != nil {
		return nil, err
	}
	if !t.Ended() || t.Problem != nil {
		return f.taskData(r, &t)
	}
	var found replayed
	if err := t.Decode(&found); err != nil {
		return nil, err
	}
	selected := object(nil)
	for _, s := range slices.Backward(found.Timeline) {
		if id := r.Query("command_id", ""); id == "" || id == string(s.Command) {
			selected = object{"command_id": s.Command, "command_type": s.Type, "timestamp": s.Timestamp, "file": s.File, "event_id": s.Event, "links": s.Links}
			break
		}
	}
	if selected == nil {
		return nil, problem.NotFound(problem.KindCommand, r.Query("command_id", ""))
	}
	timeline := found.Timeline[max(0, len(found.Timeline)-limit):]
	return httpapi.OK(object{
		"task_id": t.ID, "status": "completed", "target": found.Target, "timeline": timeline, "selected": selected,
		"replay": object{"instance_state": found.State, "is_deleted": found.Deleted, "deletion_info": found.Deletion, "command_count": found.Count, "replayed_at": found.At},
	}), nil
}

var replayOperations = []openapi.Operation{
	{Pattern: "POST /api/v1/admin/replay-instance-state", Tag: "Admin Operations", Summary: "Read an instance from its facts in the log", Body: replayBody{}, Answers: map[int]any{200: taskStart{}}, Fails: []int{400, 404, 503}},
	read(openapi.Operation{Pattern: "GET /api/v1/admin/replay-instance-state/{task_id}/result", Tag: "Admin Operations", Summary: "The state that was read"}, object{}),
	read(openapi.Operation{Pattern: "GET /api/v1/admin/replay-instance-state/{task_id}/trace", Tag: "Admin Operations", Summary: "The facts behind the state", Params: []openapi.Param{{Name: "command_id"}, {Name: "timeline_limit", Type: "integer", Default: 200}}}, object{}),
}
