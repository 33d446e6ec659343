package mapping

import (
	"fmt"
	"strconv"
	"strings"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/dates"
	"spiceharvester/infra/local/elasticsearch/internal/eserr"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

// accepted lists the parameters of each class, besides those of every leaf
// field (meta, copy_to, fields, index, doc_values).
var accepted = map[Class]string{
	Keyword:   "ignore_above null_value normalizer norms eager_global_ordinals",
	Text:      "analyzer search_analyzer norms position_increment_gap",
	Long:      "coerce ignore_malformed null_value",
	Double:    "coerce ignore_malformed null_value",
	Boolean:   "null_value ignore_malformed",
	Date:      "format locale ignore_malformed null_value",
	IP:        "ignore_malformed null_value",
	Geo:       "ignore_malformed",
	Flattened: "ignore_above depth_limit null_value eager_global_ordinals",
}

func mapperParsing(format string, args ...any) *eserr.Error {
	return eserr.New(400, "mapper_parsing_exception", format, args...)
}

// parseProperties reads the value of a member "properties".
func parseProperties(v xcontent.Value, parent string, reg *analysis.Registry) ([]*Field, *eserr.Error) {
	if v.Kind() != xcontent.Object {
		return nil, mapperParsing("Expected map for property [properties] on field [%s] but got a %s", parent, javaClass(v))
	}
	var out []*Field
	for m := range v.Members() {
		if strings.TrimSpace(m.Key()) == "" {
			return nil, mapperParsing("field name cannot be an empty string")
		}
		if m.Kind() != xcontent.Object {
			return nil, mapperParsing("Expected map for property [%s] on field [%s] but got a %s", m.Key(), m.Key(), javaClass(m))
		}
		// A dotted name is a field inside an object.
		name, rest, dotted := strings.Cut(m.Key(), ".")
		if !dotted {
			f, err := parseField(m, m.Key(), join(parent, m.Key()), reg)
			if err != nil {
				return nil, err
			}
			out = put(out, f)
			continue
		}
		leaf, err := parseField(m, rest[strings.LastIndexByte(rest, '.')+1:], join(parent, m.Key()), reg)
		if err != nil {
			return nil, err
		}
		out = put(out, wrap(name, parent, rest, leaf))
	}
	return out, nil
}

// wrap puts a field into the objects that its dotted name names.
func wrap(name, parent, rest string, leaf *Field) *Field {
	o := newObject(name, join(parent, name))
	inner, more, dotted := strings.Cut(rest, ".")
	if dotted {
		o.Properties = insert(nil, wrap(inner, o.Path, more, leaf))
	} else {
		o.Properties = insert(nil, leaf)
	}
	return o
}

// put inserts a field; two objects of one name are joined.
func put(list []*Field, f *Field) []*Field {
	for _, old := range list {
		if old.Name == f.Name && old.IsObject() && f.IsObject() {
			for _, p := range f.Properties {
				old.Properties = put(old.Properties, p)
			}
			return list
		}
	}
	return insert(list, f)
}

func newObject(name, path string) *Field {
	return &Field{Name: name, Path: path, Type: "object", Class: ObjectOf, Enabled: true}
}

func javaClass(v xcontent.Value) string {
	switch v.Kind() {
	case xcontent.Array:
		return "class java.util.ArrayList"
	case xcontent.Object:
		return "class java.util.LinkedHashMap"
	}
	return "class java.lang.String"
}

func parseField(v xcontent.Value, name, path string, reg *analysis.Registry) (*Field, *eserr.Error) {
	typ := "object"
	if t := v.Get("type"); !t.IsZero() {
		typ = t.Text()
	} else if v.Get("properties").IsZero() && v.Get("dynamic").IsZero() && v.Get("enabled").IsZero() && !v.Empty() {
		return nil, mapperParsing("No type specified for field [%s]", name)
	}
	class, ok := classes[typ]
	if !ok {
		return nil, mapperParsing("The mapper type [%s] declared on field [%s] does not exist. It might have been created within a future version or requires a plugin to be installed. Check the documentation.", typ, name)
	}
	f := &Field{Name: name, Path: path, Type: typ, Class: class, Enabled: true, Index: true, DocValues: class != Text, Coerce: true, DepthLimit: 20}
	if f.IsObject() {
		return f, f.parseObject(v, reg)
	}
	if class == Text {
		f.Analyzer = reg.Analyzer("default")
	}
	if class == Date {
		f.Format = dates.MustCompile(dates.Default)
	}
	for p := range v.Members() {
		if p.Key() == "type" {
			continue
		}
		if err := f.parameter(p, reg); err != nil {
			return nil, err
		}
	}
	if f.SearchAnalyzer == nil {
		f.SearchAnalyzer = f.Analyzer
	}
	return f, nil
}

func (f *Field) parseObject(v xcontent.Value, reg *analysis.Registry) *eserr.Error {
	for p := range v.Members() {
		switch p.Key() {
		case "type":
		case "properties":
			props, err := parseProperties(p, f.Path, reg)
			if err != nil {
				return err
			}
			f.Properties = props
		case "dynamic":
			if err := f.setDynamic(p); err != nil {
				return err
			}
		case "enabled":
			if f.Class == Nested {
				return mapperParsing("Mapping definition for [%s] has unsupported parameters:  [enabled : %s]", f.Name, p.Text())
			}
			if f.Enabled = p.Text() == "true"; !f.Enabled {
				f.params = f.params.Add("enabled", false)
			}
		default:
			return mapperParsing("Mapping definition for [%s] has unsupported parameters:  [%s : %s]", f.Name, p.Key(), javaString(p))
		}
	}
	return nil
}

func (f *Field) setDynamic(v xcontent.Value) *eserr.Error {
	switch v.Text() {
	case "true", "false", "strict":
		f.Dynamic = v.Text()
		f.params = f.params.Set("dynamic", f.Dynamic)
		return nil
	}
	return mapperParsing("Unknown value [%s] for field [dynamic]", v.Text())
}

// parameter reads one parameter of a leaf field.
func (f *Field) parameter(p xcontent.Value, reg *analysis.Registry) *eserr.Error {
	key := p.Key()
	if !strings.Contains(" meta copy_to fields index doc_values "+accepted[f.Class]+" ", " "+key+" ") || key == "doc_values" && f.Class == Text {
		return mapperParsing("unknown parameter [%s] on mapper [%s] of type [%s]", key, f.Name, f.Type)
	}
	var err *eserr.Error
	switch key {
	case "index":
		err = f.boolean(p, &f.Index, true)
	case "doc_values":
		err = f.boolean(p, &f.DocValues, true)
	case "ignore_malformed":
		err = f.boolean(p, &f.IgnoreMalformed, false)
	case "coerce":
		err = f.boolean(p, &f.Coerce, true)
	case "norms", "eager_global_ordinals":
		unused := false
		err = f.boolean(p, &unused, key == "norms" && f.Class == Text)
	case "ignore_above", "depth_limit", "position_increment_gap":
		n, numErr := strconv.Atoi(p.Text())
		if numErr != nil {
			return mapperParsing("Failed to parse [%s] parameter [%s]", key, p.Text())
		}
		f.params = f.params.Add(key, n)
		switch key {
		case "ignore_above":
			f.IgnoreAbove = n
		case "depth_limit":
			f.DepthLimit = n
		}
	case "null_value":
		if p.Kind() == xcontent.Null {
			return nil
		}
		text := p.Text()
		f.NullValue = &text
		f.params = f.params.Add(key, p.Tree())
	case "normalizer":
		if f.Normalizer = reg.Normalizer(p.Text()); f.Normalizer == nil {
			return mapperParsing("normalizer [%s] not found for field [%s]", p.Text(), f.Name)
		}
		f.params = f.params.Add(key, p.Text())
	case "analyzer", "search_analyzer":
		a := reg.Analyzer(p.Text())
		if a == nil {
			cause := eserr.IllegalArgument("analyzer [%s] has not been configured in mappings", p.Text())
			return mapperParsing("Failed to parse mapping: %s", cause.Reason).By(cause)
		}
		if key == "analyzer" {
			f.Analyzer = a
		} else {
			f.SearchAnalyzer = a
		}
		f.params = f.params.Add(key, p.Text())
	case "format":
		format, formatErr := dates.Compile(p.Text())
		if formatErr != nil {
			return mapperParsing("%s", formatErr.Error())
		}
		f.Format = format
		f.params = f.params.Add(key, p.Text())
	case "locale", "meta":
		f.params = f.params.Add(key, p.Tree())
	case "copy_to":
		f.CopyTo = names(p)
		f.params = f.params.Add(key, f.CopyTo)
	case "fields":
		return f.multiFields(p, reg)
	}
	return err
}

func (f *Field) boolean(p xcontent.Value, to *bool, normal bool) *eserr.Error {
	if t := p.Text(); p.Kind() != xcontent.Bool && t != "true" && t != "false" {
		return mapperParsing("Failed to parse value [%s] as only [true] or [false] are allowed.", javaString(p))
	}
	if *to = p.Text() == "true"; *to != normal {
		f.params = f.params.Add(p.Key(), *to)
	}
	return nil
}

func (f *Field) multiFields(v xcontent.Value, reg *analysis.Registry) *eserr.Error {
	for m := range v.Members() {
		sub, err := parseField(m, m.Key(), join(f.Path, m.Key()), reg)
		if err != nil {
			return err
		}
		if sub.IsObject() || sub.Class == Flattened {
			return mapperParsing("Type [%s] cannot be used in multi field", sub.Type)
		}
		f.Fields = insert(f.Fields, sub)
	}
	return nil
}

// names reads a string or a list of strings.
func names(v xcontent.Value) []string {
	if v.Kind() != xcontent.Array {
		return []string{v.Text()}
	}
	var out []string
	for m := range v.Members() {
		out = append(out, m.Text())
	}
	return out
}

// javaString writes a value as Java's toString does: {a=1, b=[x, y]}.
func javaString(v xcontent.Value) string {
	switch v.Kind() {
	case xcontent.Object:
		var parts []string
		for m := range v.Members() {
			parts = append(parts, m.Key()+"="+javaString(m))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case xcontent.Array:
		var parts []string
		for m := range v.Members() {
			parts = append(parts, javaString(m))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v.Text())
}
