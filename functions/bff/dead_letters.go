package bff

import (
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"spiceharvester/shared/consume/pgregistry"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/openapi"
	"spiceharvester/shared/problem"
)

const lettersPath = "/api/v1/admin/dead-letters"

var (
	kindLetter   = problem.NewKind(problem.Define("kind.dead_letter", "Dead letter", "배달 실패 기록"))
	textLetterID = problem.Define("letters.id", "The id of a dead letter is a whole number; list them to find it.", "배달 실패 기록의 ID는 정수입니다. 목록에서 확인하세요.")
)

// letterLimit bounds the bytes of a dead letter that an answer shows.
const letterLimit = 64 << 10

// deadLetter is a delivery that was no event, or that a dispatcher gave up.
type deadLetter struct {
	ID       int64       `json:"id"`
	Handler  string      `json:"handler"`
	Received string      `json:"received_at"`
	Reason   string      `json:"reason"`
	Headers  http.Header `json:"headers"` // without what lets somebody in
	Size     int64       `json:"size"`    // of the body, in bytes
}

type deadLetterList struct {
	Letters []deadLetter `json:"dead_letters"`
	Total   int          `json:"total"`
	Offset  int          `json:"offset"`
	Limit   int          `json:"limit"`
}

// deadLetterBody has the body as text if it is UTF-8, and always as base64.
type deadLetterBody struct {
	deadLetter
	Text      *string `json:"text"`
	Bytes     []byte  `json:"bytes"`
	Truncated bool    `json:"truncated"` // only the first 64 KiB are shown
}

func letterOf(l *pgregistry.Letter) deadLetter {
	headers := l.Headers.Clone()
	for _, name := range []string{"Authorization", "X-Admin-Token", "Cookie"} {
		headers.Del(name)
	}
	return deadLetter{l.ID, l.Handler, problem.Timestamp(l.Received), l.Reason, headers, l.Size}
}

// listLetters lists dead letters, newest first, without their bodies.
func (f *Function) listLetters(r *httpapi.Request) (*httpapi.Response, error) {
	list := deadLetterList{Letters: []deadLetter{}, Offset: int(r.Int("offset", 0, 0, 1<<31-1)), Limit: int(r.Int("limit", 100, 1, 500))}
	if err := r.Check(); err != nil {
		return nil, err
	}
	rows, total, err := f.parking.Registry.Letters(r.Context(), r.Query("handler", ""), list.Offset, list.Limit)
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	for i := range rows {
		list.Letters = append(list.Letters, letterOf(&rows[i]))
	}
	list.Total = total
	return httpapi.OK(list), nil
}

func (f *Function) letter(r *httpapi.Request) (*httpapi.Response, error) {
	text := r.PathValue("letter_id")
	id, err := strconv.ParseInt(text, 10, 63)
	if err != nil {
		return nil, problem.InvalidParameter([]any{"path", "letter_id"}, textLetterID.With(), text)
	}
	l, err := f.parking.Registry.Letter(r.Context(), id, letterLimit)
	if errors.Is(err, pgregistry.ErrNoLetter) {
		return nil, problem.NotFound(kindLetter, text)
	}
	if err != nil {
		return nil, problem.Unavailable(problem.DBUnavailable, "registry", err)
	}
	body := deadLetterBody{deadLetter: letterOf(&l), Bytes: l.Body, Truncated: int64(len(l.Body)) < l.Size}
	if utf8.Valid(l.Body) {
		text := string(l.Body)
		body.Text = &text
	}
	return httpapi.OK(body), nil
}

var letterOperations = []openapi.Operation{
	read(openapi.Operation{Pattern: "GET " + lettersPath, Tag: "Admin Operations", Summary: "Deliveries that were no event, newest first", Hidden: true, Params: []openapi.Param{handlerParam, limitParam, offsetParam}}, deadLetterList{}),
	read(openapi.Operation{Pattern: "GET " + lettersPath + "/{letter_id}", Tag: "Admin Operations", Summary: "One of them, with the first 64 KiB of its body", Hidden: true}, deadLetterBody{}),
}
