package rest

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"spiceharvester/infra/local/standin"
	"spiceharvester/infra/local/terminusdb/internal/store"
	"spiceharvester/infra/local/terminusdb/internal/terr"
)

// Options of the handler.
type Options struct {
	User, Key string // the only account
	Account   string // the only organization
	Logger    *slog.Logger
}

// Handler answers requests.
type Handler struct {
	store  *store.Store
	faults *standin.Faults
	o      Options
}

// New makes the handler.
func New(s *store.Store, faults *standin.Faults, o Options) *Handler { return &Handler{s, faults, o} }

// maxBody bounds the body of a request.
const maxBody = 64 << 20

// anonymous is the user of a request without credentials.
const anonymous = "anonymous"

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.faults.Serve(w, r, h.serve, fault)
}

// fault answers as the server does when it cannot serve: with 500 when it has
// given up its retries.
func fault(w http.ResponseWriter, _ *http.Request, status int) {
	message := "a fault of this stand-in is switched on"
	if status == http.StatusInternalServerError {
		message = "Transaction retry count exceeded in internal operation"
	}
	writeJSON(w, status, map[string]any{"api:message": message, "api:status": terr.StatusName(status)})
}

// call is a request on its way.
type call struct {
	h        *Handler
	w        http.ResponseWriter
	r        *http.Request
	method   string // the one that the client means
	segments []string
	user     string
	params   map[string]any // of the query or, in a body, what takes its place
	class    string         // "@type" of failures
}

// endpoint is what lies below /api/<name>.
type endpoint struct {
	methods string // as they are allowed, separated by spaces
	serve   func(c *call) error
}

var endpoints = map[string]endpoint{
	"ok":            {"GET", (*call).ok},
	"info":          {"GET", (*call).info},
	"":              {"GET", (*call).connect},
	"organizations": {"GET", (*call).organizations},
	"users":         {"GET", (*call).users},
	"db":            {"GET POST PUT DELETE", (*call).db},
	"document":      {"GET POST PUT DELETE", (*call).document},
	"schema":        {"GET", (*call).frames},
	"prefixes":      {"GET", (*call).prefixes},
	"branch":        {"POST DELETE", (*call).branch},
	"log":           {"GET", (*call).log},
	"history":       {"GET", (*call).history},
	"reset":         {"POST", (*call).reset},
	"optimize":      {"POST", (*call).optimize},
	"woql":          {"POST", (*call).woql},
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) {
	path, isAPI := strings.CutPrefix(r.URL.EscapedPath(), "/api")
	if !isAPI || path != "" && path[0] != '/' {
		if r.URL.Path == "/" {
			page(w, http.StatusGone, "Resource Gone", "The document has been removed <a href=\"/\"> from here</a>")
			return
		}
		page(w, http.StatusNotFound, "Not Found", "The requested URL <tt>"+r.URL.Path+"</tt> was not found on this server")
		return
	}
	c := &call{h: h, w: w, r: r, method: r.Method}
	for s := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		text, err := url.PathUnescape(s)
		if err != nil {
			text = s
		}
		c.segments = append(c.segments, text)
	}
	name := c.segments[0]
	c.segments = c.segments[1:]
	e, ok := endpoints[name]
	if !ok {
		writeJSON(w, http.StatusNotFound, map[string]any{"api:message": "Path not found: " + r.URL.Path, "api:path": r.URL.Path, "api:status": "api:not_found"})
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Allow-Methods", strings.ReplaceAll(e.methods, " ", ", "))
		w.WriteHeader(http.StatusOK)
		return
	}
	if over := r.Header.Get("X-HTTP-Method-Override"); over != "" && r.Method == http.MethodPost {
		c.method = over
	}
	if c.method == http.MethodHead {
		c.method = http.MethodGet
	}
	if !strings.Contains(" "+e.methods+" ", " "+c.method+" ") {
		page(w, http.StatusMethodNotAllowed, "Method not allowed", "The requested URL <tt>"+r.URL.Path+"</tt> does not support method <tt>"+r.Method+"</tt>.")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	err := c.authenticate()
	if err == nil {
		err = e.serve(c)
	}
	c.fail(err)
}

