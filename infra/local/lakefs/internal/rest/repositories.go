package rest

import (
	"fmt"
	"net/http"
	"regexp"

	"spiceharvester/infra/local/lakefs/internal/store"
)

const namePattern = `^[a-z0-9][a-z0-9-]{2,62}$`

var repositoryName = regexp.MustCompile(namePattern)

// shownRepository is a repository as the API writes it.
type shownRepository struct {
	store.Repository
	StorageID string `json:"storage_id"`
}

func (h *Handler) listRepositories(r *http.Request) (reply, error) {
	var list []shownRepository
	for _, repo := range h.store.Repositories() {
		list = append(list, shownRepository{Repository: repo})
	}
	return listed(r, list, func(repo shownRepository) string { return repo.ID })
}

func (h *Handler) createRepository(r *http.Request) (reply, error) {
	var body struct {
		Name          *string `json:"name"`
		Namespace     *string `json:"storage_namespace"`
		DefaultBranch string  `json:"default_branch"`
		ReadOnly      bool    `json:"read_only"`
	}
	if err := decode(r, &body, false); err != nil {
		return reply{}, err
	}
	bare, err := flag(r, "bare")
	switch {
	case err != nil:
		return reply{}, err
	case body.Name == nil:
		return reply{}, missing("RepositoryCreation", "name")
	case body.Namespace == nil:
		return reply{}, missing("RepositoryCreation", "storage_namespace")
	case !repositoryName.MatchString(*body.Name):
		return reply{}, refuse(http.StatusBadRequest, fmt.Sprintf("request body has an error: doesn't match schema #/components/schemas/RepositoryCreation: Error at \"/name\": string doesn't match the regular expression \"%s\"", namePattern))
	}
	if body.DefaultBranch == "" {
		body.DefaultBranch = "main"
	}
	if err := store.CheckBranchName(body.DefaultBranch); err != nil {
		return reply{}, err
	}
	repo, err := h.store.CreateRepository(r.Context(), store.Repository{
		ID: *body.Name, Namespace: *body.Namespace, DefaultBranch: body.DefaultBranch, ReadOnly: body.ReadOnly,
	}, bare)
	return reply{status: http.StatusCreated, body: shownRepository{Repository: repo}}, err
}

func (h *Handler) getRepository(r *http.Request) (reply, error) {
	repo, err := h.store.Repository(r.PathValue("repository"))
	return reply{body: shownRepository{Repository: repo}}, err
}

func (h *Handler) deleteRepository(r *http.Request) (reply, error) {
	force, err := flag(r, "force")
	if err != nil {
		return reply{}, err
	}
	return reply{}, h.store.DeleteRepository(r.PathValue("repository"), force)
}
