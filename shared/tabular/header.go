package tabular

import (
	"strconv"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textBlankName = problem.Define("tabular.name.blank", "Column {column} has no name; it is called '{name}'.", "{column}번째 열에 이름이 없어 '{name}'(으)로 부릅니다.")
	textSameName  = problem.Define("tabular.name.duplicate", "The name '{original}' of column {column} is taken; it is called '{name}'.", "{column}번째 열의 이름 '{original}'이(가) 중복되어 '{name}'(으)로 부릅니다.")
)

// Renamed is a column whose name is not the one in the file.
type Renamed struct {
	Column   int             `json:"column"` // from 1
	Original string          `json:"original"`
	Name     string          `json:"name"`
	Message  problem.Message `json:"message"`
}

// Names gives every column a name of its own, so that no column is lost: names are
// trimmed, a blank one becomes column_<n> (n from 1), and one that an earlier column has
// (whatever the case) gets _2, _3 …
func Names(header []string) (names []string, renamed []Renamed) {
	names = make([]string, len(header))
	given := make(map[string]bool, len(header)) // names as they stand in the file
	for _, cell := range header {
		given[strings.ToLower(strings.TrimSpace(cell))] = true
	}
	taken := make(map[string]bool, len(header))
	next := map[string]int{}
	for i, cell := range header {
		original := strings.TrimSpace(cell)
		name, text := original, textSameName
		if name == "" {
			name, text = "column_"+strconv.Itoa(i+1), textBlankName
		}
		key := strings.ToLower(name)
		if taken[key] || original == "" && given[key] {
			n := max(next[key], 2)
			for ; ; n++ {
				if k := key + "_" + strconv.Itoa(n); !taken[k] && !given[k] {
					break
				}
			}
			next[key] = n + 1
			name += "_" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		names[i] = name
		if name != original {
			renamed = append(renamed, Renamed{i + 1, original, name,
				text.With("column", i+1, "original", original, "name", name)})
		}
	}
	return names, renamed
}

// numberedNames are the names of the columns of a file without a header.
func numberedNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = "column_" + strconv.Itoa(i+1)
	}
	return names
}
