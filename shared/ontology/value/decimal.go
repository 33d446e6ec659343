package value

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// decimal is the exact value of a JSON number: ± 0.digits × 10^exp, with neither
// leading nor trailing zeros in digits. Zero has no digits.
type decimal struct {
	neg    bool
	digits string
	exp    int64
}

// maxExp is where exponents saturate. No data has such numbers; they must only not
// overflow.
const maxExp = int64(1) << 40

// parseDecimal reads a text that has the form of a JSON number.
func parseDecimal(text string) decimal {
	var d decimal
	text, d.neg = strings.CutPrefix(text, "-")
	mantissa, exponent := text, ""
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		mantissa, exponent = text[:i], text[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := whole + fraction
	digits := strings.TrimLeft(all, "0")
	if digits == "" {
		return decimal{}
	}
	d.exp = int64(len(whole)-(len(all)-len(digits))) + parseExponent(exponent)
	d.digits = strings.TrimRight(digits, "0")
	return d
}

func parseExponent(s string) int64 {
	if s == "" {
		return 0
	}
	e, err := strconv.ParseInt(s, 10, 64)
	if err != nil { // out of range: ParseInt gives the nearest limit
		e = max(min(e, maxExp), -maxExp)
	}
	return max(min(e, maxExp), -maxExp)
}

func (d decimal) isZero() bool { return d.digits == "" }

// isInteger reports whether there is nothing behind the decimal point.
func (d decimal) isInteger() bool { return d.isZero() || d.exp >= int64(len(d.digits)) }

// places is the number of digits behind the decimal point.
func (d decimal) places() int64 { return max(0, int64(len(d.digits))-d.exp) }

func (d decimal) compare(o decimal) int {
	switch {
	case d.sign() != o.sign():
		return cmp.Compare(d.sign(), o.sign())
	case d.exp != o.exp:
		return cmp.Compare(d.exp, o.exp) * d.sign()
	}
	return strings.Compare(d.digits, o.digits) * d.sign()
}

func (d decimal) sign() int {
	switch {
	case d.isZero():
		return 0
	case d.neg:
		return -1
	}
	return 1
}

// maxIntegerDigits bounds an integer that is written with an exponent.
const maxIntegerDigits = 1000

// integerText writes an integer without point and exponent. It fails for one that
// would have more than maxIntegerDigits digits because of its exponent.
func (d decimal) integerText() (string, bool) {
	if d.isZero() {
		return "0", true
	}
	if d.exp > max(maxIntegerDigits, int64(len(d.digits))) {
		return "", false
	}
	s := d.digits + strings.Repeat("0", int(d.exp)-len(d.digits))
	if d.neg {
		s = "-" + s
	}
	return s, true
}

// isMultipleOf reports whether d is a whole multiple of a step. Numbers that differ by
// more than a thousand digits are not compared and count as no multiple.
func (d decimal) isMultipleOf(step decimal) bool {
	if d.isZero() || step.isZero() {
		return d.isZero()
	}
	low := min(d.exp-int64(len(d.digits)), step.exp-int64(len(step.digits)))
	if d.exp-low > maxIntegerDigits || step.exp-low > maxIntegerDigits {
		return false
	}
	a, b := d.scaled(low), step.scaled(low)
	return new(big.Int).Rem(a, b).Sign() == 0
}

// scaled returns |d| / 10^low, which must be whole.
func (d decimal) scaled(low int64) *big.Int {
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", int(d.exp-int64(len(d.digits))-low)), 10)
	return n
}

func parseCount(n int) decimal { return parseDecimal(strconv.Itoa(n)) }

// rounded writes a number in plain digits with at most n decimal places, halves away
// from zero. It must not be far from 1: the zeros of its exponent are written out.
func (d decimal) rounded(n int) string {
	if d.places() <= int64(n) {
		n = int(d.places())
	}
	shifted := d.exp + int64(n) // digits of the number that stay
	kept := new(big.Int)
	if cut := max(0, min(shifted, int64(len(d.digits)))); cut > 0 {
		kept.SetString(d.digits[:cut]+strings.Repeat("0", int(shifted-cut)), 10)
	}
	if shifted >= 0 && shifted < int64(len(d.digits)) && d.digits[shifted] >= '5' {
		kept.Add(kept, big.NewInt(1))
	}
	text := kept.String()
	if n > 0 {
		text = strings.Repeat("0", max(0, n+1-len(text))) + text
		text = text[:len(text)-n] + "." + text[len(text)-n:]
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	if d.neg && kept.Sign() > 0 {
		text = "-" + text
	}
	return text
}
