package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
)

// api speaks to the public API.
type api struct {
	base   string
	token  string
	client *http.Client
}

// apiError is an answer that is no success.
type apiError struct {
	method, path string
	status       int
	code         string
	message      string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%s %s: %d %s: %s", e.method, e.path, e.status, e.code, e.message)
}

func (a *api) do(ctx context.Context, method, path string, header map[string]string, body io.Reader, answer any) error {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("X-Admin-Token", a.token)
	req.Header.Set("Accept-Language", "en")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("the platform does not answer; start it with `make run`: %w", err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if resp.StatusCode >= 300 {
		var problem struct{ Code, Message string }
		if json.Unmarshal(data, &problem) != nil {
			problem.Message = string(data)
		}
		return &apiError{method, path, resp.StatusCode, problem.Code, problem.Message}
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(data, answer); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

func (a *api) get(ctx context.Context, path string, answer any) error {
	return a.do(ctx, http.MethodGet, path, nil, nil, answer)
}

func (a *api) post(ctx context.Context, path, key string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := map[string]string{"Content-Type": "application/json"}
	if key != "" {
		header["Idempotency-Key"] = key
	}
	return a.do(ctx, http.MethodPost, path, header, bytes.NewReader(data), answer)
}

// write sends a command and waits for its outcome.
func (a *api) write(ctx context.Context, method, path string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	header := map[string]string{"Content-Type": "application/json", "Prefer": "wait=30"}
	var outcome struct {
		Status string  `json:"status"`
		Error  *string `json:"error"`
	}
	if err := a.do(ctx, method, path, header, bytes.NewReader(data), &outcome); err != nil {
		return err
	}
	switch {
	case outcome.Status == "COMPLETED":
		return nil
	case outcome.Error != nil:
		return fmt.Errorf("%s %s: %s: %s", method, path, outcome.Status, *outcome.Error)
	}
	return fmt.Errorf("%s %s: no outcome within 30 s: %s", method, path, outcome.Status)
}

// uploaded is the answer of an upload.
type uploaded struct {
	Dataset struct {
		ID   string `json:"dataset_id"`
		Name string `json:"name"`
	} `json:"dataset"`
	Version struct {
		ID     string `json:"version_id"`
		Number int    `json:"version_number"`
		Commit string `json:"lakefs_commit_id"`
		Rows   int64  `json:"row_count"`
	} `json:"version"`
	Analysis struct {
		Columns []struct {
			Name     string   `json:"column_name"`
			Samples  []string `json:"sample_values"`
			Inferred struct {
				Type       string  `json:"type"`
				Confidence float64 `json:"confidence"`
			} `json:"inferred_type"`
		} `json:"columns"`
		Keys []string `json:"key_candidates"`
	} `json:"analysis"`
}

// upload sends a file. The key is its content's digest: the same file is one
// version, however often it is sent.
func (a *api) upload(ctx context.Context, file, dataset string, content []byte) (*uploaded, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("dataset_name", dataset); err != nil {
		return nil, err
	}
	part, err := form.CreateFormFile("file", file)
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(content); err != nil {
		return nil, err
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(content)
	var answer struct {
		Data uploaded `json:"data"`
	}
	path := "/pipelines/datasets/csv-upload?" + url.Values{"db_name": {Database}}.Encode()
	header := map[string]string{"Content-Type": form.FormDataContentType(), "Idempotency-Key": dataset + " " + hex.EncodeToString(digest[:])}
	return &answer.Data, a.do(ctx, http.MethodPost, path, header, &body, &answer)
}
