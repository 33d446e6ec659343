package value

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textCoordinate = problem.Define("value.coordinate", "Input should be 'latitude,longitude', a list of the two or an object with latitude and longitude", "'위도,경도', 두 값의 목록 또는 latitude와 longitude를 가진 객체여야 합니다.")
	textLatitude   = problem.Define("value.latitude", "The latitude must be between -90 and 90", "위도는 -90 이상 90 이하여야 합니다.")
	textLongitude  = problem.Define("value.longitude", "The longitude must be between -180 and 180", "경도는 -180 이상 180 이하여야 합니다.")
	textOutside    = problem.Define("value.outside_box", "The coordinate lies outside of the bounding box", "좌표가 허용 범위를 벗어났습니다.")
	textAddress    = problem.Define("value.address", "Input should be an address: a text, or an object of texts", "주소는 문자열 또는 문자열로 이루어진 객체여야 합니다.")
	textPostal     = problem.Define("value.postal_code", "'{code}' is no postal code of {country}", "'{code}' 값은 {country}의 우편번호가 아닙니다.")
	textAddrState  = problem.Define("value.address_state", "'{state}' is no state of {country}", "'{state}' 값은 {country}의 주가 아닙니다.")
	textAddrField  = problem.Define("value.address_field", "Required field '{field}' is missing", "필수 항목 '{field}' 값이 없습니다.")
)

// buildCoordinate gives {"latitude": number, "longitude": number}; the digits are kept
// as they were written unless the constraint "precision" has them rounded.
func buildCoordinate(p *params) normalizer {
	box := p.box("boundingBox")
	places, rounded := p.count("precision")
	return scalar(func(v any) (any, *fault) {
		lat, lon, ok := coordinateParts(v)
		if !ok {
			return nil, invalid(textCoordinate)
		}
		y, x := parseDecimal(lat), parseDecimal(lon)
		switch {
		case !between(y, parseDecimal("-90"), parseDecimal("90")):
			return nil, invalid(textLatitude)
		case !between(x, parseDecimal("-180"), parseDecimal("180")):
			return nil, invalid(textLongitude)
		case box != nil && !(between(y, box[0], box[2]) && between(x, box[1], box[3])):
			return nil, invalid(textOutside)
		}
		if rounded {
			lat, lon = y.rounded(places), x.rounded(places)
		}
		return map[string]any{"latitude": json.Number(lat), "longitude": json.Number(lon)}, nil
	})
}

func between(d, low, high decimal) bool { return d.compare(low) >= 0 && d.compare(high) <= 0 }

// box reads [minLat, minLon, maxLat, maxLon].
func (p *params) box(key string) []decimal {
	_, v := p.take(key)
	if v == nil {
		return nil
	}
	list, _ := v.([]any)
	var out []decimal
	for _, item := range list {
		if n, ok := item.(json.Number); ok {
			out = append(out, parseDecimal(n.String()))
		}
	}
	if len(out) != 4 || len(list) != 4 {
		p.wrong(problem.TypeList, key, v)
		return nil
	}
	return out
}

// coordinateParts reads the three forms. Zero is a coordinate like any other.
func coordinateParts(v any) (lat, lon string, ok bool) {
	switch v := v.(type) {
	case string:
		a, b, found := strings.Cut(v, ",")
		a, b = strings.TrimPrefix(strings.TrimSpace(a), "+"), strings.TrimPrefix(strings.TrimSpace(b), "+")
		return a, b, found && plainNumber.MatchString(a) && plainNumber.MatchString(b)
	case []any:
		if len(v) != 2 {
			return "", "", false
		}
		return twoNumbers(v[0], v[1])
	case map[string]any:
		return twoNumbers(firstOf(v, "latitude", "lat"), firstOf(v, "longitude", "lon", "lng"))
	}
	return "", "", false
}

func twoNumbers(a, b any) (string, string, bool) {
	x, okX := a.(json.Number)
	y, okY := b.(json.Number)
	return x.String(), y.String(), okX && okY
}

func firstOf(m map[string]any, keys ...string) any {
	for _, key := range keys {
		if v, ok := m[key]; ok {
			return v
		}
	}
	return nil
}

// coordinateKey sorts by latitude, then longitude.
func coordinateKey(v any) string {
	lat, lon, ok := coordinateParts(v)
	if !ok {
		return jsonKey(v)
	}
	return numberKey(json.Number(lat)) + "," + numberKey(json.Number(lon))
}

// The states include the capital's district and the territories, which have mail too.
var (
	postalCodes = map[string]*regexp.Regexp{
		"US": regexp.MustCompile(`^\d{5}(-\d{4})?$`),
		"CA": regexp.MustCompile(`^(?i:[A-Z]\d[A-Z] ?\d[A-Z]\d)$`),
		"GB": regexp.MustCompile(`^(?i:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})$`),
	}
	countryCodes = map[string]string{"USA": "US", "UNITED STATES": "US", "CANADA": "CA", "UK": "GB", "UNITED KINGDOM": "GB"}
	usStates     = strings.Fields("AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR GU VI AS MP")
)

// buildAddress keeps a text as it is, or an object of texts. Postal codes are checked
// for the United States, Canada and Great Britain, states for the United States.
func buildAddress(p *params) normalizer {
	required := p.texts("requiredFields")
	p.text("defaultCountry") // of the contract, where it means nothing either
	return scalar(func(v any) (any, *fault) {
		if s, ok := v.(string); ok {
			if len(required) > 0 {
				return nil, invalid(textAddrField, "field", required[0])
			}
			return s, nil
		}
		m, ok := v.(map[string]any)
		if !ok {
			return nil, invalid(textAddress)
		}
		fields := make(map[string]string, len(m))
		for key, item := range m {
			if fields[key], ok = item.(string); !ok {
				return nil, invalid(textAddress)
			}
		}
		for _, field := range required {
			if strings.TrimSpace(fields[field]) == "" {
				return nil, invalid(textAddrField, "field", field)
			}
		}
		if bad := checkAddress(fields); bad != nil {
			return nil, bad
		}
		return m, nil
	})
}

// checkAddress looks at what has a fixed form. Other countries are not checked.
func checkAddress(fields map[string]string) *fault {
	country := strings.ToUpper(strings.TrimSpace(fields["country"]))
	if code, ok := countryCodes[country]; ok {
		country = code
	}
	if re, ok := postalCodes[country]; ok && fields["postalCode"] != "" && !re.MatchString(fields["postalCode"]) {
		return invalid(textPostal, "code", fields["postalCode"], "country", country)
	}
	if state := fields["state"]; country == "US" && len(state) == 2 && !slices.Contains(usStates, strings.ToUpper(state)) {
		return invalid(textAddrState, "state", state, "country", country)
	}
	return nil
}
