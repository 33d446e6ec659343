package ontology

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"spiceharvester/shared/problem"
)

const (
	unnamed       = "UnnamedClass"
	maxGenerated  = 50
	fullTimestamp = "20060102150405"
	dayTimestamp  = "01021504"
)

// koreanNames are class names of Korean labels. Only whole labels are looked up.
var koreanNames = map[string]string{
	"제품": "Product", "상품": "Product", "고객": "Customer", "주문": "Order", "사용자": "User", "직원": "Employee",
	"회사": "Company", "부서": "Department", "카테고리": "Category", "재고": "Inventory", "공급업체": "Supplier",
	"창고": "Warehouse", "배송": "Delivery", "결제": "Payment", "계약": "Contract", "프로젝트": "Project", "문서": "Document",
	"위치": "Location", "공항": "Airport", "영화": "Movie",
}

// GenerateClassID makes a class id from a label, as the contract does (bff-api 3.4):
// "purchase order" is PurchaseOrder. Korean labels are translated by a small word list
// or become UnnamedClass, and carry the time (UTC) so that two of them differ.
func GenerateClassID(label Localized, now time.Time) string {
	text := label.source()
	switch {
	case strings.TrimSpace(text) == "":
		return unnamed + now.UTC().Format(dayTimestamp)
	case hasHangul(text):
		return korean(text) + now.UTC().Format(fullTimestamp)
	}
	id := asciiName(text)
	if id == "" {
		return unnamed + now.UTC().Format(dayTimestamp)
	}
	return id
}

// GenerateName makes a property name from a label: a class id without time.
func GenerateName(label Localized) string {
	text := label.source()
	if hasHangul(text) {
		return korean(text)
	}
	if id := asciiName(text); id != "" {
		return id
	}
	return unnamed
}

// source is the text that a name is made from: English before Korean.
func (l Localized) source() string { return l.In(problem.English) }

func korean(text string) string {
	if name, ok := koreanNames[strings.TrimSpace(norm.NFC.String(text))]; ok {
		return name
	}
	return unnamed
}

// asciiName keeps ASCII letters, digits and "_" of a text, after accents are taken off,
// and joins its words, each with a capital.
func asciiName(text string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(norm.NFKD.String(text)) {
		word = strings.Map(func(r rune) rune {
			if r == '_' || r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
				return r
			}
			return -1
		}, word)
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + strings.ToLower(word[1:]))
		}
	}
	name := b.String()
	if strings.Trim(name, "_") == "" {
		return ""
	}
	if !isLetter(name[0]) {
		name = "Class" + name
	}
	return name[:min(len(name), maxGenerated)]
}

func isLetter(c byte) bool { return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' }
