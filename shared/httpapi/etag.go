package httpapi

import (
	"net/http"
	"strconv"
	"strings"
)

// Tagged answers a read of an object at a sequence: with its ETag, which If-Match of a
// write takes, and with 304 and no body if the client has that state already.
func Tagged(r *Request, resp *Response, sequence uint64) *Response {
	tag := strconv.Quote(strconv.FormatUint(sequence, 10))
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	resp.Header.Set("ETag", tag)
	resp.Header.Set("Vary", "Accept-Language")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			return &Response{Status: http.StatusNotModified, Header: resp.Header}
		}
	}
	return resp
}
