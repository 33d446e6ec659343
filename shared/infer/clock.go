package infer

import "strings"

// clock is a time of day.
type clock struct {
	h, m, s  int
	fraction string // digits behind the point of the seconds
	zone     string // as written, "" if there is none
}

// scanClock reads H:MM, with seconds, a fraction of them, AM or PM and a time zone if
// they are there. Nothing may follow.
func scanClock(s string) (c clock, ok bool) {
	h, n := scanDigits(s, 2)
	if n == 0 || n == len(s) || s[n] != ':' {
		return c, false
	}
	s = s[n+1:]
	m, n := scanDigits(s, 2)
	if n != 2 || m > 59 {
		return c, false
	}
	c.h, c.m, s = h, m, s[n:]
	if strings.HasPrefix(s, ":") {
		sec, n := scanDigits(s[1:], 2)
		if n != 2 || sec > 59 {
			return c, false
		}
		c.s, s = sec, s[1+n:]
		if strings.HasPrefix(s, ".") {
			_, n := scanDigits(s[1:], 9)
			if n == 0 {
				return c, false
			}
			c.fraction, s = s[1:1+n], s[1+n:]
		}
	}
	s = strings.TrimPrefix(s, " ")
	if len(s) >= 2 && s[1]|0x20 == 'm' && (s[0]|0x20 == 'a' || s[0]|0x20 == 'p') {
		if c.h < 1 || c.h > 12 {
			return c, false
		}
		c.h %= 12
		if s[0]|0x20 == 'p' {
			c.h += 12
		}
		s = strings.TrimPrefix(s[2:], " ")
	}
	c.zone = s
	return c, c.h <= 23 && isZone(s)
}

// isZone knows Z, +09, +0900 and +09:00.
func isZone(s string) bool {
	switch {
	case s == "", s == "Z", s == "z":
		return true
	case s[0] != '+' && s[0] != '-':
		return false
	}
	h, n := scanDigits(s[1:], 4)
	switch n {
	case 4:
		return h/100 <= 23 && h%100 <= 59
	case 2:
		if len(s) == 3 {
			return h <= 23
		}
		m, mn := scanDigits(s[4:], 2)
		return s[3] == ':' && mn == 2 && len(s) == 6 && h <= 23 && m <= 59
	}
	return false
}

// appendClock writes HH:MM:SS with the fraction, without zeros at its end, and the zone
// as Z or ±HH:MM: the normal form of package value.
func (c clock) appendClock(dst []byte) []byte {
	dst = append(dst, byte('0'+c.h/10), byte('0'+c.h%10), ':', byte('0'+c.m/10), byte('0'+c.m%10), ':', byte('0'+c.s/10), byte('0'+c.s%10))
	if fraction := strings.TrimRight(c.fraction, "0"); fraction != "" {
		dst = append(append(dst, '.'), fraction...)
	}
	from := len(dst)
	switch zone := c.zone; len(zone) {
	case 1:
		return append(dst, 'Z')
	case 3:
		dst = append(append(dst, zone...), ":00"...)
	case 5:
		dst = append(append(append(dst, zone[:3]...), ':'), zone[3:]...)
	case 6:
		dst = append(dst, zone...)
	}
	if z := string(dst[from:]); z == "+00:00" || z == "-00:00" {
		dst = append(dst[:from], 'Z')
	}
	return dst
}

// scanDateTime reads a date and, behind a blank or T, a time of day.
func scanDateTime(s string) (d date, c clock, timed, ok bool) {
	d, ok = scanDate(s)
	if !ok || d.size == len(s) {
		return d, c, false, ok
	}
	rest := s[d.size:]
	if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
		return d, c, false, false
	}
	c, ok = scanClock(rest[1:])
	return d, c, true, ok
}
