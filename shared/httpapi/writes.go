package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"

	"spiceharvester/shared/command"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/telemetry"
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
	telemetry.Business.WithLabelValues(r.api.Service, endpoint).Inc()
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

// LocalStatus tells the reason of a failure in a language, its fields and the
// reasons of refused rows in result.errors.
func LocalStatus(s command.Status, lang problem.Lang) command.Status {
	s.Result = maps.Clone(s.Result)
	rows := s.Result["errors"]
	tellRows(s.Result, lang)
	p := s.Problem
	if p == nil {
		return s
	}
	text := p.Message.In(lang)
	s.Result["code"] = p.Code
	if len(p.Errors) > 0 {
		if rows == nil {
			s.Result["errors"] = FieldErrors(p.Errors, lang)
		}
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

// RowErrors shows why rows of a bulk command were refused, in a language.
func RowErrors(rows []writes.RowError, lang problem.Lang) []map[string]any {
	list := make([]map[string]any, len(rows))
	for i, row := range rows {
		told := map[string]any{"row": row.Row}
		if row.Instance != "" {
			told["instance_id"] = row.Instance
		}
		if p := row.Problem; p != nil {
			reason := map[string]any{"status": p.Status, "code": p.Code, "message": p.Message.In(lang)}
			if len(p.Errors) > 0 {
				reason["errors"] = FieldErrors(p.Errors, lang)
			}
			if len(p.Detail) > 0 {
				reason["detail"] = p.Detail
			}
			told["problem"] = reason
		}
		list[i] = told
	}
	return list
}

// tellRows puts the reasons of refused rows into the reader's language. The log has
// them in both.
func tellRows(result map[string]any, lang problem.Lang) {
	list, ok := result["errors"].([]any)
	if !ok || len(list) == 0 {
		return
	}
	raw, err := json.Marshal(list)
	var rows []writes.RowError
	if err == nil && json.Unmarshal(raw, &rows) == nil && rows[0].Problem != nil {
		result["errors"] = RowErrors(rows, lang)
	}
}

// FieldErrors shows field errors in a language.
func FieldErrors(errs problem.FieldErrors, lang problem.Lang) []map[string]any {
	list := make([]map[string]any, len(errs))
	for i, e := range errs {
		list[i] = map[string]any{"type": e.Type, "loc": e.Loc, "msg": e.Msg.In(lang)}
	}
	return list
}
