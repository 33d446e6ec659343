package mapping

import (
	"fmt"

	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// mayChange are the parameters that an update may set anew.
var mayChange = map[string]bool{
	"ignore_above": true, "ignore_malformed": true, "coerce": true, "search_analyzer": true, "meta": true,
	"copy_to": true, "norms": true, "eager_global_ordinals": true, "dynamic": true, "depth_limit": true,
}

// defaults are shown in conflicts for parameters that were not given.
var defaults = map[string]string{
	"index": "true", "doc_values": "true", "analyzer": "default", "format": "strict_date_optional_time||epoch_millis", "enabled": "true",
}

// Merge adds the fields of an update. What exists keeps its type; a conflict
// is an illegal_argument_exception and changes nothing.
func (m *Mapping) Merge(update *Mapping, limits Limits) (*Mapping, *eserr.Error) {
	out := *m
	out.root = m.root.clone()
	if err := out.root.merge(update.root); err != nil {
		return nil, err
	}
	out.routingRequired = m.routingRequired || update.routingRequired
	out.dateDetection = m.dateDetection && update.dateDetection
	if update.meta != nil {
		out.meta = update.meta
	}
	out.finish()
	return &out, out.Check(limits)
}

// Check compares the mapping with its limits.
func (m *Mapping) Check(limits Limits) *eserr.Error {
	if m.size > limits.Fields {
		return eserr.IllegalArgument("Limit of total fields [%d] has been exceeded", limits.Fields)
	}
	for path, f := range m.byPath {
		if f.IsObject() && depth(path)+1 > limits.Depth {
			return eserr.IllegalArgument("Limit of mapping depth [%d] has been exceeded due to object field [%s]", limits.Depth, path)
		}
	}
	return nil
}

func depth(path string) int {
	n := 1
	for _, c := range path {
		if c == '.' {
			n++
		}
	}
	return n
}

func (f *Field) merge(u *Field) *eserr.Error {
	switch {
	case f.IsObject() != u.IsObject():
		return eserr.IllegalArgument("can't merge a non object mapping [%s] with an object mapping", f.Path)
	case f.Class == ObjectOf && u.Class == Nested:
		return eserr.IllegalArgument("can't merge a non-nested mapping [%s] with a nested mapping", f.Path)
	case f.Class == Nested && u.Class == ObjectOf:
		return eserr.IllegalArgument("can't merge a nested mapping [%s] with a non-nested mapping", f.Path)
	case f.Type != u.Type:
		return eserr.IllegalArgument("mapper [%s] cannot be changed from type [%s] to [%s]", f.Path, f.Type, u.Type)
	}
	if err := f.mergeParams(u); err != nil {
		return err
	}
	var err *eserr.Error
	if f.Properties, err = mergeLists(f.Properties, u.Properties); err != nil {
		return err
	}
	f.Fields, err = mergeLists(f.Fields, u.Fields)
	return err
}

func (f *Field) mergeParams(u *Field) *eserr.Error {
	for _, list := range []xcontent.Obj{u.params, f.params} {
		for _, p := range list {
			old, now := shown(f.params, p.Key), shown(u.params, p.Key)
			if old == now || mayChange[p.Key] || f.IsObject() && u.params.Get(p.Key) == nil {
				continue
			}
			return eserr.IllegalArgument("Mapper for [%s] conflicts with existing mapper:\n\tCannot update parameter [%s] from [%s] to [%s]", f.Path, p.Key, old, now)
		}
	}
	for _, p := range u.params {
		f.params = f.params.Set(p.Key, p.Val)
	}
	if u.Dynamic != "" {
		f.Dynamic = u.Dynamic
	}
	if !f.IsObject() {
		f.IgnoreAbove, f.IgnoreMalformed, f.Coerce = u.IgnoreAbove, u.IgnoreMalformed, u.Coerce
		f.SearchAnalyzer, f.CopyTo, f.DepthLimit = u.SearchAnalyzer, u.CopyTo, u.DepthLimit
		kept := f.params[:0:0]
		for _, p := range f.params {
			if !mayChange[p.Key] || u.params.Get(p.Key) != nil {
				kept = append(kept, p)
			}
		}
		f.params = kept
	}
	return nil
}

func shown(params xcontent.Obj, key string) string {
	v := params.Get(key)
	if v == nil {
		if d, ok := defaults[key]; ok {
			return d
		}
		return "null"
	}
	return fmt.Sprint(v)
}

func mergeLists(old, update []*Field) ([]*Field, *eserr.Error) {
next:
	for _, u := range update {
		for _, f := range old {
			if f.Name == u.Name {
				if err := f.merge(u); err != nil {
					return nil, err
				}
				continue next
			}
		}
		old = insert(old, u.clone())
	}
	return old, nil
}
