package rest

import (
	"iter"
	"net/http"
	"strings"
)

// paging is the part of a list that a client asks for.
type paging struct {
	prefix, delimiter, after string
	amount                   int
}

func pagingOf(r *http.Request) (paging, error) {
	n, err := amount(r)
	q := r.URL.Query()
	return paging{q.Get("prefix"), q.Get("delimiter"), q.Get("after"), n}, err
}

// item is an entry of a list: a value, or a prefix that several share.
type item[T any] struct {
	path   string
	common bool
	value  T
}

// take collects a page of a sequence that is in order of paths.
func take[T any](seq iter.Seq2[T, error], path func(T) string, p paging) (items []item[T], more bool, err error) {
	for v, err := range seq {
		if err != nil {
			return nil, false, err
		}
		it := item[T]{path: path(v), value: v}
		rest, ok := strings.CutPrefix(it.path, p.prefix)
		if !ok {
			continue
		}
		if p.delimiter != "" {
			if i := strings.Index(rest, p.delimiter); i >= 0 {
				it.path, it.common = p.prefix+rest[:i+len(p.delimiter)], true
			}
		}
		if it.path <= p.after || (len(items) > 0 && it.common && items[len(items)-1].path == it.path) {
			continue
		}
		if len(items) == p.amount {
			return items, true, nil
		}
		items = append(items, it)
	}
	return items, false, nil
}

// each is a slice as a sequence.
func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// answer is a page as the API writes it.
func answer[T, R any](items []item[T], more bool, show func(item[T]) R) reply {
	results := make([]R, 0, len(items))
	next := ""
	for _, it := range items {
		results = append(results, show(it))
		next = it.path
	}
	if !more {
		next = ""
	}
	return pageReply(results, more, next)
}

func pageReply[R any](results []R, more bool, next string) reply {
	return reply{body: struct {
		Pagination any `json:"pagination"`
		Results    []R `json:"results"`
	}{
		map[string]any{"has_more": more, "next_offset": next, "results": len(results), "max_per_page": maxPerPage},
		results,
	}}
}

// listed answers a page of a list in memory.
func listed[T any](r *http.Request, list []T, id func(T) string) (reply, error) {
	p, err := pagingOf(r)
	if err != nil {
		return reply{}, err
	}
	p.delimiter = ""
	items, more, err := take(each(list), id, p)
	return answer(items, more, func(it item[T]) T { return it.value }), err
}
