package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// findFact reads the data of the event that ended a command from the log itself:
// the index says where it stands, the segment is a file of the local S3.
func findFact(t *testing.T, w *world, command string) []byte {
	t.Helper()
	var chain, offset, length int
	var segment int64
	err := w.index.QueryRow(t.Context(), `select chain, end_segment, end_offset, end_length from spice_event_log.outcomes where id = $1`, command).
		Scan(&chain, &segment, &offset, &length)
	if errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("command %s has no outcome", command)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("log/v1/%03d/%020d", chain, segment)
	files, err := filepath.Glob(filepath.Join(w.config.Data, "s3", "*", "*", name))
	if err != nil || len(files) == 0 {
		files, err = filepath.Glob(filepath.Join(w.config.Data, "s3", "*", name))
	}
	if err != nil || len(files) != 1 {
		t.Fatalf("segment %s: %v, %v", name, files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Data json.RawMessage `json:"data"`
	}
	text := strings.TrimSpace(string(content[offset : offset+length]))
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return line.Data
}
