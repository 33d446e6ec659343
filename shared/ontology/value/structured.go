package value

import (
	"encoding/json"
	"maps"
	"slices"

	"spiceharvester/shared/problem"
	"spiceharvester/shared/problem/strictjson"
)

var (
	textEnumEmpty   = problem.Define("value.enum.empty", "No enum values defined in constraints", "제약 조건에 enum 값이 없습니다.")
	textEnum        = problem.Define("value.enum", "Value must be one of: {values}", "값은 다음 중 하나여야 합니다: {values}")
	textUnion       = problem.Define("value.union", "Input fits none of the types of {type}", "{type} 형식 중 어느 것에도 맞지 않습니다.")
	textFileSize    = problem.Define("value.file.size", "The file has {size} bytes, at most {limit} are allowed", "파일은 {size}바이트이며 최대 {limit}바이트까지 허용됩니다.")
	textFileMime    = problem.Define("value.file.mime", "The MIME type must be one of: {types}", "MIME 형식은 다음 중 하나여야 합니다: {types}")
	textObjectField = problem.Define("value.object.missing", "Required field '{field}' is missing", "필수 항목 '{field}' 값이 없습니다.")
)

var structuredSpecs = map[string]*spec{
	"money":      {build: buildMoney, sortKey: moneyKey},
	"phone":      {group: groupText, build: buildPhone, sortKey: textKey},
	"coordinate": {build: buildCoordinate, sortKey: coordinateKey},
	"address":    {build: buildAddress, sortKey: anyKey},
	"file":       {build: buildFile, sortKey: anyKey},
}

// buildEnum accepts the values that the constraint "enum" lists, of any JSON type. The
// general check of "enum" compares them.
func buildEnum(p *params) normalizer {
	if list, ok := p.raw["enum"].([]any); !ok || len(list) == 0 {
		p.errs.AddValue(problem.TypeValue, problem.At(p.loc, "enum"), textEnumEmpty.With(), p.raw["enum"])
	}
	return scalar(anyValue)
}

// container reads a list or object, which may also come as JSON text.
func container[T any](v any, typ string, loc []any) (T, problem.FieldErrors) {
	if s, ok := v.(string); ok {
		if parsed, err := strictjson.Decode([]byte(s), loc...); err == nil {
			v = parsed
		}
	}
	c, ok := v.(T)
	if !ok {
		return c, problem.FieldErrors{problem.WrongType(typ, problem.At(loc), v)}
	}
	return c, nil
}

// buildArray checks every item when the type of the items is known.
func buildArray(p *params) normalizer {
	item := p.itemRule()
	return func(v any, loc []any) (any, problem.FieldErrors) {
		list, errs := container[[]any](v, problem.TypeList, loc)
		if len(errs) > 0 || item == nil {
			return list, errs
		}
		out := make([]any, len(list))
		for i, v := range list {
			var bad problem.FieldErrors
			out[i], bad = item.Normalize(v, problem.At(loc, i))
			errs = append(errs, bad...)
		}
		return out, errs
	}
}

// buildSet is an array whose items are all different: doubles are dropped.
func buildSet(p *params) normalizer {
	array := buildArray(p)
	return func(v any, loc []any) (any, problem.FieldErrors) {
		out, errs := array(v, loc)
		if len(errs) > 0 {
			return nil, errs
		}
		seen := map[string]bool{}
		return slices.DeleteFunc(slices.Clone(out.([]any)), func(item any) bool {
			text := string(strictjson.Canonical(item))
			double := seen[text]
			seen[text] = true
			return double
		}), nil
	}
}

// itemRule returns the rule of a list's items: from list<T>, else from "itemType".
func (p *params) itemRule() *Rule {
	elem := p.typ.elem
	if name := p.text("itemType"); name != "" && elem == nil {
		t, err := ParseType(name)
		if err != nil {
			p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, "itemType"), problem.MessageOf(err), name))
			return nil
		}
		elem = &t
	}
	if elem == nil {
		return nil
	}
	rule, errs := Compile(*elem, nil, p.loc)
	p.errs = append(p.errs, errs...)
	return rule
}

// objectRules are the constraints on an object: required fields, whether others than
// those of the schema are allowed, and a rule for each field of the schema.
type objectRules struct {
	required   []string
	additional bool
	fields     map[string]*Rule
}

func buildObject(p *params) normalizer {
	r := objectRules{required: p.texts("required"), additional: p.flag("additionalProperties", true), fields: map[string]*Rule{}}
	_, schema := p.take("schema")
	fields, ok := schema.(map[string]any)
	if schema != nil && !ok {
		p.wrong(problem.TypeDict, "schema", schema)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		loc := problem.At(p.loc, "schema", name)
		field, _ := fields[name].(map[string]any)
		typeName, _ := field["type"].(string)
		t, err := ParseType(typeName)
		if err != nil {
			p.errs = append(p.errs, problem.InvalidValue(problem.At(loc, "type"), problem.MessageOf(err), field["type"]))
			continue
		}
		constraints, _ := field["constraints"].(map[string]any)
		rule, errs := Compile(t, constraints, problem.At(loc, "constraints"))
		p.errs = append(p.errs, errs...)
		r.fields[name] = rule
	}
	return r.normalize
}

// normalize checks the fields of the schema and keeps the others if they are allowed.
// Fields are visited in order, so that the errors always come in one order.
func (r objectRules) normalize(v any, loc []any) (any, problem.FieldErrors) {
	obj, errs := container[map[string]any](v, problem.TypeDict, loc)
	if len(errs) > 0 {
		return nil, errs
	}
	out := make(map[string]any, len(obj))
	for _, name := range slices.Sorted(maps.Keys(obj)) {
		rule, known := r.fields[name]
		switch {
		case known:
			var bad problem.FieldErrors
			out[name], bad = rule.Normalize(obj[name], problem.At(loc, name))
			errs = append(errs, bad...)
		case !r.additional:
			errs = append(errs, problem.Unexpected(problem.At(loc, name)))
		default:
			out[name] = obj[name]
		}
	}
	for _, name := range r.required {
		if obj[name] == nil {
			errs.Add(problem.TypeMissing, problem.At(loc, name), textObjectField.With("field", name))
		}
	}
	return out, errs
}

// buildFile accepts a URL or an object with "url" and, if known, size and mimeType.
func buildFile(p *params) normalizer {
	r := readURLRules(p, "http", "https", "ftp", "s3", "file")
	r.extensions = p.texts("allowedExtensions")
	mimes := p.texts("allowedMimeTypes")
	limit, limited := p.count("maxSize")
	return scalar(func(v any) (any, *fault) {
		if s, ok := v.(string); ok {
			return v, r.check(s)
		}
		m, ok := v.(map[string]any)
		s, isText := m["url"].(string)
		if !ok || !isText {
			return nil, &fault{problem.TypeURLParsing, textURL.With()}
		}
		if bad := r.check(s); bad != nil {
			return nil, bad
		}
		size, _ := m["size"].(json.Number)
		if limited && size != "" && parseDecimal(size.String()).compare(parseCount(limit)) > 0 {
			return nil, invalid(textFileSize, "size", size, "limit", limit)
		}
		mime, _ := m["mimeType"].(string)
		if len(mimes) > 0 && mime != "" && !containsFold(mimes, mime) {
			return nil, invalid(textFileMime, "types", mimes)
		}
		return m, nil
	})
}
