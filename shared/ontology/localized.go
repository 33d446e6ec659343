package ontology

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"spiceharvester/shared/problem"
)

var (
	textBlankLabel  = problem.Define("ontology.blank_text", "At least one language must have a text", "적어도 한 언어의 텍스트가 있어야 합니다.")
	textLanguage    = problem.Define("ontology.language", "unsupported language key: {key}", "지원하지 않는 언어 키: {key}")
	textSameLang    = problem.Define("ontology.same_language", "The language {language} is given twice", "{language} 언어가 두 번 지정되었습니다.")
	textNotText     = problem.Define("ontology.localized_type", "Input should be a text or an object of language and text", "문자열 또는 언어별 문자열 객체여야 합니다.")
	textNotLangText = problem.Define("ontology.localized_text", "The text of a language should be a string", "언어별 텍스트는 문자열이어야 합니다.")
)

// Localized is a text in several languages: language tag to text. Nil is no text.
type Localized map[string]string

// Localize files a plain text under its language: Korean when more than a tenth of its
// characters are Hangul syllables, else English.
func Localize(text string) Localized {
	hangul, total := 0, 0
	for _, r := range text {
		total++
		if r >= 0xAC00 && r <= 0xD7A3 {
			hangul++
		}
	}
	if hangul*10 > total {
		return Localized{string(problem.Korean): text}
	}
	return Localized{string(problem.English): text}
}

// In returns the text for a reader: in the language asked for, else English, else
// Korean, else the first of the others.
func (l Localized) In(lang problem.Lang) string {
	for _, key := range []problem.Lang{lang, problem.English, problem.Korean} {
		if text := l[string(key)]; strings.TrimSpace(text) != "" {
			return text
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l)) {
		if strings.TrimSpace(l[key]) != "" {
			return l[key]
		}
	}
	return ""
}

// isBlank reports whether no language has a text.
func (l Localized) isBlank() bool { return l.In(problem.English) == "" }

// localizedPatch is a localised text as it was sent: a nil entry removes a language.
type localizedPatch map[string]*string

// apply merges a patch into a text, language by language.
func (p localizedPatch) apply(l Localized) Localized {
	out := maps.Clone(l)
	if out == nil {
		out = Localized{}
	}
	for key, text := range p {
		if text == nil {
			delete(out, key)
		} else {
			out[key] = *text
		}
	}
	return out
}

// parseLocalized reads a string or a map of languages. Known languages are written in
// their short form ("EN-us" is en). Others are refused when strict, else kept as they
// are.
func parseLocalized(v any, strict bool, loc []any) (localizedPatch, problem.FieldErrors) {
	var errs problem.FieldErrors
	out := localizedPatch{}
	switch v := v.(type) {
	case string:
		for key, text := range Localize(v) {
			out[key] = &text
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			at := problem.At(loc, key)
			lang, known := problem.LookupLang(key)
			if !known && strict {
				errs = append(errs, problem.InvalidValue(at, textLanguage.With("key", key), nil))
				continue
			}
			name := key
			if known {
				name = string(lang)
			}
			if _, twice := out[name]; twice {
				errs = append(errs, problem.InvalidValue(at, textSameLang.With("language", name), nil))
				continue
			}
			switch text := v[key].(type) {
			case nil:
				out[name] = nil
			case string:
				out[name] = &text
			default:
				errs.AddValue(problem.TypeString, at, textNotLangText.With(), text)
			}
		}
	default:
		errs.AddValue(problem.TypeString, loc, textNotText.With(), v)
	}
	return out, errs
}

// hasHangul reports whether a text holds a Hangul syllable or letter.
func hasHangul(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Hangul, r) })
}
