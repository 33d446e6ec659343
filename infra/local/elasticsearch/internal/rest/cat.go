package rest

import (
	"fmt"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/search"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

const catParams = "v h s help local bytes time master_timeout expand_wildcards health pri include_unloaded_segments"

// table answers a _cat request as JSON or as text in columns. right are the
// columns that are aligned to the right.
func table(q *request, columns []string, rows []xcontent.Obj, right string) reply {
	if list := q.params.Get("h"); list != "" {
		columns = strings.Split(list, ",")
	}
	shown := []any{}
	for _, row := range rows {
		o := xcontent.Obj{}
		for _, c := range columns {
			o = o.Add(c, row.Get(c))
		}
		shown = append(shown, o)
	}
	if q.params.Get("format") == "json" {
		return ok(shown)
	}
	widths := make([]int, len(columns))
	for i, c := range columns {
		if q.flag("v") {
			widths[i] = len(c)
		}
		for _, row := range rows {
			widths[i] = max(widths[i], len(fmt.Sprint(row.Get(c))))
		}
	}
	var b strings.Builder
	line := func(cell func(column string) string) {
		for i, c := range columns {
			text, pad := cell(c), ""
			if n := widths[i] - len(text); n > 0 {
				pad = strings.Repeat(" ", n)
			}
			if i > 0 {
				b.WriteByte(' ')
			}
			switch toRight := strings.Contains(right, " "+c+" "); {
			case toRight:
				b.WriteString(pad + text)
			case i < len(columns)-1:
				b.WriteString(text + pad)
			default:
				b.WriteString(text)
			}
		}
		b.WriteByte('\n')
	}
	if q.flag("v") {
		line(func(c string) string { return c })
	}
	for _, row := range rows {
		line(func(c string) string { return fmt.Sprint(row.Get(c)) })
	}
	return reply{status: 200, text: b.String()}
}

func (h *Handler) catIndices(q *request) reply {
	targets, err := h.targets(q)
	if err != nil {
		return failed(err)
	}
	var rows []xcontent.Obj
	for _, t := range targets {
		s := h.e.Stats(t.Index)
		size := strconv.FormatInt(s.Bytes, 10) + "b"
		rows = append(rows, xcontent.Obj{
			{Key: "health", Val: colour(s)}, {Key: "status", Val: openOrClosed(s)}, {Key: "index", Val: t.Name}, {Key: "uuid", Val: t.UUID},
			{Key: "pri", Val: strconv.Itoa(s.Shards)}, {Key: "rep", Val: strconv.Itoa(s.Replicas)},
			{Key: "docs.count", Val: strconv.Itoa(s.Docs)}, {Key: "docs.deleted", Val: strconv.Itoa(s.Deleted)},
			{Key: "store.size", Val: size}, {Key: "pri.store.size", Val: size}, {Key: "dataset.size", Val: size},
		})
	}
	columns := strings.Fields("health status index uuid pri rep docs.count docs.deleted store.size pri.store.size dataset.size")
	return table(q, columns, rows, " pri rep docs.count docs.deleted store.size pri.store.size dataset.size ")
}

func (h *Handler) catAliases(q *request) reply {
	var rows []xcontent.Obj
	orDash := func(text string) string {
		if text == "" {
			return "-"
		}
		return text
	}
	for _, f := range h.e.AliasNames() {
		for _, index := range f.Val.([]string) {
			a := h.e.Alias(f.Key, index)
			if a == nil {
				continue
			}
			filter := "-"
			if a.Filter != "" {
				filter = "*"
			}
			rows = append(rows, xcontent.Obj{
				{Key: "alias", Val: f.Key}, {Key: "index", Val: index}, {Key: "filter", Val: filter},
				{Key: "routing.index", Val: orDash(a.IndexRouting)}, {Key: "routing.search", Val: orDash(a.SearchRouting)}, {Key: "is_write_index", Val: orDash(a.IsWriteIndex)},
			})
		}
	}
	return table(q, strings.Fields("alias index filter routing.index routing.search is_write_index"), rows, "")
}

func (h *Handler) catCount(q *request) reply {
	n := 0
	err := h.e.Search(q.expression(), false, func(readers []*search.Reader) { n, _, _ = search.Count(search.All(), readers) })
	if err != nil {
		return failed(err)
	}
	now := h.e.Now().UTC()
	row := xcontent.Obj{
		{Key: "epoch", Val: strconv.FormatInt(now.Unix(), 10)}, {Key: "timestamp", Val: now.Format("15:04:05")}, {Key: "count", Val: strconv.Itoa(n)},
	}
	return table(q, []string{"epoch", "timestamp", "count"}, []xcontent.Obj{row}, "")
}
