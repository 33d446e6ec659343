package infer

import (
	"net/netip"
	"strings"

	"spiceharvester/shared/problem/strictjson"
)

// evidence is what a cell could be: one bit for each way to read it. A column counts how
// often each combination occurs, so that any type can be judged at the end. Every bit
// stands for a format that [Parser] reads; tests hold the two together.
type evidence uint64

const (
	evBool     evidence = 1 << iota // a word for true or false
	evZeroOne                       // 0 or 1
	evDigits                        // digits only
	evIntDot                        // whole number, '.' being the decimal mark
	evIntComma                      // whole number, ',' being the decimal mark
	evDecDot
	evDecComma
	evFractionDot // written with a decimal mark or an exponent
	evFractionComma
	evLeadingZero
	evPercentDot
	evPercentComma
	evMoneyDot
	evMoneyComma
	evTime  // a time of day
	evTimed // a date with a time; the layout is among the evDate bits
	evT     // the two are separated by T
	evZoned
	evEmail
	evURI
	evUUID
	evIP
	evArray
	evObject
	evCoordinate
	evCoordinatePoints // both numbers have a decimal point
	evPhoneAbroad      // with country code
	evPhoneKR          // a Korean number as it is dialled at home
	evPhoneUS
	evPhoneDigits // nothing but digits
	evAbroadKR
	evAbroadUS
	evAddress
	evDate // and one bit for each further layout
)

func evLayout(l layout) evidence { return evDate << l }

const evDates = (1<<layoutCount - 1) * evDate

// Classes of bytes, to see quickly what a cell cannot be.
const (
	hasDigit uint16 = 1 << iota
	hasE
	hasLetter
	hasSign
	hasDot
	hasComma
	hasColon
	hasSlash
	hasGroup // blank, apostrophe, underscore
	hasParen
	hasPercent
	hasAt
	hasOther
	hasWide // above ASCII
)

var classes = func() (table [256]uint16) {
	for c := range table {
		switch {
		case c >= 0x80:
			table[c] = hasWide
		case c >= '0' && c <= '9':
			table[c] = hasDigit
		case c == 'e' || c == 'E':
			table[c] = hasE
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			table[c] = hasLetter
		default:
			table[c] = hasOther
		}
	}
	for chars, class := range map[string]uint16{"+-": hasSign, ".": hasDot, ",": hasComma, ":": hasColon, "/": hasSlash,
		" '_": hasGroup, "()": hasParen, "%": hasPercent, "@": hasAt} {
		for _, c := range chars {
			table[c] = class
		}
	}
	return table
}()

// maxClassified is how far the bytes of a cell are looked at beforehand. What is longer
// is text, or checked by its own rules.
const maxClassified = 256

// reading is a cell with its evidence.
type reading struct {
	evidence
	kind       statKind
	dot, comma number // by decimal mark
	currency   uint8
}

// look says what is looked for besides the basic types.
type look struct{ complex, address bool }

// read finds the evidence of a cell that is trimmed and not empty.
func read(s string, l look) reading {
	var r reading
	var has uint16
	for i := range min(len(s), maxClassified) {
		has |= classes[s[i]]
	}
	if has&hasDigit != 0 {
		r.readNumber(s, has)
		if len(s) <= 64 {
			r.readTime(s, has)
		}
		if has&^hasDigit == 0 && len(s) <= maxClassified {
			r.evidence |= evDigits
			if s == "0" || s == "1" {
				r.evidence |= evZeroOne
			}
			if hasLeadingZero(s) {
				r.evidence |= evLeadingZero
			}
		}
	} else if len(s) <= maxBoolean {
		if _, ok := scanBool(s); ok {
			r.evidence |= evBool
		}
	}
	if l.complex {
		r.readComplex(s, has)
		if l.address && isAddress(s) {
			r.evidence |= evAddress
		}
	}
	return r
}

// readNumber looks for numbers and percentages.
func (r *reading) readNumber(s string, has uint16) {
	const allowed = hasDigit | hasE | hasSign | hasDot | hasComma | hasGroup | hasParen | hasPercent | hasWide
	if has&^allowed != 0 {
		return
	}
	bits := [2]evidence{evDecDot, evDecComma}
	if has&(hasPercent|hasWide) != 0 {
		if rest, ok := cutPercent(s); ok {
			s, bits, r.kind = rest, [2]evidence{evPercentDot, evPercentComma}, statPercent
		}
	}
	r.readMarks(s, has, bits)
	if r.kind == statPercent {
		r.evidence &^= evIntDot | evIntComma
	}
}

