package value

import "strings"

// compact takes out the spaces and dashes with which long numbers are grouped.
var compact = strings.NewReplacer(" ", "", "-", "")

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// isCreditCard wants 12 to 19 digits whose last one is Luhn's check digit.
func isCreditCard(s string) bool {
	s = compact.Replace(s)
	if !isDigits(s) || len(s) < 12 || len(s) > 19 {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// isISBN accepts both lengths, each with its own check digit.
func isISBN(s string) bool {
	s = strings.ToUpper(compact.Replace(s))
	switch len(s) {
	case 10:
		body, last := s[:9], s[9:]
		if !isDigits(body) || !isDigits(last) && last != "X" {
			return false
		}
		sum := 0
		for i := range len(body) {
			sum += (10 - i) * int(body[i]-'0')
		}
		if last == "X" {
			return (sum+10)%11 == 0
		}
		return (sum+int(last[0]-'0'))%11 == 0
	case 13:
		if !isDigits(s) {
			return false
		}
		sum := 0
		for i := range len(s) {
			sum += int(s[i]-'0') * (1 + 2*(i%2))
		}
		return sum%10 == 0
	}
	return false
}
