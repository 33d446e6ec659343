package problem

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Lang is a language that answers are written in.
type Lang string

// The languages that every text exists in.
const (
	English Lang = "en"
	Korean  Lang = "ko"
)

// DefaultLang is used when the client names no language, or one that is not known.
const DefaultLang = Korean

// LookupLang returns the language that a tag names. Regions are dropped ("EN-us"
// is English) and the usual long and three-letter names are known.
func LookupLang(tag string) (Lang, bool) {
	tag = strings.ToLower(strings.TrimSpace(tag))
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	switch tag {
	case "en", "eng", "english":
		return English, true
	case "ko", "kor", "kr", "korean":
		return Korean, true
	}
	return "", false
}

// ParseLang is [LookupLang] with [DefaultLang] for what is not known.
func ParseLang(tag string) Lang {
	if lang, ok := LookupLang(tag); ok {
		return lang
	}
	return DefaultLang
}

// ChooseLang picks the language of an answer: the query parameter "lang", else
// "language", else the tag of Accept-Language with the highest quality, else the
// default. Only the first choice counts: an unknown one gives the default and not
// the second best.
func ChooseLang(query url.Values, acceptLanguage string) Lang {
	for _, name := range []string{"lang", "language"} {
		if v := strings.TrimSpace(query.Get(name)); v != "" {
			return ParseLang(v)
		}
	}
	return ParseLang(preferredTag(acceptLanguage))
}

// preferredTag returns the first tag of the header after a stable sort by quality.
func preferredTag(header string) string {
	type choice struct {
		tag     string
		quality float64
	}
	var choices []choice
	for part := range strings.SplitSeq(header, ",") {
		tag, params, _ := strings.Cut(part, ";")
		c := choice{strings.TrimSpace(tag), 1}
		if c.tag == "" {
			continue
		}
		for param := range strings.SplitSeq(params, ";") {
			if name, q, _ := strings.Cut(param, "="); strings.EqualFold(strings.TrimSpace(name), "q") {
				v, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
				if err != nil {
					v = 0
				}
				c.quality = v
			}
		}
		if !(c.quality > 0) {
			continue // "q=0" is what the client does not want
		}
		choices = append(choices, c)
	}
	if len(choices) == 0 {
		return ""
	}
	slices.SortStableFunc(choices, func(a, b choice) int {
		switch {
		case a.quality > b.quality:
			return -1
		case a.quality < b.quality:
			return 1
		}
		return 0
	})
	return choices[0].tag
}
