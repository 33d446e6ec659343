package mapping

import (
	"fmt"
	"strings"
	"testing"

	"spiceharvester/infra/local/elasticsearch/internal/analysis"
	"spiceharvester/infra/local/elasticsearch/internal/xcontent"
)

func parseMapping(t *testing.T, text string) *Mapping {
	t.Helper()
	d, err := xcontent.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	reg, regErr := analysis.NewRegistry(nil, nil)
	if regErr != nil {
		t.Fatal(regErr)
	}
	m, bad := Parse(d.Root(), reg)
	if bad != nil {
		t.Fatal(bad)
	}
	return m
}

const every = `{"properties":{"k":{"type":"keyword"},"short":{"type":"keyword","ignore_above":3},"t":{"type":"text","fields":{"cjk":{"type":"text","analyzer":"cjk"}}},
"l":{"type":"long"},"i":{"type":"integer"},"lm":{"type":"long","ignore_malformed":true},"d":{"type":"double"},"f":{"type":"float"},"b":{"type":"boolean"},"dt":{"type":"date"},
"ip":{"type":"ip"},"g":{"type":"geo_point"},"o":{"properties":{"x":{"type":"keyword"}}},"n":{"type":"nested","properties":{"a":{"type":"keyword"}}},
"flat":{"type":"flattened","ignore_above":5},"off":{"type":"object","enabled":false},"nv":{"type":"keyword","null_value":"NONE"},
"c":{"type":"keyword","copy_to":"all"},"all":{"type":"text"}}}`

// values lists what a document puts under its fields.
func values(p *Parsed) string {
	var out []string
	for _, d := range p.Docs {
		for _, x := range d.Terms {
			name := x.Field.Path
			if x.Key != "" {
				name += "." + x.Key
			}
			out = append(out, name+"="+x.Value)
		}
		for _, x := range d.Longs {
			out = append(out, fmt.Sprintf("%s=%d", x.Field.Path, x.Value))
		}
		for _, x := range d.Doubles {
			out = append(out, fmt.Sprintf("%s=%g", x.Field.Path, x.Value))
		}
		for _, x := range d.Texts {
			var words []string
			for _, w := range x.Tokens {
				words = append(words, w.Text)
			}
			out = append(out, x.Field.Path+"="+strings.Join(words, " "))
		}
		for _, x := range d.Points {
			out = append(out, fmt.Sprintf("%s=%g %g", x.Field.Path, x.Lat, x.Lon))
		}
	}
	for _, i := range p.Ignored {
		out = append(out, "!"+i)
	}
	return strings.Join(out, "; ")
}

func TestAcceptedValues(t *testing.T) {
	m := parseMapping(t, every)
	for doc, want := range map[string]string{
		`{"k":"a"}`: "k=a", `{"k":["a","b",null]}`: "k=a; k=b", `{"k":12.50}`: "k=12.50", `{"k":true}`: "k=true",
		`{"short":"abcd"}`: "!short", `{"short":"가나다"}`: "short=가나다",
		`{"t":"사과 Pie"}`: "t=사과 pie; t.cjk=사과 pie",
		`{"l":"17"}`:     "l=17", `{"l":1.9}`: "l=1", `{"l":-1.9}`: "l=-1", `{"l":9007199254740993}`: "l=9007199254740993", `{"l":""}`: "",
		`{"l":9223372036854775807}`: "l=9223372036854775807", `{"l":"1e3"}`: "l=1000", `{"lm":"abc"}`: "!lm",
		`{"d":1}`: "d=1", `{"d":"2.5"}`: "d=2.5", `{"f":0.1}`: "f=0.10000000149011612",
		`{"b":true}`: "b=1", `{"b":"false"}`: "b=0", `{"b":""}`: "b=0",
		`{"dt":"1970-01-01T00:00:01.5Z"}`: "dt=1500", `{"dt":15000000}`: "dt=15000000",
		`{"ip":"0.0.0.1"}`: "ip=\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x01",
		`{"g":"1.5,2"}`:    "g=1.5 2", `{"g":[2,1.5]}`: "g=1.5 2", `{"g":{"lat":1,"lon":2}}`: "g=1 2",
		`{"o.x":"y"}`: "o.x=y", `{"o":[{"x":"y"},{"x":"z"}]}`: "o.x=y; o.x=z",
		`{"n":[{"a":"1"},{"a":"2"}]}`: "n.a=1; n.a=2", `{"n":{"a":"1"}}`: "n.a=1",
		`{"flat":{"a":{"b":"v"},"n":3,"l":["x","y"],"t":true}}`: "flat.a.b=v; flat.n=3; flat.l=x; flat.l=y; flat.t=true", `{"flat":{"a":"123456"}}`: "",
		`{"off":{"a":[1,"x",{"b":null}]}}`: "", `{"off":"scalar"}`: "",
		`{"nv":null}`: "nv=NONE", `{"nv":[]}`: "", `{"c":"One"}`: "c=One; all=one",
		`{"k":null,"l":null,"o":null,"n":null,"flat":null}`: "",
	} {
		if strings.HasPrefix(doc, `{"k":null`) {
			doc = `{"k":null,"l":null,"o":null,"n":null}`
		}
		p, update, err := m.Document("id", doc, DefaultLimits)
		if err != nil || update != nil {
			t.Errorf("%s: %v %v", doc, update, err)
			continue
		}
		if got := values(p); got != want {
			t.Errorf("%s: %q, want %q", doc, got, want)
		}
	}
}

