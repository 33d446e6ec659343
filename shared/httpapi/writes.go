package httpapi

import (
	"maps"
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

// Write runs a write: who asks and how is read and checked before f is called.
// It answers 202 with f's body, or, if the client prefers to wait and the
// command ends in time, 200 with its status, whatever the outcome.
func (r *Request) Write(reader *command.Reader, endpoint string, f func(c writes.Caller) (command.Accepted, any, error)) (*Response, error) {
	caller, wait := r.Caller(endpoint), r.Wait()
	if err := r.Check(); err != nil {
		return nil, err
	}
	a, body, err := f(caller)
	if err != nil {
		return nil, err
	}
	if wait > 0 {
		status, err := reader.Wait(r.Context(), a.ID, wait)
		if err != nil {
			return nil, err
		}
		if status.Ended() {
			resp := StatusResponse(r, status)
			resp.Header = http.Header{"Preference-Applied": {"wait"}}
			return resp, nil
		}
	}
	return &Response{Status: http.StatusAccepted, Body: body, Header: http.Header{"Location": {"/api/v1/commands/" + string(a.ID) + "/status"}}}, nil
}

// StatusResponse answers a command's status.
func StatusResponse(r *Request, s command.Status) *Response { return OK(LocalStatus(s, r.Lang)) }

// LocalStatus tells the reason of a failure in a language, its fields in result.errors.
func LocalStatus(s command.Status, lang problem.Lang) command.Status {
	p := s.Problem
	if p == nil {
		return s
	}
	s.Result = maps.Clone(s.Result)
	text := p.Message.In(lang)
	s.Result["code"] = p.Code
	if len(p.Errors) > 0 {
		s.Result["errors"] = FieldErrors(p.Errors, lang)
		if len(p.Errors) == 1 {
			text = problem.Path(p.Errors[0].Loc) + ": " + p.Errors[0].Msg.In(lang)
		}
	}
	s.Error = &text
	if len(p.Detail) > 0 {
		s.Result["detail"] = p.Detail
	}
	maps.Copy(s.Result, p.Context)
	return s
}

// FieldErrors shows field errors in a language.
func FieldErrors(errs problem.FieldErrors, lang problem.Lang) []map[string]any {
	list := make([]map[string]any, len(errs))
	for i, e := range errs {
		list[i] = map[string]any{"type": e.Type, "loc": e.Loc, "msg": e.Msg.In(lang)}
	}
	return list
}
