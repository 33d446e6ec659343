package core

import (
	"spiceharvester/shared/command"
	"spiceharvester/shared/httpapi"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/writes"
)

var (
	textBulkUpdateAccepted = problem.Define("instance.bulk_update_accepted", "{count} updates of instances accepted.", "인스턴스 {count}건의 수정 명령이 접수되었습니다.")
	textBulkDeleteAccepted = problem.Define("instance.bulk_delete_accepted", "{count} deletions of instances accepted.", "인스턴스 {count}건의 삭제 명령이 접수되었습니다.")
	textBulkNote           = problem.Define("instance.bulk_note", "Rows are decided one by one; the status of the command names those that are refused.", "행은 하나씩 처리되며, 거부된 행은 명령 상태에서 확인할 수 있습니다.")
)

// noted is from how many rows on an accepted bulk command carries a note (bff-api 7.5).
const noted = 10

// bulkBody is what a bulk request says.
type bulkBody struct {
	kind     string
	rows     []any
	metadata map[string]any
}

// readBulk reads a bulk request. A creation may ask for an upsert.
func (i *InstanceWrites) readBulk(r *httpapi.Request, kind string) (b bulkBody, err error) {
	body, err := r.Body()
	if err != nil {
		return b, err
	}
	known := []string{"instances", "metadata"}
	if kind == writes.BulkCreate {
		known = append(known, "upsert")
	}
	if err := Known(body, known...); err != nil {
		return b, err
	}
	b.kind = kind
	switch v := body["upsert"].(type) {
	case nil:
	case bool:
		if v {
			b.kind = writes.BulkUpsert
		}
	default:
		return b, problem.Validation(problem.WrongType(problem.TypeBool, []any{"body", "upsert"}, v))
	}
	if b.rows, err = List(body, "instances"); err != nil {
		return b, err
	}
	if b.metadata, err = Object(body, "metadata", false); err != nil {
		return b, err
	}
	i.resolveRows(r, &b)
	return b, nil
}

// resolveRows turns labels used as keys into property ids. What is neither stays as it
// is: its row is refused with the reason.
func (i *InstanceWrites) resolveRows(r *httpapi.Request, b *bulkBody) {
	if !i.Labels || b.kind == writes.BulkDelete {
		return
	}
	t := target(r, i.ClassParam)
	d, err := i.Classes.Get(r.Context(), t.Database, t.Branch, t.Class)
	if err != nil {
		return // the write says what is wrong
	}
	names := labels(d.Schema.Class, r.Lang)
	for k, item := range b.rows {
		row, ok := item.(map[string]any)
		if !ok {
			continue
		}
		if b.kind != writes.BulkUpdate {
			b.rows[k] = renamed(row, names)
		} else if data, ok := row["data"].(map[string]any); ok {
			row["data"] = renamed(data, names)
		}
	}
}

// renamed gives a row with ids for labels. Of two keys that mean one field, the id wins.
func renamed(row map[string]any, names map[string]string) map[string]any {
	out := make(map[string]any, len(row))
	for key, value := range row {
		name, known := names[key]
		if !known {
			name = key
		}
		if _, both := row[name]; both && name != key {
			name = key // not a label then: refused
		}
		out[name] = value
	}
	return out
}

// BulkCreate answers the creation of many, or, with "upsert": true, the creation or
// change of many.
func (i *InstanceWrites) BulkCreate(r *httpapi.Request) (*httpapi.Response, error) {
	return i.bulk(r, writes.BulkCreate, "instance.bulk-create/", textBulkAccepted)
}

// BulkUpdate answers merge patches of many.
func (i *InstanceWrites) BulkUpdate(r *httpapi.Request) (*httpapi.Response, error) {
	return i.bulk(r, writes.BulkUpdate, "instance.bulk-update/", textBulkUpdateAccepted)
}

// BulkDelete answers the deletion of many.
func (i *InstanceWrites) BulkDelete(r *httpapi.Request) (*httpapi.Response, error) {
	return i.bulk(r, writes.BulkDelete, "instance.bulk-delete/", textBulkDeleteAccepted)
}

func (i *InstanceWrites) bulk(r *httpapi.Request, kind, endpoint string, text *problem.Text) (*httpapi.Response, error) {
	b, err := i.readBulk(r, kind)
	if err != nil {
		return nil, err
	}
	t := target(r, i.ClassParam)
	more := map[string]any{"instance_count": len(b.rows)}
	if len(b.rows) > noted {
		more["note"] = textBulkNote.With().In(r.Lang)
	}
	return r.Write(i.Commands, endpoint+t.Branch+"/"+t.Class, func(c writes.Caller) (command.Accepted, any, error) {
		a, err := i.Writes.Bulk(r.Context(), c, b.kind, t, b.rows, b.metadata)
		return a, accepted(r, a, t, text.With("count", len(b.rows)), more), err
	})
}
