package problem

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestMessageFillsBothLanguages(t *testing.T) {
	m := textNotFound.With("kind", KindInstance.text.With(), "id", "p{id}9")
	if m.EN != "Instance 'p{id}9' was not found." || m.KO != "인스턴스 'p{id}9'를 찾을 수 없습니다" {
		t.Errorf("got %q and %q", m.EN, m.KO)
	}
	if m.In(English) != m.EN || m.In(Korean) != m.KO || m.Error() != m.EN {
		t.Error("In and Error give other texts")
	}
}

// A message in the log says the same when it is read back by a later release.
func TestMessageSurvivesJSON(t *testing.T) {
	m := textTooLarge.With("limit", json.Number("12345678901234567890"))
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back Message
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, back) {
		t.Errorf("%+v became %+v", m, back)
	}
}

func TestDefineRefusesMistakes(t *testing.T) {
	tests := map[string][3]string{
		"no Korean":        {"test.a", "text", ""},
		"other parameters": {"test.b", "{a}", "{b}"},
		"taken key":        {"problem.internal", "x", "y"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("Define accepted it")
				}
			}()
			Define(args[0], args[1], args[2])
		})
	}
}

func TestCatalogueIsInBothLanguages(t *testing.T) {
	previous := ""
	for key, texts := range Catalogue() {
		if key <= previous {
			t.Errorf("%q after %q: not sorted", key, previous)
		}
		previous = key
		if texts[1] == texts[0] && !strings.HasPrefix(key, "auth.") && !strings.Contains(key, "as_is") {
			t.Errorf("%s: the Korean text is the English one", key)
		}
	}
	if previous == "" {
		t.Error("the catalogue is empty")
	}
}

func TestMessageOf(t *testing.T) {
	m := textMissing.With()
	for _, err := range []error{m, fmt.Errorf("reading: %w", m), BadRequest(m)} {
		if got := MessageOf(err); got.Key != m.Key {
			t.Errorf("MessageOf(%v) = %+v", err, got)
		}
	}
	if got := MessageOf(fmt.Errorf("plain")); got.EN != "plain" || got.KO != "plain" {
		t.Errorf("a plain error gives %+v", got)
	}
}
