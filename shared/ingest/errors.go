package ingest

import (
	"errors"
	"net/http"
	"time"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

var (
	textBroken     = problem.Define("ingest.broken", "The upload broke off; send it again with the same Idempotency-Key.", "업로드가 중단되었습니다. 같은 Idempotency-Key로 다시 보내세요.")
	textSuperseded = problem.Define("ingest.superseded", "Another request with this Idempotency-Key has taken the upload over.", "같은 Idempotency-Key를 사용하는 다른 요청이 업로드를 이어받았습니다.")
	textFull       = problem.Define("ingest.full", "There is no space left to store the file.", "파일을 저장할 공간이 부족합니다.")
	hintFull       = problem.Define("ingest.full_hint", "Nothing was stored. Free some space, then send the file again with the same Idempotency-Key.", "저장된 내용이 없습니다. 공간을 확보한 뒤 같은 Idempotency-Key로 다시 보내세요.")
)

// fileLoc names the file in error bodies.
var fileLoc = []any{"body", "file"}

// fileError tells what is wrong with a file: 400 with the place.
func fileError(err error) error {
	var e *tabular.Error
	if !errors.As(err, &e) {
		return err
	}
	p := problem.BadRequest(e.Message)
	field := problem.InvalidValue(fileLoc, e.Message, nil)
	field.Ctx = map[string]any{"kind": e.Kind}
	if e.Line > 0 {
		field.Ctx["line"], field.Ctx["offset"] = e.Line, e.Offset
	}
	p.Errors = problem.FieldErrors{field}
	return p
}

// readError tells why a request's file could not be read to its end.
func readError(err error) error {
	if _, ok := problem.AsProblem(err); ok {
		return err
	}
	if errors.Is(err, datasets.ErrSuperseded) {
		return superseded(err)
	}
	return problem.BadRequest(textBroken.With()).Because(err)
}

// superseded tells that another request goes on with the upload.
func superseded(err error) error {
	if errors.Is(err, datasets.ErrSuperseded) {
		return problem.Conflict(textSuperseded.With()).WithContext("code", "IDEMPOTENCY_IN_PROGRESS").WithRetryAfter(5 * time.Second).Because(err)
	}
	return err
}

// lakeError tells what a client can do about a lake that does not do its part.
func lakeError(err error) error {
	if _, ok := problem.AsProblem(err); ok || err == nil {
		return err
	}
	if errors.Is(err, lake.ErrFull) {
		return problem.New(http.StatusInsufficientStorage, textFull.With()).WithHint(hintFull.With()).Because(err)
	}
	if lake.Retryable(err) {
		return problem.Unavailable(problem.UpstreamUnavail, "lakeFS", err)
	}
	return problem.Internal(err)
}