// readMarks reads a number with each of the decimal marks.
func (r *reading) readMarks(s string, has uint16, bits [2]evidence) {
	var buf [64]byte
	_, n, ok := appendNumber(buf[:0], s, dot)
	if ok {
		r.evidence |= bits[0]
		r.dot = n
		if n.fraction {
			r.evidence |= evFractionDot
		} else {
			r.evidence |= evIntDot
		}
	}
	if has&(hasDot|hasComma) != 0 {
		_, n, ok = appendNumber(buf[:0], s, comma)
	}
	if ok {
		r.evidence |= bits[1]
		r.comma = n
		if n.fraction {
			r.evidence |= evFractionComma
		} else {
			r.evidence |= evIntComma
		}
	}
}

// readTime looks for dates and times of day.
func (r *reading) readTime(s string, has uint16) {
	if has&hasColon != 0 {
		if _, ok := scanClock(s); ok {
			r.evidence |= evTime
			return
		}
	}
	if has&(hasSign|hasSlash|hasDot|hasLetter|hasWide) == 0 && (len(s) != 8 || has != hasDigit) && has&hasColon == 0 {
		return
	}
	d, c, timed, ok := scanDateTime(s)
	if !ok {
		return
	}
	r.evidence |= evidence(d.layouts) * evDate
	if timed {
		r.evidence |= evTimed
		if s[d.size]|0x20 == 't' {
			r.evidence |= evT
		}
		if c.zone != "" {
			r.evidence |= evZoned
		}
	}
}

// readComplex looks for the types that are asked for by include_complex_types.
func (r *reading) readComplex(s string, has uint16) {
	set := func(bit evidence, ok bool) {
		if ok {
			r.evidence |= bit
		}
	}
	switch {
	case s[0] == '[' || s[0] == '{':
		v, err := strictjson.Decode([]byte(s))
		if err != nil {
			return
		}
		_, list := v.([]any)
		set(evArray, list)
		set(evObject, !list)
		return
	case has&hasAt != 0:
		set(evEmail, isEmail(s))
	case has&hasColon != 0 && strings.Contains(s, "://"):
		set(evURI, isURI(s))
		return
	}
	if has&(hasDigit|hasColon) == 0 || len(s) > 64 {
		return
	}
	switch {
	case len(s) == 36 && s[8] == '-':
		set(evUUID, isUUID(s))
		return
	case r.evidence&evTime == 0 && has&(hasDot|hasColon) != 0 && has&^(hasDigit|hasLetter|hasE|hasDot|hasColon) == 0 && has&hasComma == 0:
		if strings.Count(s, ".") == 3 || has&hasColon != 0 {
			_, err := netip.ParseAddr(s)
			set(evIP, err == nil)
		}
	case has&hasComma != 0 && has&^(hasDigit|hasDot|hasComma|hasSign|hasGroup|hasE) == 0:
		points, ok := scanCoordinate(s)
		set(evCoordinate, ok)
		set(evCoordinatePoints, ok && points)
	}
	if r.evidence&(evDates|evTime) == 0 && has&hasDigit != 0 {
		if has&^(hasDigit|hasSign|hasDot|hasSlash|hasGroup|hasParen) == 0 {
			r.evidence |= readPhone(s)
		}
		if r.evidence&(evDecDot|evDecComma|evPercentDot|evPercentComma) == 0 && has&(hasWide|hasOther|hasLetter) != 0 {
			r.readMoney(s, has)
		}
	}
}

func (r *reading) readMoney(s string, has uint16) {
	m, ok := scanMoney(s)
	if !ok {
		return
	}
	r.readMarks(m.number, has, [2]evidence{evMoneyDot, evMoneyComma})
	r.evidence &^= evIntDot | evIntComma
	if r.evidence&(evMoneyDot|evMoneyComma) == 0 {
		return
	}
	r.kind, r.currency = statMoney, m.currency
	if m.neg {
		r.dot.value, r.comma.value = -r.dot.value, -r.comma.value
	}
}
