// Package instance is what an instance of a class is: its identity, its payload checked
// against the class, its links, how an update changes it and the data of its facts. It
// is pure: it knows neither HTTP nor a store, and every function gives the same result
// for the same arguments.
package instance

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

// MaxIDBytes bounds an instance id.
const MaxIDBytes = 512

var (
	textIDEmpty   = problem.Define("instance.id.empty", "An instance ID must not be empty", "인스턴스 ID가 비어 있습니다.")
	textIDLong    = problem.Define("instance.id.long", "An instance ID may have at most {limit} bytes", "인스턴스 ID는 최대 {limit}바이트입니다.")
	textIDControl = problem.Define("instance.id.control", "An instance ID must not hold control characters", "인스턴스 ID에 제어 문자를 쓸 수 없습니다.")
	textIDText    = problem.Define("instance.id.text", "An instance ID must be valid UTF-8 text", "인스턴스 ID는 올바른 UTF-8 텍스트여야 합니다.")
)

// CheckID checks an instance id: any text of 1 to 512 bytes without control characters.
// The error is a [problem.Message].
func CheckID(id string) error {
	switch {
	case id == "":
		return textIDEmpty.With()
	case len(id) > MaxIDBytes:
		return textIDLong.With("limit", MaxIDBytes)
	case !utf8.ValidString(id):
		return textIDText.With()
	case strictjson.HasControl(id):
		return textIDControl.With()
	}
	return nil
}

// Ref names an instance of a branch of a database. Its JSON form is the header of the
// facts about it.
type Ref struct {
	Database string `json:"db_name"`
	Branch   string `json:"branch"`
	Class    string `json:"class_id"`
	ID       string `json:"instance_id"`
}

var escaper = strings.NewReplacer("%", "%25", ":", "%3A")
var unescaper = strings.NewReplacer("%25", "%", "%3A", ":")

// AggregateID is the id in the log: database:branch:class:instance, with "%" and ":" of
// the class escaped and the instance last, as it is. Neither database nor branch has a
// colon, so no two instances share an id.
func (r Ref) AggregateID() string { return r.ClassAggregateID() + ":" + r.ID }

// ClassAggregateID is the part of the id that all instances of the class share.
func (r Ref) ClassAggregateID() string {
	return r.Database + ":" + r.Branch + ":" + escaper.Replace(r.Class)
}

// ParseAggregateID is the reverse of [Ref.AggregateID]. It accepts only what that gives.
func ParseAggregateID(s string) (Ref, error) {
	parts := strings.SplitN(s, ":", 4)
	if len(parts) < 4 {
		return Ref{}, fmt.Errorf("parse instance aggregate id %q: it has not four parts", s)
	}
	r := Ref{Database: parts[0], Branch: parts[1], Class: unescaper.Replace(parts[2]), ID: parts[3]}
	switch {
	case r.Database == "" || r.Branch == "" || r.Class == "" || r.ID == "":
		return Ref{}, fmt.Errorf("parse instance aggregate id %q: a part is empty", s)
	case r.AggregateID() != s:
		return Ref{}, fmt.Errorf("parse instance aggregate id %q: the class is not escaped as this system does", s)
	}
	return r, nil
}
