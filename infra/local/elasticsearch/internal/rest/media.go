package rest

import (
	"net/http"
	"regexp"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

const vendor = "application/vnd.elasticsearch+"

var compatible = regexp.MustCompile(`compatible-with=(\d+)`)

// checkMedia refuses media types that the real server refuses.
func checkMedia(q *request) (reply, bool) {
	if v := compatible.FindStringSubmatch(q.Header.Get("Accept")); v != nil && v[1] != "8" && v[1] != "7" {
		return failed(eserr.New(400, "media_type_header_exception", "Invalid media-type value on headers [Content-Type, Accept]").
			By(versionError("Accept", v[1], q.Header.Get("Accept")))), true
	}
	typ := q.Header.Get("Content-Type")
	if q.body == "" {
		return reply{}, false
	}
	if v := compatible.FindStringSubmatch(typ); v != nil && v[1] != "8" && v[1] != "7" {
		return failed(eserr.New(400, "media_type_header_exception", "Invalid media-type value on headers [Content-Type, Accept]").
			By(versionError("Content-Type", v[1], typ))), true
	}
	base, _, _ := strings.Cut(strings.ToLower(typ), ";")
	switch strings.TrimSpace(base) {
	case "application/json", vendor + "json", "application/x-ndjson", vendor + "x-ndjson":
		return reply{}, false
	}
	return reply{status: 406, body: xcontent.Obj{{Key: "error", Val: "Content-Type header [" + typ + "] is not supported"}, {Key: "status", Val: 406}}}, true
}

func versionError(header, version, value string) *eserr.Error {
	return eserr.New(400, "status_exception", "%s version must be either version 8 or 7, but found %s. %s=%s", header, version, header, value)
}

// responseType echoes the vendor type if the client asked for it.
func responseType(r *http.Request) string {
	accept := r.Header.Get("Accept")
	if v := compatible.FindStringSubmatch(accept); strings.HasPrefix(accept, vendor+"json") && (v == nil || v[1] == "8" || v[1] == "7") {
		return accept
	}
	return "application/json"
}
