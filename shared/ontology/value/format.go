package value

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

// formats are the values of the constraint "format".
var formats = map[string]func(s string) bool{
	"date":         isDate,
	"date-time":    accepts(normalizeDatetime),
	"time":         accepts(normalizeTime),
	"uri":          accepts(normalizeURI),
	"email":        accepts(emailValue),
	"hostname":     func(s string) bool { return len(s) <= 253 && hostName.MatchString(s) },
	"ipv4":         func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is4() },
	"ipv6":         func(s string) bool { ip, err := netip.ParseAddr(s); return err == nil && ip.Is6() },
	"uuid":         uuidForm.MatchString,
	"alpha":        regexp.MustCompile(`^[\p{L} ]*$`).MatchString,
	"alphanumeric": regexp.MustCompile(`^[\p{L}\p{N} ]*$`).MatchString,
	"numeric":      regexp.MustCompile(`^[0-9 ]*$`).MatchString,
	"hexadecimal":  regexp.MustCompile(`^[0-9a-fA-F]*$`).MatchString,
	"credit-card":  isCreditCard,
	"isbn":         isISBN,
	"base64":       func(s string) bool { _, err := base64.StdEncoding.Strict().DecodeString(s); return err == nil },
	"lowercase":    func(s string) bool { return s == strings.ToLower(s) },
	"uppercase":    func(s string) bool { return s == strings.ToUpper(s) },
}

// emailValue is an address without constraints on its domain.
func emailValue(v any) (any, *fault) {
	out, errs := buildEmail(&params{used: map[string]bool{}})(v, nil)
	if len(errs) > 0 {
		return nil, invalid(textEmail)
	}
	return out, nil
}

func accepts(f func(any) (any, *fault)) func(string) bool {
	return func(s string) bool { _, bad := f(s); return bad == nil }
}

// stringChecks reads format, uppercase, lowercase and allowedChars. "format" belongs to
// plain strings: other types have a form of their own.
func stringChecks(p *params) []check {
	var checks []check
	add := func(text *problem.Text, ok func(string) bool, pairs ...any) {
		checks = append(checks, func(v any) *fault {
			if s, _ := v.(string); ok(s) {
				return nil
			}
			return invalid(text, pairs...)
		})
	}
	if slices.Contains([]string{"xsd:string", "text"}, p.typ.name) {
		if format := p.text("format"); format != "" {
			ok, known := formats[format]
			if known {
				add(textFormat, ok, "format", format)
			} else {
				p.errs.AddValue(problem.TypeValue, problem.At(p.loc, "format"), textBadFormat.With("format", format), format)
			}
		}
	}
	for _, name := range []string{"uppercase", "lowercase"} {
		if p.flag(name, false) {
			add(textCase, formats[name], "case", name)
		}
	}
	if chars := p.text("allowedChars"); chars != "" {
		add(textChars, func(s string) bool { return strings.Trim(s, chars) == "" }, "chars", chars)
	}
	return checks
}
