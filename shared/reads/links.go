package reads

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"spiceharvester/shared/instance"
	"spiceharvester/shared/search"
)

// incomingLimit bounds the links towards an instance that one answer lists; the
// number of all is told.
const incomingLimit = 100

// Link is one end of a link as clients read it.
type Link struct {
	Predicate string `json:"predicate"`
	Class     string `json:"class_id"`
	Instance  string `json:"instance_id"`
	Missing   bool   `json:"missing,omitempty"` // the far end does not exist (any more)
}

// outgoing reads the links of a document: "predicate>class/id".
func outgoing(links []string) []Link {
	list := make([]Link, 0, len(links))
	for _, text := range links {
		predicate, target, _ := strings.Cut(text, ">")
		class, id, _ := strings.Cut(target, "/")
		list = append(list, Link{Predicate: predicate, Class: class, Instance: id})
	}
	return list
}

// links adds to a document what it links to and what links to it.
func (r *Reads) links(ctx context.Context, ref instance.Ref, source []byte, d Document) error {
	var body struct{ Links []string }
	if err := json.Unmarshal(source, &body); err != nil {
		return fmt.Errorf("reads: links: %w", err)
	}
	alias := search.InstancesAlias(ref.Database)
	out := outgoing(body.Links)
	ids := make([]string, len(out))
	for i, l := range out {
		ids[i] = search.InstanceID(l.Class, l.Instance)
	}
	exists, err := r.Search.Exist(ctx, alias, ids)
	if err != nil {
		return unavailable(err)
	}
	for i := range out {
		out[i].Missing = !exists[ids[i]]
	}
	here := ref.Class + "/" + ref.ID
	hits, err := r.Search.Find(ctx, search.Query{Alias: alias, Targets: here, Limit: incomingLimit})
	if err != nil {
		return unavailable(err)
	}
	in := []Link{}
	for _, source := range hits.Documents {
		var from struct {
			Class    string `json:"class_id"`
			Instance string `json:"instance_id"`
			Links    []string
		}
		if err := json.Unmarshal(source, &from); err != nil {
			return fmt.Errorf("reads: links: %w", err)
		}
		for _, l := range outgoing(from.Links) {
			if l.Class+"/"+l.Instance == here {
				in = append(in, Link{Predicate: l.Predicate, Class: from.Class, Instance: from.Instance})
			}
		}
	}
	// An instance may have several links to another one. Of instances that are not
	// listed at least one link is known.
	total := hits.Total - len(hits.Documents) + len(in)
	d["links"] = map[string]any{"outgoing": out, "incoming": in, "incoming_total": total}
	return nil
}
