package rest

import "net/http"

const (
	prefix     = "/api/v1"
	repository = prefix + "/repositories/{repository}"
	branch     = repository + "/branches/{branch}"
	ref        = repository + "/refs/{ref}"
)

func (h *Handler) routes() {
	for pattern, e := range map[string]endpoint{
		"GET " + prefix + "/healthcheck":    h.health,
		"GET " + prefix + "/setup_lakefs":   h.setupState,
		"POST " + prefix + "/setup_lakefs":  h.setup,
		"GET " + prefix + "/user":           h.user,
		"GET " + prefix + "/config":         h.config,
		"GET " + prefix + "/config/version": h.version,
		"GET " + prefix + "/config/storage": h.storage,

		"GET " + prefix + "/repositories":  h.listRepositories,
		"POST " + prefix + "/repositories": h.createRepository,
		"GET " + repository:                h.getRepository,
		"DELETE " + repository:             h.deleteRepository,

		"GET " + repository + "/settings/branch_protection": h.getRules,
		"PUT " + repository + "/settings/branch_protection": h.setRules,

		"POST " + repository + "/dump":    h.dump,
		"GET " + repository + "/dump":     h.dumpStatus,
		"POST " + repository + "/restore": h.restore,
		"GET " + repository + "/restore":  h.restoreStatus,

		"GET " + repository + "/branches":  h.listBranches,
		"POST " + repository + "/branches": h.createBranch,
		"GET " + branch:                    h.getBranch,
		"PUT " + branch:                    h.resetBranch,
		"DELETE " + branch:                 h.deleteBranch,
		"GET " + branch + "/diff":          h.diffBranch,
		"POST " + branch + "/commits":      h.commit,
		"POST " + branch + "/revert":       h.revert,

		"POST " + branch + "/objects":                   h.upload,
		"DELETE " + branch + "/objects":                 h.deleteObject,
		"POST " + branch + "/objects/delete":            h.deleteObjects,
		"POST " + branch + "/objects/copy":              h.copyObject,
		"PUT " + branch + "/objects/stat/user_metadata": h.setMetadata,
		"GET " + ref + "/objects/stat":                  h.stat,
		"GET " + ref + "/objects/ls":                    h.list,

		"GET " + ref + "/commits":              h.log,
		"GET " + repository + "/commits/{id}":  h.getCommit,
		"GET " + ref + "/diff/{right}":         h.diffRefs,
		"POST " + ref + "/merge/{branch}":      h.merge,
		"GET " + repository + "/tags":          h.listTags,
		"POST " + repository + "/tags":         h.createTag,
		"GET " + repository + "/tags/{tag}":    h.getTag,
		"DELETE " + repository + "/tags/{tag}": h.deleteTag,
		prefix + "/":                           unknown,
		"/":                                    unknown,
	} {
		h.mux.Handle(pattern, h.handle(e))
	}
	h.mux.HandleFunc("GET "+ref+"/objects", h.download) // and HEAD
	for _, pattern := range notBuilt {
		h.mux.Handle(pattern, h.handle(notImplemented))
	}
}

// notBuilt are calls of the real API that the platform does not make.
var notBuilt = []string{
	"POST " + prefix + "/auth/login",
	prefix + "/auth/",
	repository + "/metadata",
	repository + "/metadata/",
	repository + "/settings/gc_rules",
	repository + "/actions/",
	repository + "/pulls",
	repository + "/pulls/",
	repository + "/refs/dump",
	repository + "/refs/restore",
	"PUT " + branch + "/hard_reset",
	"POST " + branch + "/cherry-pick",
	"PUT " + branch + "/objects",
	branch + "/staging/",
	branch + "/import",
	"GET " + ref + "/merge/{branch}",
}

func notImplemented(*http.Request) (reply, error) {
	return reply{}, refuse(http.StatusNotImplemented, "Not Implemented")
}

func unknown(*http.Request) (reply, error) {
	return reply{}, refuse(http.StatusNotFound, "invalid API endpoint")
}
