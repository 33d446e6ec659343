package rest

import (
	"net/http"

	"spiceharvester/infra/local/lakefs/internal/store"
)

func (h *Handler) health(*http.Request) (reply, error) { return reply{}, nil }

// setupState is what the real server says once it was set up. The stand-in
// always is: its keys are given at the start.
func (h *Handler) setupState(*http.Request) (reply, error) {
	return reply{body: map[string]any{
		"state": "initialized", "comm_prefs_missing": false,
		"login_config": map[string]any{
			"RBAC": "none", "login_url": "", "login_url_method": "none", "logout_url": "",
			"login_failed_message": "The credentials don't match.", "login_cookie_names": []string{"internal_auth_session"},
		},
	}}, nil
}

func (h *Handler) setup(*http.Request) (reply, error) {
	return reply{}, refuse(http.StatusConflict, "lakeFS already initialized")
}

func (h *Handler) user(*http.Request) (reply, error) {
	return reply{body: map[string]any{"user": map[string]any{
		"id": store.User, "creation_date": h.started.Unix(), "email": "", "friendly_name": "",
	}}}, nil
}

var versionConfig = map[string]any{"version": "1.84.0", "version_context": "lakeFS"}

// storageConfig says what the stand-in cannot: import and presigned URLs.
var storageConfig = map[string]any{
	"blockstore_type": "s3", "blockstore_description": "", "blockstore_id": "",
	"blockstore_namespace_example": "s3://example-bucket/", "blockstore_namespace_ValidityRegex": "^s3://",
	"default_namespace_prefix": "", "import_support": false, "import_validity_regex": "^s3://",
	"pre_sign_support": false, "pre_sign_support_ui": false, "pre_sign_multipart_upload": false,
}

func (h *Handler) version(*http.Request) (reply, error) { return reply{body: versionConfig}, nil }

func (h *Handler) storage(*http.Request) (reply, error) { return reply{body: storageConfig}, nil }

func (h *Handler) config(*http.Request) (reply, error) {
	return reply{body: map[string]any{
		"version_config": versionConfig, "storage_config": storageConfig, "storage_config_list": []any{},
		"capabilities_config": map[string]any{}, "ui_config": map[string]any{},
	}}, nil
}
