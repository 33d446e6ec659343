package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// kind of a setting's value.
type settingKind int

const (
	anyText settingKind = iota
	number
	duration
	truth
)

type settingRule struct {
	kind   settingKind
	static bool // cannot change while the index is open
}

// indexSettings are the settings that are accepted, without "index.". Those
// about disks and copies are stored and shown but change nothing here.
var indexSettings = map[string]settingRule{
	"number_of_shards": {number, true}, "number_of_replicas": {number, false},
	"refresh_interval": {duration, false}, "gc_deletes": {duration, false}, "search.idle.after": {duration, false},
	"max_result_window": {number, false}, "mapping.total_fields.limit": {number, false}, "mapping.depth.limit": {number, false},
	"mapping.nested_objects.limit": {number, false}, "mapping.total_fields.ignore_dynamic_beyond_limit": {truth, false},
	"blocks.write": {truth, false}, "blocks.read_only": {truth, false}, "blocks.read_only_allow_delete": {truth, false}, "blocks.read": {truth, false},
	"translog.durability": {anyText, false}, "translog.sync_interval": {duration, false}, "translog.flush_threshold_size": {anyText, false},
	"codec": {anyText, true}, "hidden": {truth, false}, "auto_expand_replicas": {anyText, false},
}

func unknownSetting(name string) *eserr.Error {
	return eserr.IllegalArgument("unknown setting [%s] please check that any required plugins are installed, or check the breaking changes documentation for removed settings", name)
}

