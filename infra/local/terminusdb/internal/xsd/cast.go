package xsd

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func big10(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 10)
	return n
}

// maxDigits bounds integers and the exponents of decimals.
const maxDigits = 10_000

// Cast answers the text that is kept for a JSON value (string, json.Number or
// bool) of a type; ok is false if the value is none of that type.
func Cast(v any, iri string) (text string, ok bool) {
	switch x := v.(type) {
	case string:
		return parse(x, iri, false)
	case json.Number:
		return parse(x.String(), iri, true)
	case bool:
		return strconv.FormatBool(x), iri == Boolean
	}
	return "", false
}

var (
	integerText  = regexp.MustCompile(`^[+-]?\d+$`)
	decimalText  = regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$`)
	dateText     = regexp.MustCompile(`^(-?\d{4,}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?$`)
	dateTimeText = regexp.MustCompile(`^(-?\d{4,}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
	timeText     = regexp.MustCompile(`^(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$`)
	yearText     = regexp.MustCompile(`^-?\d{4,}(Z|[+-]\d\d:\d\d)?$`)
	yearMonth    = regexp.MustCompile(`^-?\d{4,}-\d\d(Z|[+-]\d\d:\d\d)?$`)
	monthText    = regexp.MustCompile(`^--\d\d(-\d\d)?(Z|[+-]\d\d:\d\d)?$`)
	dayText      = regexp.MustCompile(`^---\d\d(Z|[+-]\d\d:\d\d)?$`)
	durationText = regexp.MustCompile(`^-?P(\d+Y)?(\d+M)?(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$`)
	iriText      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^` + "`" + `]+$`)
	hexText      = regexp.MustCompile(`^([0-9a-f]{2})*$`)
	languageText = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
	nameText     = regexp.MustCompile(`^[\pL_:][\pL\pN._:-]*$`)
	ncNameText   = regexp.MustCompile(`^[\pL_][\pL\pN._-]*$`)
	nmtokenText  = regexp.MustCompile(`^[\pL\pN._:-]+$`)
	emailText    = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

func parse(x, iri string, number bool) (string, bool) {
	name := strings.TrimPrefix(iri, XSD)
	if b, ok := bounds[name]; ok && name != iri {
		return parseInteger(x, b)
	}
	switch iri {
	case String:
		return x, true
	case Decimal:
		return parseDecimal(x)
	case XSD + "double":
		return parseFloat(x, 64)
	case XSD + "float":
		return parseFloat(x, 32)
	}
	if number {
		return "", false
	}
	return parseText(x, iri)
}

func parseInteger(x string, b [2]string) (string, bool) {
	if len(x) > maxDigits || !integerText.MatchString(x) {
		return "", false
	}
	n := big10(strings.TrimPrefix(x, "+"))
	if b[0] != "" && n.Cmp(big10(b[0])) < 0 || b[1] != "" && n.Cmp(big10(b[1])) > 0 {
		return "", false
	}
	return n.String(), true
}

// parseDecimal keeps whole numbers exactly; others lose what float64 loses, as
// on the real server.
func parseDecimal(x string) (string, bool) {
	if len(x) > maxDigits || !decimalText.MatchString(x) {
		return "", false
	}
	if integerText.MatchString(x) {
		return big10(strings.TrimPrefix(x, "+")).String(), true
	}
	f, err := strconv.ParseFloat(x, 64)
	if err != nil || math.IsInf(f, 0) {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', -1, 64), true
}

func parseFloat(x string, bits int) (string, bool) {
	if len(x) > maxDigits || !decimalText.MatchString(x) {
		return "", false
	}
	f, err := strconv.ParseFloat(x, bits)
	if err != nil || math.IsInf(f, 0) {
		return "", false
	}
	return formatFloat(f), true
}

// formatFloat writes a number that is not whole in JSON as one that is not.
func formatFloat(f float64) string {
	b, _ := json.Marshal(f)
	text := string(b)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

func parseText(x, iri string) (string, bool) {
	matches := func(r *regexp.Regexp) (string, bool) { return x, r.MatchString(x) }
	switch strings.TrimPrefix(iri, XSD) {
	case "boolean":
		return x, x == "true" || x == "false"
	case "date":
		m := dateText.FindStringSubmatch(x)
		if m == nil {
			return "", false
		}
		return m[1], true // the zone is dropped
	case "dateTime", "dateTimeStamp":
		return parseDateTime(x)
	case "time":
		m := timeText.FindStringSubmatch(x)
		if m == nil {
			return "", false
		}
		return m[1] + m[2] + "Z", true
	case "gYear":
		return matches(yearText)
	case "gYearMonth":
		return matches(yearMonth)
	case "gMonth", "gMonthDay":
		return matches(monthText)
	case "gDay":
		return matches(dayText)
	case "duration", "yearMonthDuration", "dayTimeDuration":
		return x, durationText.MatchString(x) && !strings.HasSuffix(x, "P") && !strings.HasSuffix(x, "T")
	case "anyURI":
		return matches(iriText)
	case "base64Binary":
		_, err := base64.StdEncoding.DecodeString(x)
		return x, err == nil
	case "hexBinary":
		return matches(hexText)
	case "language":
		return matches(languageText)
	case "token", "normalizedString":
		return x, !strings.ContainsAny(x, "\t\n\r")
	case "NMTOKEN":
		return matches(nmtokenText)
	case "Name":
		return matches(nameText)
	case "NCName":
		return matches(ncNameText)
	case "anySimpleType":
		return strconv.Quote(x), true
	case XDD + "email":
		return matches(emailText)
	case XDD + "url":
		u, err := url.Parse(x)
		return x, err == nil && u.Scheme != "" && u.Host != ""
	case XDD + "coordinate":
		var c []float64
		return x, json.Unmarshal([]byte(x), &c) == nil && len(c) >= 2
	case XDD + "coordinatePolygon":
		var c [][]float64
		return x, json.Unmarshal([]byte(x), &c) == nil && !slices.ContainsFunc(c, func(p []float64) bool { return len(p) < 2 })
	}
	return "", false
}

// parseDateTime keeps up to nine decimals in UTC. An offset is applied with the
// wrong sign: that is what the real server does.
func parseDateTime(x string) (string, bool) {
	m := dateTimeText.FindStringSubmatch(x)
	if m == nil || len(m[3]) > 10 {
		return "", false
	}
	text := m[1] + "T" + m[2]
	if zone := m[4]; zone != "" && zone != "Z" {
		t, err := time.Parse("2006-01-02T15:04:05", text)
		if err != nil {
			return "", false
		}
		h, _ := strconv.Atoi(zone[1:3])
		minutes, _ := strconv.Atoi(zone[4:])
		offset := time.Duration(h)*time.Hour + time.Duration(minutes)*time.Minute
		if zone[0] == '-' {
			offset = -offset
		}
		text = t.Add(offset).Format("2006-01-02T15:04:05")
	}
	if fraction := strings.TrimRight(m[3], "0."); fraction != "" {
		text += fraction
	}
	return text + "Z", true
}
