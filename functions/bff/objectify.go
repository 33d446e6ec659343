package bff

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/core"
	"spiceharvester/shared/datasets"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/objectify"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

var (
	textJobQueued   = problem.Define("objectify.queued", "The job is queued.", "작업이 대기열에 등록되었습니다.")
	textJobFound    = problem.Define("objectify.found", "The same job exists and is {status}.", "같은 작업이 이미 있으며 상태는 {status}입니다.")
	textJob         = problem.Define("objectify.job", "The job is {status}.", "작업 상태는 {status}입니다.")
	textJobErrors   = problem.Define("objectify.errors", "{count} reasons why rows were refused.", "행이 거부된 사유 {count}건입니다.")
	textArtifacts   = problem.Define("objectify.artifact", "Artifacts of pipelines cannot be objectified yet; give a dataset_version_id.", "파이프라인 산출물은 아직 객체화할 수 없습니다. dataset_version_id를 지정하세요.")
	textOtherSpec   = problem.Define("objectify.other_spec", "The mapping spec belongs to another dataset.", "매핑 명세가 다른 데이터셋에 속합니다.")
	textRange       = problem.Define("param.range", "It must be a whole number from {low} to {high}.", "{low}부터 {high}까지의 정수여야 합니다.")
	textErrorFormat = problem.Define("objectify.format", "format must be json or csv.", "format은 json 또는 csv여야 합니다.")
)

// runObjectify answers POST /objectify/datasets/{dataset_id}/run.
func (f *Function) runObjectify(r *httpapi.Request) (*httpapi.Response, error) {
	dataset, err := id(r, "dataset_id")
	if err != nil {
		return nil, err
	}
	body, err := r.Body()
	if err != nil {
		return nil, err
	}
	caller, wait := r.Caller("objectify"), r.Wait()
	if err := r.Check(); err != nil {
		return nil, err
	}
	if err := core.Known(body, "mapping_spec_id", "dataset_version_id", "artifact_id", "artifact_output_name", "batch_size", "max_rows", "allow_partial", "options"); err != nil {
		return nil, err
	}
	given, err := core.Object(body, "options", false)
	if err != nil {
		return nil, err
	}
	if err := append(problem.FieldErrorsOf(checkOptions(given, "body", "options")), problem.FieldErrorsOf(checkOptions(body, "body"))...).Err(); err != nil {
		return nil, err
	}
	if body["artifact_id"] != nil {
		return nil, problem.InvalidParameter([]any{"body", "artifact_id"}, textArtifacts.With(), nil)
	}
	d, err := f.ingest.Store.Get(r.Context(), dataset)
	if err != nil {
		return nil, err
	}
	v, err := f.versionOf(r, d, body)
	if err != nil {
		return nil, err
	}
	specID, err := optionalID(body, "mapping_spec_id")
	if err != nil {
		return nil, err
	}
	s, err := f.objectify.SpecFor(r.Context(), specID, v)
	if err != nil {
		return nil, err
	}
	if s.Dataset != dataset {
		return nil, problem.InvalidParameter([]any{"body", "mapping_spec_id"}, textOtherSpec.With(), s.ID)
	}
	job := objectify.NewJob(s, v, runOptions(s.Options, given, body), caller.Actor)
	if caller.IdempotencyKey != "" {
		job.StartKey = &caller.IdempotencyKey
	}
	j, fresh, err := f.objectify.Start(r.Context(), job, true)
	if err != nil {
		return nil, err
	}
	message := textJobFound.With("status", j.Status)
	if fresh {
		f.wake.objectify()
		message = textJobQueued.With()
	}
	if wait > 0 {
		if j, err = f.jobEnd(r.Context(), j, wait); err != nil {
			return nil, err
		}
		message = textJob.With("status", j.Status)
	}
	return httpapi.Success(r, message, jobBody(r, j)), nil
}

