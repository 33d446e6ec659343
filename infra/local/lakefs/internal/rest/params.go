package rest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const (
	// maxBody bounds JSON bodies.
	maxBody = 32 << 20

	maxPerPage     = 1000
	defaultPerPage = 100
)

// decode reads a JSON body. No body leaves v as it is, if that is allowed.
func decode(r *http.Request, v any, optional bool) error {
	err := json.NewDecoder(io.LimitReader(r.Body, maxBody)).Decode(v)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && optional:
		return nil
	case errors.Is(err, io.EOF):
		return refuse(http.StatusBadRequest, "request body has an error: value is required but missing")
	}
	return refuse(http.StatusBadRequest, "request body has an error: failed to decode request body: "+err.Error())
}

// missing is what the real server says first of a body without a property;
// the text of the schema, which it appends, is left out.
func missing(schema, property string) error {
	return refuse(http.StatusBadRequest, fmt.Sprintf("request body has an error: doesn't match schema #/components/schemas/%s: Error at \"/%s\": property \"%s\" is missing", schema, property, property))
}

// need reads a parameter that must be there and not be empty.
func need(r *http.Request, name string) (string, error) {
	q := r.URL.Query()
	switch {
	case !q.Has(name):
		return "", refuse(http.StatusBadRequest, fmt.Sprintf("parameter %q in query has an error: value is required but missing", name))
	case q.Get(name) == "":
		return "", refuse(http.StatusBadRequest, fmt.Sprintf("parameter %q in query has an error: empty value is not allowed", name))
	}
	return q.Get(name), nil
}

// flag reads a boolean parameter.
func flag(r *http.Request, name string) (bool, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return false, nil
	}
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, refuse(http.StatusBadRequest, fmt.Sprintf("parameter %q in query has an error: value %s: an invalid boolean: invalid syntax", name, text))
	}
	return v, nil
}

// amount reads how long a page may be.
func amount(r *http.Request) (int, error) {
	text := r.URL.Query().Get("amount")
	if text == "" {
		return defaultPerPage, nil
	}
	n, err := strconv.Atoi(text)
	var complaint string
	switch {
	case err != nil:
		complaint = "value " + text + ": an invalid integer: invalid syntax"
	case n > maxPerPage:
		complaint = fmt.Sprintf("number must be at most %d", maxPerPage)
	case n < -1:
		complaint = "number must be at least -1"
	case n <= 0:
		return defaultPerPage, nil
	default:
		return n, nil
	}
	return 0, refuse(http.StatusBadRequest, `parameter "amount" in query has an error: `+complaint)
}

// noPresign refuses what the stand-in cannot sign.
func noPresign(r *http.Request) error {
	wanted, err := flag(r, "presign")
	if err == nil && wanted {
		err = refuse(http.StatusBadRequest, "s3 adapter presigned URL: operation not supported")
	}
	return err
}
