package xcontent

import "strings"

// FilterPath keeps the parts of a response that the patterns name, as the
// query parameter filter_path does: dotted names, * within a name, ** for any
// depth, a leading - excludes. It returns nil if nothing is left.
func FilterPath(v any, patterns []string) any {
	var keep, drop [][]string
	for _, p := range patterns {
		if rest, minus := strings.CutPrefix(p, "-"); minus {
			drop = append(drop, strings.Split(rest, "."))
		} else {
			keep = append(keep, strings.Split(p, "."))
		}
	}
	if len(keep) > 0 {
		out, ok := include(v, keep)
		if !ok {
			return nil
		}
		v = out
	}
	if len(drop) > 0 {
		v = exclude(v, drop)
	}
	return v
}

func include(v any, paths [][]string) (any, bool) {
	for _, p := range paths {
		if len(p) == 0 {
			return v, true
		}
	}
	switch v := expand(v).(type) {
	case Obj:
		var out Obj
		for _, f := range v {
			next := step(f.Key, paths)
			if next == nil {
				continue
			}
			if kept, ok := include(f.Val, next); ok {
				out = out.Add(f.Key, kept)
			}
		}
		return out, len(out) > 0
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			if kept, ok := include(x, paths); ok {
				out = append(out, kept)
			}
		}
		return out, len(out) > 0
	}
	return nil, false
}

func exclude(v any, paths [][]string) any {
	switch v := expand(v).(type) {
	case Obj:
		out := Obj{}
	fields:
		for _, f := range v {
			next := step(f.Key, paths)
			for _, p := range next {
				if len(p) == 0 {
					continue fields
				}
			}
			out = out.Add(f.Key, exclude(f.Val, next))
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, x := range v {
			out = append(out, exclude(x, paths))
		}
		return out
	default:
		return v
	}
}

// step returns what is left of the paths behind one member name.
func step(key string, paths [][]string) [][]string {
	var next [][]string
	for _, p := range paths {
		if len(p) == 0 {
			continue
		}
		if p[0] == "**" {
			next = append(next, p)
			if len(p) > 1 && Wildcard(p[1], key) {
				next = append(next, p[2:])
			} else if len(p) == 1 {
				next = append(next, nil)
			}
			continue
		}
		if Wildcard(p[0], key) {
			next = append(next, p[1:])
		}
	}
	return next
}

// expand gives every container one of two shapes, and parses raw text.
func expand(v any) any {
	switch v := v.(type) {
	case Raw:
		d, err := Parse(string(v))
		if err != nil {
			return v
		}
		return d.Root().Tree()
	case []Obj:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	case []string:
		out := make([]any, len(v))
		for i := range v {
			out[i] = v[i]
		}
		return out
	}
	return v
}

// Tree turns a value into Obj, []any and scalars; numbers stay Raw text.
func (v Value) Tree() any {
	switch v.Kind() {
	case Object:
		out := Obj{}
		for m := range v.Members() {
			out = out.Add(m.Key(), m.Tree())
		}
		return out
	case Array:
		out := []any{}
		for m := range v.Members() {
			out = append(out, m.Tree())
		}
		return out
	case String:
		return v.Text()
	}
	return Raw(v.Raw())
}

// Wildcard matches a name against a pattern in which * stands for any text.
func Wildcard(pattern, name string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == name
	}
	if !strings.HasPrefix(name, first) {
		return false
	}
	name = name[len(first):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}
