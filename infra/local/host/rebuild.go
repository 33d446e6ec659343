package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Rebuild lets the host that runs on a data folder rebuild sinks (all for none)
// from the log, and tells how it went. It fails if what came out is not equal to
// the log.
func Rebuild(ctx context.Context, out io.Writer, data string, sinks []string) error {
	url, token, err := Running(data)
	if err != nil {
		return err
	}
	c := &adminClient{base: url + "/api/v1", token: token}
	var started struct {
		ID      string `json:"task_id"`
		Message string `json:"message"`
	}
	body := map[string]any{}
	if len(sinks) > 0 {
		body["sinks"] = sinks
	}
	if err := c.do(ctx, http.MethodPost, "/admin/rebuild", body, &started); err != nil {
		return err
	}
	shown := 0
	for {
		var task struct {
			Status   string
			Progress struct {
				Current, Total int
				Message        string
			}
			Result *struct {
				Error *string
				Data  struct {
					Equal bool
					Sinks []struct {
						Sink    string
						Rows    int64
						Events  int64
						Seconds float64
						PerSec  float64 `json:"rows_per_second"`
						Equal   bool
						Notes   []string
					}
				}
			}
		}
		if err := c.do(ctx, http.MethodGet, "/tasks/"+started.ID, nil, &task); err != nil {
			return err
		}
		if task.Result == nil {
			if task.Progress.Current > shown {
				shown = task.Progress.Current
				fmt.Fprintf(out, "%s done (%d of %d)\n", task.Progress.Message, shown, task.Progress.Total)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
				continue
			}
		}
		if task.Result.Error != nil {
			return errors.New(*task.Result.Error)
		}
		fmt.Fprintf(out, "%-12s %10s %10s %9s %10s  %s\n", "sink", "rows", "events", "seconds", "rows/s", "equal")
		for _, s := range task.Result.Data.Sinks {
			fmt.Fprintf(out, "%-12s %10d %10d %9.2f %10.0f  %t\n", s.Sink, s.Rows, s.Events, s.Seconds, s.PerSec, s.Equal)
			for _, note := range s.Notes {
				fmt.Fprintf(out, "             %s\n", note)
			}
		}
		if !task.Result.Data.Equal {
			return errors.New("not everything is equal to what it should be; see the notes above")
		}
		return nil
	}
}

// adminClient speaks to the API with the operator's token.
type adminClient struct{ base, token string }

func (c *adminClient) do(ctx context.Context, method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	req.Header.Set("X-Admin-Token", c.token)
	req.Header.Set("Accept-Language", "en")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s %s", method, path, resp.Status, text)
	}
	return json.Unmarshal(text, answer)
}