// fail answers an error.
func (c *call) fail(err error) {
	if err == nil {
		return
	}
	var t *terr.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &t):
	case errors.As(err, &large):
		t = terr.New("RequestTooLarge", nil, "the body is larger than %d bytes", large.Limit)
		t.Status = http.StatusRequestEntityTooLarge
	case c.r.Context().Err() != nil:
		return
	default:
		c.h.o.Logger.ErrorContext(c.r.Context(), "request failed", "method", c.r.Method, "path", c.r.URL.Path, "error", err)
		t = terr.Unexpected("%v", err)
	}
	class := c.class
	if class == "" {
		class = "api:ErrorResponse"
	}
	if t.Status >= 500 {
		c.w.Header().Del(versionHeader)
	}
	writeJSON(c.w, t.Status, t.Body(class))
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	b, err := marshal(body)
	if err != nil {
		b, status = []byte(`{"api:message":"the answer is no JSON","api:status":"api:server_error"}`), http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
}

// marshal writes JSON without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// page answers in HTML and closes, as the real server does outside of its API.
func page(w http.ResponseWriter, status int, title, text string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<!DOCTYPE html>\n<html>\n<head>\n<title>%d %s</title>\n\n<meta http-equiv=\"content-type\" content=\"text/html; charset=UTF-8\">\n\n</head>\n<body>\n\n<h1>%[2]s</h1>\n\n<p>\n%[3]s</p>\n\n<address>\n<a href=\"http://www.swi-prolog.org\">SWI-Prolog</a> httpd at localhost\n</address>\n\n</body>\n</html>\n", status, title, text)
}

// authenticate finds the user. Without credentials, or with some that cannot be
// read, it is anonymous.
func (c *call) authenticate() error {
	c.user = anonymous
	header := c.r.Header.Get("Authorization")
	if header == "" {
		return nil
	}
	user, key, ok := c.r.BasicAuth()
	if !ok && strings.HasPrefix(header, "Basic ") {
		return nil
	}
	same := subtle.ConstantTimeCompare([]byte(user+"\x00"+key), []byte(c.h.o.User+"\x00"+c.h.o.Key)) == 1
	if !ok || !same {
		e := terr.New("IncorrectAuthenticationError", nil, "Incorrect authentication information")
		e.Status = http.StatusUnauthorized
		return e
	}
	c.user = user
	return nil
}

// allow refuses what an anonymous user may not do to a database.
func (c *call) allow(d *store.Database, action string) error {
	i := d.Info()
	if c.user != anonymous || i.Public && action == "instance_read_access" {
		return nil
	}
	return forbidden("UserDatabase/"+i.ID, action)
}

func forbidden(scope, action string) error {
	const auth = "terminusdb://system/data/User/" + anonymous
	action = "'@schema':'Action/" + action + "'"
	message := fmt.Sprintf("Access to '%s' is not authorised with action %s and auth '%s'", scope, action, auth)
	return &terr.Error{Status: http.StatusForbidden, Kind: "Forbidden", Message: message, Plain: map[string]any{
		"action": action, "api:message": message, "api:status": "api:forbidden", "auth": "'" + auth + "'", "scope": "'" + scope + "'",
	}}
}

// body reads a body that says that it is JSON.
func (c *call) body() ([]byte, error) {
	b, err := io.ReadAll(c.r.Body)
	if err != nil {
		return nil, err
	}
	expected := "application/json"
	kind := c.r.Header.Get("Content-Type")
	media, _, _ := strings.Cut(kind, ";")
	switch {
	case kind == "":
		return nil, contentType("Missing", fmt.Sprintf("Missing 'Content-Type' header. Expected value: %s", c.expected()))
	case strings.TrimSpace(media) != expected:
		return nil, contentType("Bad", fmt.Sprintf("Bad 'Content-Type' header value: '%s'. Expected value: '%s'", kind, expected))
	}
	return b, nil
}

func (c *call) expected() string {
	if c.class == "api:WoqlErrorResponse" {
		return "application/json or multipart/form-data"
	}
	return "application/json"
}

func contentType(what, message string) error {
	return &terr.Error{Status: http.StatusBadRequest, Kind: what, Message: message, Plain: map[string]any{
		"@type": "api:" + what + "ContentTypeErrorResponse", "api:message": message, "api:status": "api:failure",
	}}
}

// object reads a body that is one JSON object.
func (c *call) object() (map[string]any, error) {
	b, err := c.body()
	if err != nil {
		return nil, err
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&m); err != nil || m == nil {
		return nil, &terr.Error{Status: http.StatusBadRequest, Kind: "JSON", Message: "Submitted object was not valid JSON", Plain: map[string]any{
			"api:message": "Submitted object was not valid JSON", "api:status": "api:failure", "system:object": string(b),
		}}
	}
	return m, nil
}

func success(kind string, more map[string]any) map[string]any {
	m := map[string]any{"@type": kind, "api:status": "api:success"}
	for k, v := range more {
		m[k] = v
	}
	return m
}
