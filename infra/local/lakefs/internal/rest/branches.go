package rest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"spiceharvester/infra/local/lakefs/internal/store"
)

func refID(r store.Ref) string { return r.ID }

func (h *Handler) listBranches(r *http.Request) (reply, error) {
	list, err := h.store.Branches(r.PathValue("repository"))
	if err != nil {
		return reply{}, err
	}
	return listed(r, list, refID)
}

func (h *Handler) createBranch(r *http.Request) (reply, error) {
	var body struct{ Name, Source *string }
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	switch {
	case body.Name == nil:
		return reply{}, missing("BranchCreation", "name")
	case body.Source == nil:
		return reply{}, missing("BranchCreation", "source")
	}
	head, err := h.store.CreateBranch(r.PathValue("repository"), *body.Name, *body.Source)
	return reply{status: http.StatusCreated, text: head}, err
}

func (h *Handler) getBranch(r *http.Request) (reply, error) {
	b, err := h.store.Branch(r.PathValue("repository"), r.PathValue("branch"))
	return reply{body: b}, err
}

func (h *Handler) deleteBranch(r *http.Request) (reply, error) {
	return reply{}, h.store.DeleteBranch(r.PathValue("repository"), r.PathValue("branch"))
}

func (h *Handler) resetBranch(r *http.Request) (reply, error) {
	var body struct{ Type, Path string }
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	var chosen func(path string) bool
	switch body.Type {
	case "reset":
		chosen = func(string) bool { return true }
	case "object":
		chosen = func(path string) bool { return path == body.Path }
	case "common_prefix":
		chosen = func(path string) bool { return strings.HasPrefix(path, body.Path) }
	default:
		return reply{}, refuse(http.StatusBadRequest, `request body has an error: doesn't match schema #/components/schemas/ResetCreation: Error at "/type": value is not one of the allowed values ["object","common_prefix","reset"]`)
	}
	return reply{}, h.store.ResetBranch(r.PathValue("repository"), r.PathValue("branch"), chosen)
}

// rule is a pattern of protected branches.
type rule struct {
	Pattern string `json:"pattern"`
}

func (h *Handler) getRules(r *http.Request) (reply, error) {
	patterns, err := h.store.Rules(r.PathValue("repository"))
	rules := []rule{}
	for _, p := range patterns {
		rules = append(rules, rule{p})
	}
	return reply{body: rules, header: map[string]string{"Etag": rulesTag(patterns)}}, err
}

func (h *Handler) setRules(r *http.Request) (reply, error) {
	var rules []rule
	if err := decode(r, &rules, false); err != nil {
		return reply{}, err
	}
	var patterns []string
	for _, rule := range rules {
		patterns = append(patterns, rule.Pattern)
	}
	return reply{}, h.store.SetRules(r.PathValue("repository"), patterns, func(current []string) error {
		if tag := r.Header.Get("If-Match"); tag != "" && strings.Trim(tag, `"`) != rulesTag(current) {
			return refuse(http.StatusPreconditionFailed, "Precondition failed")
		}
		return nil
	})
}

// rulesTag is the ETag of rules; none were never set: it is empty.
func rulesTag(patterns []string) string {
	if len(patterns) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(patterns, "\n")))
	return hex.EncodeToString(sum[:])
}
