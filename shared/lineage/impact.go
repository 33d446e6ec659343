package lineage

import (
	"context"
	"strings"

	"spiceharvester/shared/problem"
)

// Artifact is what was made of something, outside the log.
type Artifact struct {
	ID       string         `json:"node_id"`
	Kind     string         `json:"kind"`
	Label    string         `json:"label"`
	Metadata map[string]any `json:"metadata"`
}

// Action is what an operator can do about a target, once for all artifacts in it.
type Action struct {
	Action    string `json:"action"`
	Kind      string `json:"target_kind"`
	Target    string `json:"target"`
	Rationale string `json:"rationale"`
}

// Impact is what a node reaches.
type Impact struct {
	Root      string         `json:"root"`
	Direction string         `json:"direction"`
	Artifacts []Artifact     `json:"artifacts"`
	Counts    map[string]int `json:"counts"` // by kind
	Actions   []Action       `json:"recommended_actions"`
	Warnings  []string       `json:"warnings"`
}

var actions = map[string]struct {
	name string
	why  *problem.Text
}{
	ElasticsearchDocument: {"REBUILD_PROJECTION", problem.Define("lineage.rebuild", "Documents of this index depend on it; they are built again from the log.", "이 인덱스의 문서가 영향을 받습니다. 로그에서 다시 만들 수 있습니다.")},
	GraphDocument:         {"REPLAY_TO_TARGET", problem.Define("lineage.replay", "Documents of this graph depend on it; replaying the log writes them again.", "이 그래프의 문서가 영향을 받습니다. 로그를 다시 적용하면 새로 기록됩니다.")},
	Object:                {"REPLAY_OR_VERIFY", problem.Define("lineage.verify", "Objects of this bucket depend on it; they never change, so verify them.", "이 버킷의 객체가 영향을 받습니다. 객체는 바뀌지 않으므로 검증하세요.")},
}

var inspect = problem.Define("lineage.inspect", "This depends on it; have a look.", "영향을 받습니다. 확인하세요.")

// Impact lists the artifacts that a walk reaches, of one kind or ("") of all.
func (r *Reader) Impact(ctx context.Context, q Query, kind string, lang problem.Lang) (*Impact, error) {
	g, err := r.Graph(ctx, q)
	if err != nil {
		return nil, err
	}
	i := &Impact{Root: g.Root, Direction: g.Direction, Artifacts: []Artifact{}, Counts: map[string]int{}, Actions: []Action{}, Warnings: g.Warnings}
	advised := map[Action]bool{}
	for _, n := range g.Nodes {
		k := n.Kind()
		if k == "" || n.ID == g.Root || kind != "" && k != kind {
			continue
		}
		i.Artifacts = append(i.Artifacts, Artifact{n.ID, k, n.Label, n.Metadata})
		i.Counts[k]++
		a := Action{Action: "INSPECT", Kind: k, Target: target(n.ID, k), Rationale: inspect.With().In(lang)}
		if known, ok := actions[k]; ok {
			a.Action, a.Rationale = known.name, known.why.With().In(lang)
		}
		if !advised[a] {
			advised[a] = true
			i.Actions = append(i.Actions, a)
		}
	}
	return i, nil
}

// target is what an action is done to: an index, a branch of a graph, a bucket, or
// the artifact itself.
func target(id, kind string) string {
	rest := strings.TrimPrefix(id, "artifact:"+kind+":")
	parts := strings.SplitN(rest, ":", 3)
	switch {
	case kind == GraphDocument && len(parts) == 3:
		return parts[0] + ":" + parts[1]
	case kind == ElasticsearchDocument || kind == Object:
		return parts[0]
	}
	return id
}
