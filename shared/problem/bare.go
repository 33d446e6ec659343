package problem

import "net/http"

// Texts of refusals that are answered as {"detail": …} alone. Those of authentication
// are always English: clients of the contract compare them.
var (
	textAuthRequired  = Define("auth.required", "Authentication required", "Authentication required")
	textAuthInvalid   = Define("auth.invalid", "Invalid authentication credentials", "Invalid authentication credentials")
	textAuthNoToken   = Define("auth.not_configured", "{service} auth required but no token configured", "{service} auth required but no token configured")
	textRouteNotFound = Define("route.not_found", "Not Found", "찾을 수 없습니다.")
	textRouteMethod   = Define("route.method", "Method Not Allowed", "요청에 실패했습니다.")
)

// Unauthenticated is a request without a credential: 401 with WWW-Authenticate.
func Unauthenticated() *Problem {
	return &Problem{Status: http.StatusUnauthorized, Code: AuthRequired, Category: CategoryAuth,
		Message: textAuthRequired.With(), bare: true}
}

// InvalidCredentials is a request with a wrong credential: 403.
func InvalidCredentials() *Problem {
	return &Problem{Status: http.StatusForbidden, Code: AuthInvalid, Category: CategoryAuth,
		Message: textAuthInvalid.With(), bare: true}
}

// AuthNotConfigured is a service (BFF, OMS) that needs a token and has none: 503.
func AuthNotConfigured(service string) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Code: ServiceUnavailable, Category: CategoryInternal,
		Message: textAuthNoToken.With("service", service), bare: true}
}

// RouteNotFound is a path that does not exist: 404.
func RouteNotFound() *Problem {
	return &Problem{Status: http.StatusNotFound, Code: ResourceNotFound, Category: CategoryResource,
		Message: textRouteNotFound.With(), bare: true}
}

// MethodNotAllowed is a path that does not have this method: 405. Allow lists those it
// has, for the header.
func MethodNotAllowed(allow string) *Problem {
	return &Problem{Status: http.StatusMethodNotAllowed, Code: HTTPError, Category: CategoryInternal,
		Message: textRouteMethod.With(), bare: true, Context: map[string]any{"allow": allow}}
}
