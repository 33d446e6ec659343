package value

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"spiceharvester/shared/problem"
)

var (
	textMoneyEmpty    = problem.Define("value.money.empty", "Money value cannot be empty", "금액이 비어 있습니다.")
	textMoneyFormat   = problem.Define("value.money.format", "Invalid money format. Use '123.45 USD', '₩15,000' or an object with amount and currency", "금액 형식이 올바르지 않습니다. '123.45 USD', '₩15,000' 또는 amount와 currency를 가진 객체를 쓰세요.")
	textMoneyAmount   = problem.Define("value.money.amount", "Invalid amount format", "금액의 숫자 형식이 올바르지 않습니다.")
	textMoneyCurrency = problem.Define("value.money.currency", "Unsupported currency code: {currency}", "지원하지 않는 통화 코드: {currency}")
	textMoneyAllowed  = problem.Define("value.money.allowed", "Currency must be one of: {currencies}", "통화는 다음 중 하나여야 합니다: {currencies}")
	textMoneyPlaces   = problem.Define("value.money.places", "Amount cannot have more than {limit} decimal places", "금액의 소수 자릿수는 최대 {limit}자리입니다.")
	textMoneyMin      = problem.Define("value.money.min", "Amount must be at least {limit}", "금액은 {limit} 이상이어야 합니다.")
	textMoneyMax      = problem.Define("value.money.max", "Amount must be at most {limit}", "금액은 {limit} 이하여야 합니다.")
)

// currencies are the ISO 4217 codes that are supported.
var currencies = strings.Fields("USD EUR GBP JPY CNY KRW AUD CAD CHF SEK NOK DKK NZD SGD HKD MXN BRL INR RUB ZAR THB MYR IDR PHP VND PLN CZK HUF TRY AED")

// currencySigns are symbols, words and other codes. ILS is known and not supported.
var currencySigns = map[string]string{
	"$": "USD", "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "₽": "RUB", "₺": "TRY", "฿": "THB", "₫": "VND", "₱": "PHP", "₪": "ILS",
	"원": "KRW", "원화": "KRW", "元": "CNY", "人民币": "CNY", "人民幣": "CNY", "円": "JPY", "RMB": "CNY", "CNH": "CNY",
}

// moneyRules are the constraints on money. The normal form is {"amount": number,
// "currency": code}; the digits of the amount are kept as they were written.
type moneyRules struct {
	allowed  []string
	yen      string // what ¥ means
	places   int64
	min, max *decimal
	minText  string
	maxText  string
}

func buildMoney(p *params) normalizer {
	r := moneyRules{allowed: p.texts("allowedCurrencies"), places: 2}
	if n, ok := p.count("decimalPlaces"); ok {
		r.places = int64(n)
	}
	if key, d, ok := p.number("minAmount", "min", "minimum"); ok {
		r.min, r.minText = &d, p.raw[key].(json.Number).String()
	}
	if key, d, ok := p.number("maxAmount", "max", "maximum"); ok {
		r.max, r.maxText = &d, p.raw[key].(json.Number).String()
	}
	r.yen = r.meaningOfYen(p.text("defaultCurrency"))
	return scalar(r.normalize)
}

func (r moneyRules) meaningOfYen(byDefault string) string {
	cny, jpy := slices.Contains(r.allowed, "CNY"), slices.Contains(r.allowed, "JPY")
	switch {
	case cny && !jpy:
		return "CNY"
	case jpy && !cny:
		return "JPY"
	case byDefault != "":
		return byDefault
	}
	return "JPY"
}

func (r moneyRules) normalize(v any) (any, *fault) {
	var amount, currency string
	var bad *fault
	switch v := v.(type) {
	case string:
		amount, currency, bad = r.parse(v)
	case map[string]any:
		amount, currency, bad = moneyObject(v)
	default:
		return nil, invalid(textMoneyFormat)
	}
	if bad == nil {
		bad = r.check(amount, currency)
	}
	if bad != nil {
		return nil, bad
	}
	return map[string]any{"amount": json.Number(amount), "currency": currency}, nil
}

func (r moneyRules) check(amount, currency string) *fault {
	d := parseDecimal(amount)
	switch {
	case !slices.Contains(currencies, currency):
		return invalid(textMoneyCurrency, "currency", currency)
	case len(r.allowed) > 0 && !slices.Contains(r.allowed, currency):
		return invalid(textMoneyAllowed, "currencies", r.allowed)
	case d.places() > r.places:
		return invalid(textMoneyPlaces, "limit", r.places)
	case r.min != nil && d.compare(*r.min) < 0:
		return invalid(textMoneyMin, "limit", r.minText)
	case r.max != nil && d.compare(*r.max) > 0:
		return invalid(textMoneyMax, "limit", r.maxText)
	}
	return nil
}

// moneyObject reads {"amount", "currency"}. The derived members of the contract's shape
// are accepted and dropped, so that what was read can be sent back.
func moneyObject(m map[string]any) (amount, currency string, bad *fault) {
	for key := range m {
		if !slices.Contains([]string{"amount", "currency", "formatted", "decimal_amount"}, key) {
			return "", "", invalid(textMoneyFormat)
		}
	}
	currency, ok := m["currency"].(string)
	if !ok {
		return "", "", invalid(textMoneyFormat)
	}
	switch v := m["amount"].(type) {
	case json.Number:
		return v.String(), currency, nil
	case string:
		if plainNumber.MatchString(v) {
			return v, currency, nil
		}
	}
	return "", "", invalid(textMoneyAmount)
}