// jobEnd waits until a job has ended, or the time is over.
func (f *Function) jobEnd(ctx context.Context, j objectify.Job, wait time.Duration) (objectify.Job, error) {
	over := time.NewTimer(wait)
	defer over.Stop()
	poll := time.NewTicker(jobPoll)
	defer poll.Stop()
	for !j.Ended() {
		select {
		case <-poll.C:
		case <-over.C:
			return j, nil
		case <-ctx.Done():
			return j, ctx.Err()
		}
		var err error
		if j, err = f.objectify.Job(ctx, j.ID); err != nil {
			return j, err
		}
	}
	return j, nil
}

const jobPoll = 50 * time.Millisecond

// versionOf reads the version of a run: the one that is named, or the newest.
func (f *Function) versionOf(r *httpapi.Request, d datasets.Dataset, body map[string]any) (datasets.Version, error) {
	version, err := optionalID(body, "dataset_version_id")
	if err != nil {
		return datasets.Version{}, err
	}
	if version == nil {
		version = d.LatestVersion
	}
	if version == nil {
		return datasets.Version{}, objectify.NoVersion()
	}
	return f.ingest.Store.Version(r.Context(), d.ID, *version)
}

func optionalID(body map[string]any, name string) (*uuid.UUID, error) {
	text, err := core.Text(body, name, false)
	if err != nil || text == "" {
		return nil, err
	}
	v, err := uuid.Parse(text)
	if err != nil {
		return nil, problem.Validation(problem.InvalidValue([]any{"body", name}, textUUID.With(), text))
	}
	return &v, nil
}

// runOptions joins the options of a spec, of a run's "options" and of the run; the
// later ones win.
func runOptions(layers ...map[string]any) (o objectify.Options) {
	for _, layer := range layers {
		if n, ok := whole(layer["batch_size"]); ok {
			o.BatchSize = n
		}
		if n, ok := whole(layer["max_rows"]); ok {
			o.MaxRows = n
		}
		if on, ok := layer["allow_partial"].(bool); ok {
			o.AllowPartial = on
		}
	}
	return o
}

// checkOptions checks the options that a run knows (data-plane 5.2); others are
// kept and have no effect.
func checkOptions(options map[string]any, loc ...any) error {
	var errs problem.FieldErrors
	for name, limits := range map[string][2]int{"batch_size": {1, objectify.MaxBatch}, "max_rows": {0, 1 << 40}} {
		v, sent := options[name]
		if n, ok := whole(v); sent && v != nil && (!ok || n < limits[0] || n > limits[1]) {
			errs = append(errs, problem.InvalidValue(problem.At(loc, name), textRange.With("low", limits[0], "high", limits[1]), v))
		}
	}
	if v, sent := options["allow_partial"]; sent && v != nil {
		if _, ok := v.(bool); !ok {
			errs = append(errs, problem.WrongType(problem.TypeBool, problem.At(loc, "allow_partial"), v))
		}
	}
	return errs.Err()
}

// autoSync starts the jobs of a new version that its dataset's specs ask for. The
// first one is told to the uploader.
func (f *Function) autoSync(r *httpapi.Request, d datasets.Dataset, v datasets.Version, actor string) (first *uuid.UUID, err error) {
	f.wake.datasetOutbox()
	if d.LatestVersion == nil || *d.LatestVersion != v.ID {
		return nil, nil // an upload of long ago is repeated
	}
	specs, err := f.objectify.Specs(r.Context(), d.ID, false)
	if err != nil {
		return nil, err
	}
	for _, s := range specs {
		if !s.AutoSync || s.SchemaHash != v.SchemaHash {
			continue
		}
		j, _, err := f.objectify.Start(r.Context(), objectify.NewJob(s, v, runOptions(s.Options), actor), false)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = &j.ID
		}
	}
	if first != nil {
		f.wake.objectify()
	}
	return first, nil
}