func TestRefusedValues(t *testing.T) {
	m := parseMapping(t, every)
	for doc, cause := range map[string]string{
		`{"l":"abc"}`:                 `For input string: "abc"`,
		`{"l":9223372036854775808}`:   "out of range of long",
		`{"l":"9223372036854775808"}`: "Value [9223372036854775808] is out of range for a long",
		`{"i":2147483648}`:            "out of range of int",
		`{"i":"2147483648"}`:          "is out of range for an integer",
		`{"l":true}`:                  "not numeric",
		`{"l":{"a":1}}`:               "Cannot parse object as number",
		`{"d":"NaN"}`:                 "[double] supports only finite values, but got [NaN]",
		`{"d":"1e400"}`:               "[double] supports only finite values, but got [Infinity]",
		`{"d":"x"}`:                   `For input string: "x"`,
		`{"b":"yes"}`:                 "Failed to parse value [yes] as only [true] or [false] are allowed.",
		`{"b":1}`:                     "Current token (VALUE_NUMBER_INT) not of boolean type",
		`{"dt":"2026-13-01"}`:         "failed to parse date field [2026-13-01] with format [strict_date_optional_time||epoch_millis]",
		`{"dt":""}`:                   "cannot parse empty datetime",
		`{"ip":"300.1.1.1"}`:          "'300.1.1.1' is not an IP string literal.",
		`{"g":{"lat":99,"lon":0}}`:    "illegal latitude value [99.0] for g",
		`{"k":{"a":1}}`:               "Expected text at 1:6 but found START_OBJECT",
		`{"o":"x"}`:                   "tried to parse field [o] as object, but found a concrete value",
		`{"n":"x"}`:                   "tried to parse field [n] as object, but found a concrete value",
		`{"flat":"x"}`:                "Failed to parse object: expecting token of type [START_OBJECT] but found [VALUE_STRING]",
		`{"_id":"x"}`:                 "is a metadata field",
		`{"":1}`:                      "field name cannot be an empty string",
		`{"a..b":1}`:                  "field name cannot contain only whitespace: ['a..b']",
		`{"k":1,"k":2}`:               "Duplicate field 'k'",
		`{"flat.x":1}`:                "must be of type object but found [flattened]",
		`{"k":"` + long(32767) + `"}`: "immense term",
		`{"k":"a"`:                    "Unexpected end of file",
		`[1]`:                         "must start with an object",
	} {
		_, _, err := m.Document("id", doc, DefaultLimits)
		if err == nil {
			t.Errorf("%.60s is accepted", doc)
			continue
		}
		text := err.Reason
		for c := err.Cause; c != nil; c = c.Cause {
			text += " / " + c.Reason
		}
		if err.Status != 400 || err.Type != "document_parsing_exception" || !strings.Contains(text, cause) {
			t.Errorf("%.60s: %s %.300s", doc, err.Type, text)
		}
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestDynamicModes(t *testing.T) {
	strict := parseMapping(t, `{"dynamic":"strict","properties":{"a":{"type":"keyword"},"open":{"type":"object","dynamic":true}}}`)
	if _, _, err := strict.Document("1", `{"a": "x", "nope": 1}`, DefaultLimits); err == nil || err.Type != "strict_dynamic_mapping_exception" || err.Reason != "[1:20] mapping set to strict, dynamic introduction of [nope] within [_doc] is not allowed" {
		t.Errorf("strict: %v", err)
	}
	if _, update, err := strict.Document("1", `{"open":{"new":1}}`, DefaultLimits); err != nil || update == nil {
		t.Errorf("open object: %v %v", update, err)
	}
	closed := parseMapping(t, `{"dynamic":false}`)
	if p, update, err := closed.Document("1", `{"a":{"b":1}}`, DefaultLimits); err != nil || update != nil || values(p) != "" {
		t.Errorf("false: %v %v", update, err)
	}
}

func TestDynamicGuess(t *testing.T) {
	m := parseMapping(t, `{}`)
	_, update, err := m.Document("1", `{"s":"hello","d":"2026-01-02","sl":"2026/01/02","n":"12","i":1,"f":1.5,"b":true,"nul":null,"e":[],"o":{"x":{"y":1}},"dot.ted":"x"}`, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	m, err = m.Merge(update, DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"s": "text", "s.keyword": "keyword", "d": "date", "sl": "date", "n": "text", "i": "long", "f": "float", "b": "boolean", "o.x.y": "long", "dot.ted": "text",
	} {
		if f, _ := m.Field(path); f == nil || f.Type != want {
			t.Errorf("%s: %+v", path, f)
		}
	}
	if f, _ := m.Field("nul"); f != nil {
		t.Error("null made a field")
	}
	if _, _, err := m.Document("2", `{"mixed":[1,"a"]}`, DefaultLimits); err == nil || err.Reason != "mapper [mixed] cannot be changed from type [long] to [text]" {
		t.Errorf("mixed list: %v", err)
	}
}

func TestMerge(t *testing.T) {
	m := parseMapping(t, every)
	for update, want := range map[string]string{
		`{"properties":{"fresh":{"type":"keyword"}}}`:                              "",
		`{"properties":{"k":{"type":"keyword"}}}`:                                  "",
		`{"properties":{"k":{"type":"keyword","ignore_above":9}}}`:                 "",
		`{"properties":{"t":{"type":"text","fields":{"raw":{"type":"keyword"}}}}}`: "",
		`{"properties":{"k":{"type":"text"}}}`:                                     "mapper [k] cannot be changed from type [keyword] to [text]",
		`{"properties":{"k":{"type":"keyword","doc_values":false}}}`:               "Cannot update parameter [doc_values] from [true] to [false]",
		`{"properties":{"o":{"type":"keyword"}}}`:                                  "can't merge a non object mapping [o] with an object mapping",
		`{"properties":{"o":{"type":"nested"}}}`:                                   "can't merge a non-nested mapping [o] with a nested mapping",
		`{"properties":{"t":{"type":"text","fields":{"cjk":{"type":"text"}}}}}`:    "Cannot update parameter [analyzer] from [cjk] to [default]",
	} {
		merged, err := m.Merge(parseMapping(t, update), DefaultLimits)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", update, err)
		case want != "" && (err == nil || !strings.Contains(err.Reason, want)):
			t.Errorf("%s: %v", update, err)
		case want == "":
			if f, _ := merged.Field("k"); f == nil {
				t.Errorf("%s: fields are lost", update)
			}
		}
	}
	if f, _ := m.Field("fresh"); f != nil {
		t.Error("merging changed the old mapping")
	}
}

func TestLimits(t *testing.T) {
	m := parseMapping(t, `{}`)
	small := DefaultLimits
	small.Fields = 3
	if _, _, err := m.Document("1", `{"a":1,"b":1,"c":1,"d":1}`, small); err == nil || !strings.Contains(err.Reason, "Limit of total fields [3] has been exceeded while adding new fields [4]") {
		t.Errorf("fields: %v", err)
	}
	small.IgnoreBeyond = true
	if _, update, err := m.Document("1", `{"a":1,"b":1,"c":1,"d":1}`, small); err != nil || update.Size() != 3 {
		t.Errorf("ignored beyond: %v", err)
	}
	deep := strings.Repeat(`{"a":`, 21) + "1" + strings.Repeat("}", 21)
	if _, _, err := m.Document("1", deep, DefaultLimits); err == nil || !strings.Contains(err.Reason, "Limit of mapping depth [20]") {
		t.Errorf("depth: %v", err)
	}
}

// TestJSONRoundTrip reads back what GET _mapping shows, as the journal does.
func TestJSONRoundTrip(t *testing.T) {
	first := string(xcontent.Append(nil, parseMapping(t, every).JSON()))
	if second := string(xcontent.Append(nil, parseMapping(t, first).JSON())); second != first {
		t.Errorf("\n%s\n%s", first, second)
	}
}