var (
	plainNumber  = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$`)
	moneyForm    = regexp.MustCompile(`^([^\d]*?)(\d(?:[\d.,' ]*\d)?)([^\d]*)$`)
	commaGroups  = regexp.MustCompile(`^\d{1,3}(,\d{3})+$|^\d{1,2}(,\d{2})*,\d{3}$`)
	dotGroups    = regexp.MustCompile(`^\d{1,3}(\.\d{3})+$`)
	spaceGroups  = regexp.MustCompile(`^\d{1,3}([ ']\d{3})+([.,]\d+)?$`)
	lastMark     = regexp.MustCompile(`^(\d{1,3}(?:[.,]\d{3})*|\d{1,2}(?:,\d{2})*,\d{3}|\d+)[.,](\d+)$`)
	normalSpaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ", "−", "-", "￥", "¥")
)

// parse reads the text forms: one currency sign before or behind a number; a minus sign
// or parentheses for a negative amount.
func (r moneyRules) parse(s string) (amount, currency string, bad *fault) {
	s = strings.TrimSpace(normalSpaces.Replace(s))
	if s == "" {
		return "", "", invalid(textMoneyEmpty)
	}
	inner, opened := strings.CutPrefix(s, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if opened != closed {
		return "", "", invalid(textMoneyFormat)
	}
	m := moneyForm.FindStringSubmatch(strings.TrimSpace(inner))
	if m == nil {
		return "", "", invalid(textMoneyFormat)
	}
	before, minus := strings.CutSuffix(strings.TrimSpace(m[1]), "-")
	if !minus {
		before, minus = strings.CutPrefix(before, "-")
	}
	before, behind := strings.TrimSpace(before), strings.TrimSpace(m[3])
	if (before == "") == (behind == "") || minus && opened {
		return "", "", invalid(textMoneyFormat)
	}
	amount, ok := plainAmount(m[2])
	if !ok {
		return "", "", invalid(textMoneyAmount)
	}
	if minus || opened {
		amount = "-" + amount
	}
	currency, ok = r.currency(before + behind)
	if !ok {
		return "", "", invalid(textMoneyFormat)
	}
	return amount, currency, nil
}

func (r moneyRules) currency(sign string) (string, bool) {
	upper := strings.ToUpper(sign)
	if sign == "¥" {
		return r.yen, true
	}
	if code, ok := currencySigns[upper]; ok {
		return code, true
	}
	isCode := len(upper) == 3 && strings.Trim(upper, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	return upper, isCode
}

// plainAmount turns grouped digits into a JSON number. The last of "," and "." is the
// decimal mark; commas in groups of three (or Indian groups) and several dots are
// thousands.
func plainAmount(s string) (string, bool) {
	var out string
	switch m := lastMark.FindStringSubmatch(s); {
	case spaceGroups.MatchString(s):
		out = strings.Replace(strings.NewReplacer(" ", "", "'", "").Replace(s), ",", ".", 1)
	case commaGroups.MatchString(s):
		out = strings.ReplaceAll(s, ",", "")
	case strings.Count(s, ".") > 1 && dotGroups.MatchString(s):
		out = strings.ReplaceAll(s, ".", "")
	case m != nil && !sameMarkTwice(s):
		out = strings.NewReplacer(",", "", ".", "").Replace(m[1]) + "." + m[2]
	case strings.Trim(s, "0123456789") == "":
		out = s
	default:
		return "", false
	}
	out = strings.TrimLeft(out, "0")
	if out == "" || out[0] == '.' {
		out = "0" + out
	}
	return out, true
}

// sameMarkTwice reports whether the decimal mark also stands between groups, as in
// 1,2,3.
func sameMarkTwice(s string) bool {
	mark := s[strings.LastIndexAny(s, ",."):][:1]
	return strings.Count(s, mark) > 1
}

// moneyKey sorts by currency, then by amount.
func moneyKey(v any) string {
	m, ok := v.(map[string]any)
	currency, isText := m["currency"].(string)
	if !ok || !isText {
		return jsonKey(v)
	}
	return currency + ":" + numberKey(m["amount"])
}

// FormatMoney shows an amount in normal form with a number of decimal places, such as
// "1234.50 USD". It reports false for what is no money or has more places.
func FormatMoney(v any, places int) (string, bool) {
	m, _ := v.(map[string]any)
	amount, ok := m["amount"].(json.Number)
	currency, isText := m["currency"].(string)
	d := parseDecimal(amount.String())
	if !ok || !isText || d.places() > int64(places) || d.exp > maxIntegerDigits {
		return "", false
	}
	// Shifting the point makes an integer, which is written in plain digits.
	shifted := decimal{neg: d.neg, digits: d.digits, exp: d.exp + int64(places)}
	s, ok := shifted.integerText()
	if !ok {
		return "", false
	}
	s, negative := strings.CutPrefix(s, "-")
	if places > 0 {
		if missing := places + 1 - len(s); missing > 0 {
			s = strings.Repeat("0", missing) + s
		}
		s = s[:len(s)-places] + "." + s[len(s)-places:]
	}
	if negative {
		s = "-" + s
	}
	return s + " " + currency, true
}
