package value

import (
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textPhone       = problem.Define("value.phone", "Invalid phone number", "전화번호가 올바르지 않습니다.")
	textPhoneRegion = problem.Define("value.phone.region", "The phone number must be from one of: {regions}", "전화번호 지역은 다음 중 하나여야 합니다: {regions}")
	textRegion      = problem.Define("value.phone.default_region", "Numbers of the region '{region}' are not known; write numbers as +<country code>", "'{region}' 지역의 번호를 알 수 없습니다. +<국가 코드> 형식으로 쓰세요.")
)

// region is a national numbering plan: its country code, the prefix that is left out
// from abroad, and the lengths of a national number.
type region struct {
	code, trunk string
	min, max    int
}

var regions = map[string]region{
	"US": {"1", "1", 10, 10}, "CA": {"1", "1", 10, 10}, "MX": {"52", "", 10, 10}, "BR": {"55", "0", 10, 11},
	"KR": {"82", "0", 7, 11}, "JP": {"81", "0", 9, 10}, "CN": {"86", "0", 9, 12}, "TW": {"886", "0", 8, 9},
	"HK": {"852", "", 8, 9}, "SG": {"65", "", 8, 11}, "MY": {"60", "0", 8, 10}, "TH": {"66", "0", 8, 9},
	"VN": {"84", "0", 9, 10}, "ID": {"62", "0", 8, 12}, "PH": {"63", "0", 8, 10}, "IN": {"91", "0", 10, 10},
	"GB": {"44", "0", 9, 10}, "IE": {"353", "0", 7, 9}, "FR": {"33", "0", 9, 9}, "DE": {"49", "0", 6, 13},
	"AT": {"43", "0", 4, 13}, "CH": {"41", "0", 9, 9}, "NL": {"31", "0", 9, 9}, "BE": {"32", "0", 8, 9},
	"ES": {"34", "", 9, 9}, "IT": {"39", "", 6, 11}, "PT": {"351", "", 9, 9}, "SE": {"46", "0", 7, 10},
	"NO": {"47", "", 8, 8}, "DK": {"45", "", 8, 8}, "PL": {"48", "", 9, 9}, "CZ": {"420", "", 9, 9},
	"RU": {"7", "8", 10, 10}, "TR": {"90", "0", 10, 10}, "AU": {"61", "0", 9, 9}, "NZ": {"64", "0", 8, 10},
	"ZA": {"27", "0", 9, 9},
}

var (
	phoneForm     = regexp.MustCompile(`^(\+|00)?[\d\s().\-/]+$`)
	northAmerican = regexp.MustCompile(`^[2-9]\d{2}[2-9]\d{6}$`)
)

// buildPhone gives E.164: "+" and 7 to 15 digits. A number without country code is read
// in the default region. Country code and length are checked for the regions above;
// which blocks of numbers a country has given out is not.
func buildPhone(p *params) normalizer {
	home := strings.ToUpper(p.text("defaultRegion"))
	if home == "" {
		home = "US"
	}
	if _, ok := regions[home]; !ok {
		p.errs = append(p.errs, problem.InvalidValue(problem.At(p.loc, "defaultRegion"), textRegion.With("region", home), home))
	}
	allowed := p.texts("allowedRegions")
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		code, national, ok := splitPhone(strings.TrimSpace(s), regions[home])
		if !ok {
			return nil, invalid(textPhone)
		}
		if len(allowed) > 0 && !slices.ContainsFunc(allowed, func(r string) bool { return regions[strings.ToUpper(r)].code == code }) {
			return nil, invalid(textPhoneRegion, "regions", allowed)
		}
		return "+" + code + national, nil
	})
}

// splitPhone returns the country code and the national number.
func splitPhone(s string, home region) (code, national string, ok bool) {
	if !phoneForm.MatchString(s) {
		return "", "", false
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if abroad := strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00"); !abroad {
		return home.code, strings.TrimPrefix(digits, home.trunk), home.fits(strings.TrimPrefix(digits, home.trunk))
	}
	digits = strings.TrimPrefix(digits, "00")
	known := false
	for _, r := range regions {
		rest, ok := strings.CutPrefix(digits, r.code)
		if !ok {
			continue
		}
		known = true
		// "+82 (0)10-…" writes the prefix that is left out from abroad.
		if strings.Contains(s, "("+r.trunk+")") && r.trunk != "" {
			rest = strings.TrimPrefix(rest, r.trunk)
		}
		if r.fits(rest) {
			return r.code, rest, true
		}
	}
	// A country that is not in the table: only the length is checked.
	return "", digits, !known && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0'
}

func (r region) fits(national string) bool {
	if r.code == "1" && !northAmerican.MatchString(national) {
		return false
	}
	return len(national) >= r.min && len(national) <= r.max && len(r.code)+len(national) <= 15
}
