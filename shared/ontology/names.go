package ontology

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

var (
	textDBShort  = problem.Define("name.database.short", "Database name must be at least 3 characters long", "데이터베이스 이름은 3자 이상이어야 합니다.")
	textDBLong   = problem.Define("name.database.long", "Database name must not exceed 50 characters", "데이터베이스 이름은 50자를 넘을 수 없습니다.")
	textDBChars  = problem.Define("name.database.characters", "Database name must start with a lowercase letter and contain only lowercase letters, numbers, underscores, and hyphens", "데이터베이스 이름은 소문자로 시작하고 소문자, 숫자, 밑줄, 하이픈만 쓸 수 있습니다.")
	textDBEnd    = problem.Define("name.database.end", "Database name cannot end with underscore or hyphen", "데이터베이스 이름은 밑줄이나 하이픈으로 끝날 수 없습니다.")
	textDBDouble = problem.Define("name.database.double", "Database name cannot have consecutive special characters", "데이터베이스 이름에 특수 문자를 연달아 쓸 수 없습니다.")

	textBranchChars    = problem.Define("name.branch.characters", "Branch name contains invalid characters", "브랜치 이름에 쓸 수 없는 문자가 있습니다.")
	textBranchLong     = problem.Define("name.branch.long", "Branch name must not exceed 100 characters", "브랜치 이름은 100자를 넘을 수 없습니다.")
	textBranchReserved = problem.Define("name.branch.reserved", "'{name}' is a reserved branch name", "'{name}' 이름은 예약된 브랜치 이름입니다.")

	textClassChars = problem.Define("name.class.characters", "Class ID contains invalid characters", "클래스 ID에 쓸 수 없는 문자가 있습니다.")
	textClassLong  = problem.Define("name.class.long", "Class ID too long", "클래스 ID가 너무 깁니다.")

	textNameEmpty   = problem.Define("name.empty", "A name must not be empty", "이름이 비어 있습니다.")
	textNameLong    = problem.Define("name.long", "A name may have at most {limit} bytes", "이름은 최대 {limit}바이트입니다.")
	textNameControl = problem.Define("name.control", "A name must not hold control characters", "이름에 제어 문자를 쓸 수 없습니다.")
)

var (
	databaseForm = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	doubledMark  = regexp.MustCompile(`[_-]{2}`)
	branchForm   = regexp.MustCompile(`^[a-zA-Z0-9_/-]+$`)
	classForm    = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_:-]*$`)
)

// MainBranch is the branch that every database has.
const MainBranch = "main"

// reservedBranches cannot be branches, in any case of letters.
var reservedBranches = map[string]bool{"head": true, "refs": true, "objects": true, "info": true, "hooks": true}

// CheckDatabase checks the name of a database. The error is a [problem.Message].
func CheckDatabase(name string) error {
	switch {
	case len(name) < 3:
		return textDBShort.With()
	case utf8.RuneCountInString(name) > 50:
		return textDBLong.With()
	case !databaseForm.MatchString(name):
		return textDBChars.With()
	case strings.HasSuffix(name, "_"), strings.HasSuffix(name, "-"):
		return textDBEnd.With()
	case doubledMark.MatchString(name):
		return textDBDouble.With()
	}
	return nil
}

// CheckBranch checks the name of a branch. The error is a [problem.Message].
func CheckBranch(name string) error {
	switch {
	case !branchForm.MatchString(name):
		return textBranchChars.With()
	case len(name) > 100:
		return textBranchLong.With()
	case reservedBranches[strings.ToLower(name)]:
		return textBranchReserved.With("name", name)
	}
	return nil
}

// CheckClassID checks the id of a class. The error is a [problem.Message].
func CheckClassID(id string) error {
	switch {
	case !classForm.MatchString(id):
		return textClassChars.With()
	case len(id) > 100:
		return textClassLong.With()
	}
	return nil
}

// MaxNameBytes bounds the names of properties and predicates.
const MaxNameBytes = 512

// CheckName checks the name of a property or predicate: any text without control
// characters.
func CheckName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return textNameEmpty.With()
	case len(name) > MaxNameBytes:
		return textNameLong.With("limit", MaxNameBytes)
	case strictjson.HasControl(name):
		return textNameControl.With()
	}
	return nil
}

// AggregateID is the id of a class in the log. Neither database nor branch holds a
// colon and the class stands last, so it is not ambiguous.
func AggregateID(database, branch, class string) string {
	return database + ":" + branch + ":" + class
}
