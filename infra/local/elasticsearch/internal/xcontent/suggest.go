package xcontent

import (
	"slices"
	"strings"
)

// Suggest returns the " did you mean ..." part of an error text, empty if no
// known name is near. Near is: more than half of the letters are right
// (Lucene's LevenshteinDistance above 0.5).
func Suggest(unknown string, known []string) string {
	type near struct {
		score float64
		name  string
	}
	var list []near
	for _, k := range known {
		longest := max(len(unknown), len(k))
		if score := 1 - float64(editDistance(unknown, k))/float64(longest); score > 0.5 {
			list = append(list, near{score, k})
		}
	}
	slices.SortFunc(list, func(a, b near) int {
		if a.score != b.score {
			if a.score > b.score {
				return -1
			}
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	switch len(list) {
	case 0:
		return ""
	case 1:
		return " did you mean [" + list[0].name + "]?"
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].name
	}
	return " did you mean any of [" + strings.Join(names, ", ") + "]?"
}

// editDistance counts insertions, removals and replacements of runes.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(x); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := diag
			if x[i-1] != y[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(y)]
}
