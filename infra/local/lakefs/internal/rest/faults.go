package rest

import (
	"io"
	"net/http"
)

// fault answers as the server does when it cannot serve.
func fault(w http.ResponseWriter, _ *http.Request, status int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"message":"a fault of this stand-in is switched on"}`)
}
