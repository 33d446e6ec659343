package problem

import "net/http"

// Texts of what is refused before a handler runs. The "detail" of authentication is
// English in every language: clients of the contract compare it.
var (
	textAuthRequired  = Define("auth.required", "Authentication required", "인증이 필요합니다.")
	textAuthInvalid   = Define("auth.invalid", "Invalid authentication credentials", "인증 정보가 올바르지 않습니다.")
	textAuthNoToken   = Define("auth.not_configured", "{service} auth required but no token configured", "{service} 인증이 필요하지만 토큰이 설정되지 않았습니다.")
	textRouteNotFound = Define("route.not_found", "Not Found", "찾을 수 없습니다.")
	textRouteMethod   = Define("route.method", "Method Not Allowed", "요청에 실패했습니다.")
)

// Unauthenticated is a request without a credential: 401 with WWW-Authenticate.
func Unauthenticated() *Problem {
	return &Problem{Status: http.StatusUnauthorized, Code: AuthRequired, Category: CategoryAuth,
		Message: textAuthRequired.With(), englishDetail: true}
}

// InvalidCredentials is a request with a wrong credential: 403.
func InvalidCredentials() *Problem {
	return &Problem{Status: http.StatusForbidden, Code: AuthInvalid, Category: CategoryAuth,
		Message: textAuthInvalid.With(), englishDetail: true}
}

// AuthNotConfigured is a service (BFF, OMS) that needs a token and has none: 503.
func AuthNotConfigured(service string) *Problem {
	return &Problem{Status: http.StatusServiceUnavailable, Code: ServiceUnavailable, Category: CategoryInternal,
		Message: textAuthNoToken.With("service", service), englishDetail: true}
}

// RouteNotFound is a path that does not exist: 404.
func RouteNotFound() *Problem {
	return &Problem{Status: http.StatusNotFound, Code: ResourceNotFound, Category: CategoryResource,
		Message: textRouteNotFound.With()}
}

// MethodNotAllowed is a path that does not have this method: 405. Allow lists those it
// has, for the header.
func MethodNotAllowed(allow string) *Problem {
	return &Problem{Status: http.StatusMethodNotAllowed, Code: HTTPError, Category: CategoryInternal,
		Message: textRouteMethod.With(), Context: map[string]any{"allow": allow}}
}