// parseSettings reads index settings in any of their forms: nested, dotted,
// with or without "index.". The result is flat and sorted; nil values reset.
func parseSettings(v xcontent.Value) (xcontent.Obj, *eserr.Error) {
	out := xcontent.Obj{}
	flattenSettings(v, "", func(key string, val any) {
		if !strings.HasPrefix(key, "index.") {
			key = "index." + key
		}
		out = out.Set(key, val)
	})
	slices.SortStableFunc(out, func(a, b xcontent.Field) int { return strings.Compare(a.Key, b.Key) })
	for _, f := range out {
		if err := checkSetting(f.Key, f.Val); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func flattenSettings(v xcontent.Value, prefix string, set func(string, any)) {
	for m := range v.Members() {
		key := prefix + m.Key()
		switch m.Kind() {
		case xcontent.Object:
			flattenSettings(m, key+".", set)
		case xcontent.Array:
			list := []string{}
			for x := range m.Members() {
				list = append(list, x.Text())
			}
			set(key, list)
		case xcontent.Null:
			set(key, nil)
		default:
			set(key, m.Text())
		}
	}
}

func checkSetting(key string, val any) *eserr.Error {
	name := strings.TrimPrefix(key, "index.")
	if strings.HasPrefix(name, "analysis.") {
		return nil
	}
	rule, ok := indexSettings[name]
	if !ok {
		return unknownSetting(key)
	}
	text, isText := val.(string)
	if !isText {
		return nil
	}
	switch rule.kind {
	case number:
		n, err := strconv.Atoi(text)
		if err != nil {
			return eserr.IllegalArgument("Failed to parse value [%s] for setting [%s]", text, key).By(eserr.NumberFormat(text))
		}
		if low := map[string]int{"number_of_shards": 1, "max_result_window": 1}[name]; n < low {
			return eserr.IllegalArgument("Failed to parse value [%s] for setting [%s] must be >= %d", text, key, low)
		}
	case duration:
		if _, bad := dates.Duration(text); bad {
			return eserr.IllegalArgument("failed to parse setting [%s] with value [%s] as a time value: unit is missing or unrecognized", key, text)
		}
	case truth:
		if text != "true" && text != "false" {
			return eserr.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", text)
		}
	}
	return nil
}

// registry builds the analyzers that the settings define.
func registry(settings xcontent.Obj) (*analysis.Registry, *eserr.Error) {
	analyzers, normalizers := map[string]analysis.Custom{}, map[string]analysis.Custom{}
	for _, f := range settings {
		rest, ok := strings.CutPrefix(f.Key, "index.analysis.")
		if !ok {
			continue
		}
		parts := strings.Split(rest, ".")
		if len(parts) != 3 {
			return nil, eserr.IllegalArgument("analysis setting [%s] is not supported by this stand-in", f.Key)
		}
		to := analyzers
		switch parts[0] {
		case "analyzer":
		case "normalizer":
			to = normalizers
		default:
			return nil, eserr.IllegalArgument("custom [%s] is not supported by this stand-in: [%s]", parts[0], f.Key)
		}
		c := to[parts[1]]
		switch parts[2] {
		case "type":
			if text := fmt.Sprint(f.Val); text != "custom" {
				c.Tokenizer = "type:" + text
			}
		case "tokenizer":
			c.Tokenizer = fmt.Sprint(f.Val)
		case "filter":
			if list, ok := f.Val.([]string); ok {
				c.Filters = list
			} else {
				c.Filters = []string{fmt.Sprint(f.Val)}
			}
		default:
			return nil, eserr.IllegalArgument("analysis setting [%s] is not supported by this stand-in", f.Key)
		}
		to[parts[1]] = c
	}
	r, err := analysis.NewRegistry(analyzers, normalizers)
	if err != nil {
		return nil, eserr.IllegalArgument("%s", err.Error())
	}
	return r, nil
}

// SettingsJSON shows the settings, flat or nested.
func (i *Index) SettingsJSON(flat bool) xcontent.Obj {
	i.mu.RLock()
	defer i.mu.RUnlock()
	all := append(xcontent.Obj{}, i.settings...)
	for _, f := range (xcontent.Obj{
		{Key: "number_of_shards", Val: itoa(i.shards())}, {Key: "number_of_replicas", Val: itoa(i.replicas())},
		{Key: "creation_date", Val: strconv.FormatInt(i.Created.UnixMilli(), 10)}, {Key: "provided_name", Val: i.Name},
		{Key: "uuid", Val: i.UUID}, {Key: "version.created", Val: "8537000"},
		{Key: "routing.allocation.include._tier_preference", Val: "data_content"},
	}) {
		all = all.Set("index."+f.Key, f.Val)
	}
	slices.SortFunc(all, func(a, b xcontent.Field) int { return strings.Compare(a.Key, b.Key) })
	if flat {
		return all
	}
	return nest(all)
}

// nest turns dotted keys into objects.
func nest(flat xcontent.Obj) xcontent.Obj {
	out := xcontent.Obj{}
	for _, f := range flat {
		out = nestOne(out, strings.Split(f.Key, "."), f.Val)
	}
	return out
}

func nestOne(o xcontent.Obj, path []string, val any) xcontent.Obj {
	if len(path) == 1 {
		return o.Set(path[0], val)
	}
	inner, _ := o.Get(path[0]).(xcontent.Obj)
	return o.Set(path[0], nestOne(inner, path[1:], val))
}

// PutSettings changes settings of open indices; a null resets.
func (e *Engine) PutSettings(list []*Index, v xcontent.Value) *eserr.Error {
	if inner := v.Get("settings"); !inner.IsZero() {
		v = inner
	}
	changes, err := parseSettings(v)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range list {
		for _, f := range changes {
			name := strings.TrimPrefix(f.Key, "index.")
			if rule := indexSettings[name]; (rule.static || strings.HasPrefix(name, "analysis.")) && !i.closed {
				return eserr.IllegalArgument("Can't update non dynamic settings [[%s]] for open indices [[%s/%s]] unless the `reopen` query parameter is set to true. Alternatively, close the indices, apply the settings changes, and reopen the indices", f.Key, i.Name, i.UUID)
			}
		}
	}
	for _, i := range list {
		i.mu.Lock()
		kept := xcontent.Obj{}
		for _, f := range i.settings {
			if !slices.ContainsFunc(changes, func(c xcontent.Field) bool { return c.Key == f.Key }) {
				kept = append(kept, f)
			}
		}
		for _, f := range changes {
			if f.Val != nil {
				kept = append(kept, f)
			}
		}
		i.settings = kept
		i.mu.Unlock()
	}
	return e.persist()
}

// persist saves the state and turns a failure into a response. The caller
// holds e.mu.
func (e *Engine) persist() *eserr.Error {
	if err := e.save(); err != nil {
		e.log.Error("elasticsearch: state not saved", "error", err)
		return eserr.New(500, "i_o_exception", "%s", err.Error())
	}
	return nil
}

func itoa(n int) string { return strconv.Itoa(n) }
