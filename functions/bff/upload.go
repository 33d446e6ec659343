package bff

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

const (
	csvSuffix      = ".csv"
	maxDatasetName = 200 // characters
)

var (
	textKeyNeeded   = problem.Define("upload.key", "An upload needs the header Idempotency-Key, so that it can be repeated safely.", "업로드를 안전하게 반복할 수 있도록 Idempotency-Key 헤더가 필요합니다.")
	textNotCSV      = problem.Define("upload.not_csv", "The file's name must end in .csv.", "파일 이름은 .csv로 끝나야 합니다.")
	textDelimiter   = problem.Define("upload.delimiter", "The delimiter must be one ASCII character.", "구분자는 ASCII 문자 하나여야 합니다.")
	textDatasetName = problem.Define("upload.dataset_name", "The name of a dataset must have 1 to {limit} printable characters.", "데이터셋 이름은 1~{limit}자의 출력 가능한 문자여야 합니다.")
	textUploaded    = problem.Define("upload.done", "'{file}' is stored: {rows} rows, {columns} columns.", "'{file}' 파일을 저장했습니다: {rows}행, {columns}열.")
)

// uploadCSV answers POST /pipelines/datasets/csv-upload. The file is never in
// memory as a whole: it streams into the lake while its columns are read.
func (f *Function) uploadCSV(r *httpapi.Request) (*httpapi.Response, error) {
	database, branch, err := f.queryTarget(r)
	if err != nil {
		return nil, err
	}
	caller := r.Caller("csv-upload")
	if err := r.Check(); err != nil {
		return nil, err
	}
	if caller.IdempotencyKey == "" {
		return nil, problem.InvalidParameter([]any{"header", "Idempotency-Key"}, textKeyNeeded.With(), nil)
	}
	form, err := r.Form()
	if err != nil {
		return nil, err
	}
	resp, err := f.upload(r, form, ingest.Target{
		Database: database, Branch: branch, Endpoint: caller.Endpoint, Key: caller.IdempotencyKey, Actor: caller.Actor, Lang: r.Lang,
	})
	if err != nil {
		form.Drain()
	}
	return resp, err
}

func (f *Function) upload(r *httpapi.Request, form *httpapi.Form, t ingest.Target) (_ *httpapi.Response, err error) {
	file, err := form.Next("file")
	if errors.Is(err, io.EOF) {
		return nil, problem.Validation(problem.Missing([]any{"body", "file"}))
	}
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(strings.ToLower(file.Name), csvSuffix) {
		return nil, problem.InvalidParameter([]any{"body", "file"}, textNotCSV.With(), file.Name)
	}
	known, err := settings(form.Fields, file.Name)
	if err != nil {
		return nil, err
	}
	u, err := f.ingest.Begin(r.Context(), t)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			u.Abort(r.Context(), err)
		}
	}()
	if err := u.Receive(r.Context(), file.Name, file, known); err != nil {
		return nil, err
	}
	if _, err := form.Next("file"); !errors.Is(err, io.EOF) {
		return nil, err
	}
	said, err := settings(form.Fields, file.Name)
	if err != nil {
		return nil, err
	}
	result, err := u.Finish(r.Context(), said)
	if err != nil {
		return nil, err
	}
	answer, err := f.answer(r, result, t.Actor)
	if err != nil {
		return nil, err
	}
	return uploaded(r, result, answer)
}

// answer is what an upload's answer says of things that change: the dataset as it
// is now, and the job that the new version has started.
type answer struct {
	Dataset json.RawMessage `json:"dataset"`
	Job     *uuid.UUID      `json:"objectify_job_id"`
}

// answer starts the jobs of a new version, once: a repeated upload is told what the
// first one was.
func (f *Function) answer(r *httpapi.Request, result ingest.Result, actor string) (a answer, err error) {
	held := result.Answer()
	if held == nil {
		if a.Job, err = f.autoSync(r, result.Dataset, result.Version, actor); err != nil {
			return a, err
		}
		if a.Dataset, err = json.Marshal(result.Dataset); err != nil {
			return a, problem.Internal(err)
		}
		if held, err = json.Marshal(a); err != nil {
			return a, problem.Internal(err)
		}
		if held, err = f.ingest.Answered(r.Context(), result, held); err != nil {
			return a, err
		}
	}
	if err := json.Unmarshal(held, &a); err != nil {
		return a, problem.Internal(err)
	}
	return a, nil
}

// settings reads the form's fields.
func settings(fields map[string]string, file string) (ingest.Settings, error) {
	var errs problem.FieldErrors
	s := ingest.Settings{Name: stem(file, csvSuffix)}
	for name, text := range fields {
		loc := []any{"body", name}
		switch name {
		case "dataset_name":
			if text != "" {
				s.Name = text
			}
		case "description":
			s.Description = &text
		case "delimiter":
			// A tab survives no trimming, so its usual escape is taken too.
			switch {
			case text == `\t`:
				s.Delimiter = '\t'
			case len(text) == 1 && text[0] < utf8.RuneSelf:
				s.Delimiter = text[0]
			case text != "":
				errs = append(errs, problem.InvalidValue(loc, textDelimiter.With(), text))
			}
		case "has_header":
			on, ok := httpapi.Switch(text)
			if !ok && text != "" {
				errs = append(errs, problem.NotABoolean(loc, text))
			}
			s.NoHeader = ok && !on
		default:
			errs = append(errs, problem.Unexpected(loc))
		}
	}
	if n := utf8.RuneCountInString(s.Name); n < 1 || n > maxDatasetName || strictjson.HasControl(s.Name) {
		errs = append(errs, problem.InvalidValue([]any{"body", "dataset_name"}, textDatasetName.With("limit", maxDatasetName), s.Name))
	}
	return s, errs.Err()
}

// uploaded is the answer of an upload (data-plane 1.2).
func uploaded(r *httpapi.Request, result ingest.Result, a answer) (*httpapi.Response, error) {
	source, err := ingest.SourceOf(result.Version)
	if err != nil {
		return nil, problem.Internal(err)
	}
	columns, err := result.Version.Columns()
	if err != nil {
		return nil, problem.Internal(err)
	}
	resp := httpapi.Success(r, textUploaded.With("file", source.File, "rows", result.Version.RowCount, "columns", len(columns.Columns)), map[string]any{
		"dataset": a.Dataset, "version": result.Version, "objectify_job_id": a.Job,
		"preview": result.Version.Sample, "source": result.Version.Source, "analysis": result.Analysis,
	})
	if result.Replayed {
		resp.Header = http.Header{"Idempotency-Replayed": {"true"}}
	}
	return resp, nil
}
