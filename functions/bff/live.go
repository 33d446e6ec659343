package bff

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"spiceharvester/shared/event"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/live"
	"spiceharvester/shared/platform"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tasks"
)

// Close codes of refused sockets. They are refused before the handshake, so the client
// sees HTTP 403 and finds the code in context.close_code.
const (
	closeNoToken      = 4401
	closeWrongToken   = 4403
	closeBadID        = 4000
	closeNoServerAuth = 1011
)

var (
	textSocketID      = problem.Define("live.id", "{name} must have 1 to 50 of the characters A-Z, a-z, 0-9, _ and -.", "{name}은(는) A-Z, a-z, 0-9, _, - 문자 1~50자여야 합니다.")
	textSocketCommand = problem.Define("live.command", "The command id must be a UUID.", "명령 ID는 UUID여야 합니다.")
	textSocketSince   = problem.Define("live.since", "since must be a time such as 2026-05-06T07:08:09+00:00.", "since는 2026-05-06T07:08:09+00:00과 같은 시각이어야 합니다.")
	textSocketOrigin  = problem.Define("live.origin", "Pages of the origin '{origin}' may not open a WebSocket here.", "'{origin}' 출처의 페이지는 여기에서 WebSocket을 열 수 없습니다.")
)

// openLive makes the hub of the WebSockets.
func (f *Function) openLive(p *platform.Platform, limits live.Limits) {
	c := live.Config{
		Log: p.Log, Board: f.core.Statuses.Board, Status: f.core.Commands.Status, Tasks: f.core.Tasks,
		Task:   func(t *tasks.Task, lang problem.Lang) any { return f.core.TaskStatus(t, lang) },
		Limits: limits, Now: p.Now, Logger: p.Logger,
	}
	if p.Statuses != nil {
		c.Heard = p.Statuses
	}
	f.live = live.NewHub(c)
}

func (f *Function) liveRoutes() {
	f.Upgrade("GET /api/v1/ws/commands", f.socketOfUser)
	f.Upgrade("GET /api/v1/ws/commands/{command_id}", f.socketOfCommand)
}

// socketOfUser follows all commands and tasks of a user. It begins with what has not ended
// and what has ended since a moment before ?since=, an ISO 8601 time, for example the
// timestamp of the last message that the client got before it lost its connection; without
// it, since ten minutes ago. The greeting tells the time in since, and truncated if there
// is more than is told.
func (f *Function) socketOfUser(w http.ResponseWriter, r *http.Request) {
	f.serveSocket(w, r, "")
}

// socketOfCommand follows one command, or one task, from its present state on.
func (f *Function) socketOfCommand(w http.ResponseWriter, r *http.Request) {
	f.serveSocket(w, r, r.PathValue("command_id"))
}

func (f *Function) serveSocket(w http.ResponseWriter, r *http.Request, command string) {
	client, code, p := f.socketClient(r, command)
	if p != nil {
		refusal := p.WithContext("close_code", code)
		refusal.Status = http.StatusForbidden
		f.Refuse(w, r, "websocket", refusal)
		return
	}
	if p := f.live.Serve(w, r, client); p != nil {
		f.Refuse(w, r, "websocket", p)
	}
}

// socketClient reads who connects, or why not.
func (f *Function) socketClient(r *http.Request, command string) (live.Client, int, *problem.Problem) {
	if p := f.Admit(socketToken(r)); p != nil {
		return live.Client{}, map[problem.Code]int{problem.AuthRequired: closeNoToken, problem.AuthInvalid: closeWrongToken, problem.ServiceUnavailable: closeNoServerAuth}[p.Code], p
	}
	if origin := r.Header.Get("Origin"); origin != "" && !f.Edge.CORS.Allows(origin) && !sameHost(origin, r.Host) {
		return live.Client{}, closeWrongToken, problem.Forbidden(textSocketOrigin.With("origin", origin))
	}
	query := r.URL.Query()
	c := live.Client{ID: query.Get("client_id"), User: query.Get("user_id"), Lang: problem.ChooseLang(query, r.Header.Get("Accept-Language"))}
	for name, id := range map[string]string{"client_id": c.ID, "user_id": c.User} {
		if (id != "" || name == "user_id" && command == "") && !live.ValidID(id) {
			return c, closeBadID, problem.InvalidParameter([]any{"query", name}, textSocketID.With("name", name), id)
		}
	}
	short := uuid.NewString()[:8]
	if command == "" {
		if text := query.Get("since"); text != "" {
			// A plus sign that was not escaped arrives as a blank.
			at, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+"))
			if err != nil {
				return c, closeBadID, problem.InvalidParameter([]any{"query", "since"}, textSocketSince.With(), text)
			}
			c.Since = at
		}
		if c.ID == "" {
			c.ID = "user_" + c.User + "_" + short
		}
		return c, 0, nil
	}
	id, err := uuid.Parse(command)
	if err != nil || len(command) != 36 {
		return c, closeBadID, problem.InvalidParameter([]any{"path", "command_id"}, textSocketCommand.With(), command)
	}
	if c.Command = event.ID(id.String()); c.ID == "" {
		c.ID = "client_" + short
	}
	return c, 0, nil
}

// socketToken reads the token: browsers can send it in the query alone.
func socketToken(r *http.Request) string {
	if t := r.URL.Query().Get("token"); t != "" {
		return t
	}
	return httpapi.Credential(r)
}

func sameHost(origin, host string) bool {
	_, name, ok := strings.Cut(origin, "://")
	return ok && strings.EqualFold(name, host)
}