// jobBody shows a job with its progress and, if it failed, the reason.
func jobBody(r *httpapi.Request, j objectify.Job) map[string]any {
	if j.Problem != nil {
		text := j.Problem.Message.In(r.Lang)
		j.Error = &text
	}
	body := map[string]any{"job": j, "job_id": j.ID, "status": j.Status, "progress": j.Progress(), "links": map[string]any{
		"self": "/api/v1/objectify/jobs/" + j.ID.String(), "errors": "/api/v1/objectify/jobs/" + j.ID.String() + "/errors",
	}}
	if p := j.Problem; p != nil {
		report := map[string]any{"error": p.Code, "message": p.Message.In(r.Lang)}
		if len(p.Errors) > 0 {
			report["errors"] = httpapi.FieldErrors(p.Errors, r.Lang)
		}
		body["report"] = report
	}
	return body
}

func (f *Function) getJob(r *httpapi.Request) (*httpapi.Response, error) {
	job, err := id(r, "job_id")
	if err != nil {
		return nil, err
	}
	j, err := f.objectify.Job(r.Context(), job)
	if err != nil {
		return nil, err
	}
	return httpapi.Success(r, textJob.With("status", j.Status), jobBody(r, j)), nil
}

// jobErrors pages through the refused rows; as CSV it gives all of them.
func (f *Function) jobErrors(r *httpapi.Request) (*httpapi.Response, error) {
	job, err := id(r, "job_id")
	if err != nil {
		return nil, err
	}
	limit, offset := int(r.Int("limit", 100, 1, 1000)), int(r.Int("offset", 0, 0, 1<<31))
	if err := r.Check(); err != nil {
		return nil, err
	}
	format := r.Query("format", "json")
	if strings.HasPrefix(r.Header.Get("Accept"), "text/csv") {
		format = "csv"
	}
	if _, err := f.objectify.Job(r.Context(), job); err != nil {
		return nil, err
	}
	switch format {
	case "csv":
		return f.errorsCSV(r, job), nil
	case "json":
	default:
		return nil, problem.InvalidParameter([]any{"query", "format"}, textErrorFormat.With(), format)
	}
	list, total, err := f.objectify.Errors(r.Context(), job, limit, offset)
	if err != nil {
		return nil, err
	}
	errs := make([]map[string]any, len(list))
	for i, e := range list {
		errs[i] = map[string]any{
			"row_index": e.Row, "line": e.Line, "source_field": e.Field, "target_field": e.Target, "raw_value": e.Value, "message": e.Reason.In(r.Lang),
		}
	}
	return httpapi.Success(r, textJobErrors.With("count", total), map[string]any{"errors": errs, "total": total, "limit": limit, "offset": offset}), nil
}

// errorPage is how many errors are read at a time for a download.
const errorPage = 1000

func (f *Function) errorsCSV(r *httpapi.Request, job uuid.UUID) *httpapi.Response {
	return httpapi.Download(httpapi.Content{Type: "text/csv; charset=utf-8", File: "errors-" + job.String() + ".csv", Write: func(out io.Writer) error {
		w := tabular.NewWriter(out, true)
		if err := w.Write("row", "line", "source_field", "target_field", "value", "message"); err != nil {
			return err
		}
		for offset := 0; ; offset += errorPage {
			list, _, err := f.objectify.Errors(r.Context(), job, errorPage, offset)
			if err != nil {
				return err
			}
			for _, e := range list {
				if err := w.Write(strconv.FormatInt(e.Row, 10), strconv.FormatInt(e.Line, 10), e.Field, e.Target, e.Value, e.Reason.In(r.Lang)); err != nil {
					return err
				}
			}
			if len(list) < errorPage {
				return w.Flush()
			}
		}
	}})
}

// wakers tell workers that there is something to do. Losing such a hint costs a
// timer's period.
type wakers struct {
	datasetOutbox, objectifyOutbox, objectifyWorker func()
}

// objectify wakes those who take a started job on.
func (w wakers) objectify() {
	w.objectifyWorker()
	w.objectifyOutbox()
}

// whole reads a decoded whole number.
func whole(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := strconv.Atoi(n.String())
	return i, err == nil
}
