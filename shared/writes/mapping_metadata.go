package writes

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"spiceharvester/shared/command"
	"spiceharvester/shared/problem"
)

// MappingEntry is a note about a mapping of data to a class.
type MappingEntry struct {
	Timestamp         string `json:"timestamp"`
	SourceFile        string `json:"source_file"`
	MappingsCount     any    `json:"mappings_count"`
	AverageConfidence any    `json:"average_confidence"`
	MappingDetails    any    `json:"mapping_details"`
}

const (
	// mappingHistory is how many notes a class keeps.
	mappingHistory = 10
	// mappingTries is how often a note is written when the class moved on meanwhile.
	mappingTries = 3
	mappingPause = 100 * time.Millisecond
)

// NoteMapping accepts a note about a mapping: the class keeps the last ones in its
// metadata. It gives how many these are.
func (s *Service) NoteMapping(ctx context.Context, c Caller, database, branch, class string, entry MappingEntry) (command.Accepted, int, error) {
	if row, known, err := s.underKey(ctx, c, database); err != nil || known {
		// The note of the first request is what was accepted, whatever came after it.
		return command.Accepted{ID: row.ID, Position: row.Position, Repeated: true}, 0, err
	}
	for try := 1; ; try++ {
		d, err := s.classFor(ctx, database, branch, class)
		if err != nil {
			return command.Accepted{}, 0, err
		}
		metadata, kept := withMapping(d.Class.Metadata, entry)
		a, err := s.UpdateClass(ctx, c, database, branch, class, d.Sequence, map[string]any{"metadata": metadata})
		p, known := problem.AsProblem(err)
		if !known || p.Status != http.StatusConflict || p.Detail["expected_seq"] == nil || try == mappingTries {
			return a.Accepted, kept, err
		}
		timer := time.NewTimer(time.Duration(try) * mappingPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return command.Accepted{}, 0, errors.Join(err, ctx.Err())
		}
	}
}

// withMapping adds a note to metadata, which is left as it is.
func withMapping(metadata map[string]any, entry MappingEntry) (out map[string]any, kept int) {
	if out = maps.Clone(metadata); out == nil {
		out = map[string]any{}
	}
	history, _ := out["mapping_history"].([]any)
	history = append(slices.Clone(history), map[string]any{
		"timestamp": entry.Timestamp, "source_file": entry.SourceFile, "mappings_count": entry.MappingsCount,
		"average_confidence": entry.AverageConfidence, "mapping_details": entry.MappingDetails,
	})
	history = history[max(0, len(history)-mappingHistory):]
	sources, _ := out["mapping_sources"].([]any)
	if !slices.Contains(sources, any(entry.SourceFile)) {
		sources = append(slices.Clone(sources), entry.SourceFile)
	}
	total := int64(0)
	for _, n := range []any{out["total_mappings"], entry.MappingsCount} {
		if n, ok := n.(json.Number); ok {
			if i, err := n.Int64(); err == nil {
				total += i
			}
		}
	}
	out["mapping_history"], out["last_mapping_date"] = history, entry.Timestamp
	out["mapping_sources"], out["total_mappings"] = sources[max(0, len(sources)-mappingHistory):], json.Number(strconv.FormatInt(total, 10))
	return out, len(history)
}
