package infer

import "strings"

// Currencies that package value supports.
var currencies = []string{"USD", "EUR", "GBP", "JPY", "CNY", "KRW", "AUD", "CAD", "CHF", "SEK", "NOK", "DKK", "NZD", "SGD", "HKD",
	"MXN", "BRL", "INR", "RUB", "ZAR", "THB", "MYR", "IDR", "PHP", "VND", "PLN", "CZK", "HUF", "TRY", "AED"}

// yen is the index of the sign ¥, which is yen or yuan.
const yen = 255

var currencySigns = map[string]string{
	"$": "USD", "€": "EUR", "£": "GBP", "₩": "KRW", "￦": "KRW", "₹": "INR", "₽": "RUB", "₺": "TRY", "฿": "THB", "₫": "VND", "₱": "PHP",
	"원": "KRW", "원화": "KRW", "元": "CNY", "人民币": "CNY", "人民幣": "CNY", "円": "JPY", "RMB": "CNY", "CNH": "CNY",
}

// currencyIndex finds the index in currencies of a code, sign or word.
var currencyIndex = func() map[string]uint8 {
	index := map[string]uint8{"¥": yen, "￥": yen}
	for i, code := range currencies {
		index[code] = uint8(i)
	}
	for sign, code := range currencySigns {
		index[sign] = index[code]
	}
	return index
}()

// maxSign is the length of the longest sign, in bytes.
const maxSign = 9

// money is an amount with its currency: sign and number as they are written.
type money struct {
	currency uint8 // index in currencies, or yen
	neg      bool
	number   string // not checked yet
}

// scanMoney finds the number and the one currency sign before or behind it.
func scanMoney(s string) (m money, ok bool) {
	if inner, open := strings.CutPrefix(s, "("); open {
		if s, ok = strings.CutSuffix(inner, ")"); !ok {
			return m, false
		}
		m.neg, s = true, strings.TrimSpace(s)
	}
	first, last := strings.IndexAny(s, digits), strings.LastIndexAny(s, digits)
	if first < 0 {
		return m, false
	}
	// Signs are short. A digit far from both ends belongs to some other text.
	if first > maxSign+3 || len(s)-last > maxSign+3 {
		return m, false
	}
	before, behind := strings.TrimSpace(s[:first]), strings.TrimSpace(s[last+1:])
	if before != "" {
		cut, minus := strings.CutSuffix(before, "-")
		if !minus {
			cut, minus = strings.CutPrefix(before, "-")
		}
		if minus && m.neg {
			return m, false
		}
		before, m.neg = strings.TrimSpace(cut), m.neg || minus
	}
	if (before == "") == (behind == "") {
		return m, false
	}
	m.number = s[first : last+1]
	m.currency, ok = findCurrency(before + behind)
	return m, ok
}

const digits = "0123456789"

func findCurrency(sign string) (uint8, bool) {
	if i, ok := currencyIndex[sign]; ok {
		return i, true
	}
	if len(sign) != 3 {
		return 0, false
	}
	var code [3]byte
	for i := range code {
		c := sign[i]
		if c >= 'a' && c <= 'z' {
			c &^= 0x20
		}
		code[i] = c
	}
	i, ok := currencyIndex[string(code[:])]
	return i, ok
}
