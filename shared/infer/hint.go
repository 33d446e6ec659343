package infer

import (
	"slices"
	"strings"
	"unicode"
)

// Types that a column may be inferred to have: the contract's ids.
const (
	TypeString     = "xsd:string"
	TypeBoolean    = "xsd:boolean"
	TypeInteger    = "xsd:integer"
	TypeDecimal    = "xsd:decimal"
	TypeDate       = "xsd:date"
	TypeDateTime   = "xsd:dateTime"
	TypeTime       = "xsd:time"
	TypeEmail      = "email"
	TypePhone      = "phone"
	TypeURI        = "xsd:anyURI"
	TypeUUID       = "uuid"
	TypeIP         = "ip"
	TypeMoney      = "money"
	TypeArray      = "array"
	TypeObject     = "object"
	TypeCoordinate = "coordinate"
	TypeEnum       = "enum"
	TypeAddress    = "address"
)

// hintWords are words of column names, by the types that they hint at. Latin words are
// compared with whole words of the name, so that "description" does not hint at an IP
// address; the others, which are written without blanks, with its ends.
var hintWords = map[string][]keyword{
	TypeEmail:      keywords("email mail 이메일 메일 전자우편 メール 邮箱 郵箱 邮件"),
	TypePhone:      keywords("phone tel telephone mobile cell fax 전화 전화번호 휴대폰 휴대전화 핸드폰 연락처 팩스 電話 電話番号 携帯 电话 手机"),
	TypeURI:        keywords("url uri link website site homepage 링크 주소링크 웹사이트 홈페이지 链接 网址"),
	TypeUUID:       keywords("uuid guid"),
	TypeIP:         keywords("ip ipv4 ipv6"),
	TypeMoney:      keywords("price cost amount fee salary 가격 금액 단가 요금 비용 급여 연봉 매출 価格 金額 料金"),
	TypeAddress:    keywords("address addr 주소 소재지 住所 地址 dirección direccion endereço endereco адрес"),
	TypeDate:       keywords("date day birthday dob 일자 날짜 일 생일 생년월일 日付 日期 年月日"),
	TypeDateTime:   keywords("datetime timestamp time at 일시 시각 시간 日時 时间 時間"),
	TypeTime:       keywords("time 시각 시간"),
	TypeCoordinate: keywords("coordinate coordinates coords coord latlng latlon 좌표 위치"),
	TypeBoolean:    keywords("is has flag active enabled 여부 유무"),
	TypeEnum:       keywords("status state type category kind role 상태 유형 종류 분류 구분"),
	TypeArray:      keywords("array list items tags"),
	TypeObject:     keywords("json payload metadata attributes object"),
	hintCode:       keywords("zip zipcode postal postcode code ssn fips isbn ean upc gtin imei barcode 우편번호 코드 바코드 사번 학번 郵便番号 邮编"),
	hintKey:        keywords("id key code no nr number num uuid guid sku 번호 코드 아이디 사번 학번 番号 编号"),
}

// Hints that are no types: digits that are a code, and what identifies a row.
const (
	hintCode = "code"
	hintKey  = "key"
)

// keyword is a word that is looked for in names.
type keyword struct {
	text string
	wide bool
	// first and last: it counts only at the beginning or end of a name, as in is_active,
	// created_at.
	first, last bool
}

var (
	onlyFirst = []string{"is", "has"}
	onlyLast  = []string{"at", "일", "율"}
)

// keywords reads a list that is separated by blanks.
func keywords(list string) []keyword {
	var out []keyword
	for word := range strings.FieldsSeq(list) {
		out = append(out, keyword{word, isWide([]rune(word)[0]), slices.Contains(onlyFirst, word), slices.Contains(onlyLast, word)})
	}
	return out
}

// in reports whether the keyword is part i of a name. A single syllable means something
// else in most longer words, so only those of onlyLast are looked for at the end of one.
func (k keyword) in(name []string, i int) bool {
	part := name[i]
	switch {
	case k.first && (i != 0 || len(name) == 1), k.last && i != len(name)-1:
		return false
	case part == k.text:
		return true
	case !k.wide:
		return false
	}
	long := len(k.text) > len("가")
	return (long || k.last) && strings.HasSuffix(part, k.text) || long && strings.HasPrefix(part, k.text)
}

// words splits a name at everything that is no letter or digit, at changes of script and
// at the humps of camelCase, in lower case: "orderID 주문번호" is order, id, 주문번호.
func words(name string) []string {
	var out []string
	runes := []rune(name)
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, strings.ToLower(string(runes[start:end])))
		}
		start = end
	}
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			flush(i)
			start = i + 1
			continue
		}
		if i == start {
			continue
		}
		before := runes[i-1]
		// "IDNumber": the last capital begins the next word.
		hump := unicode.IsUpper(r) && (unicode.IsLower(before) || i+1 < len(runes) && unicode.IsUpper(before) && unicode.IsLower(runes[i+1]))
		if hump || isWide(r) != isWide(before) {
			flush(i)
		}
	}
	flush(len(runes))
	return out
}

// isWide reports whether a script is written without blanks between words.
func isWide(r rune) bool {
	return unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// hasWord reports whether a name has one of the keywords.
func hasWord(name []string, list []keyword) bool {
	return slices.ContainsFunc(list, func(k keyword) bool {
		for i := range name {
			if k.in(name, i) {
				return true
			}
		}
		return false
	})
}

// hintsOf returns the types and other hints of a column name.
func hintsOf(name []string) map[string]bool {
	out := map[string]bool{}
	for hint, list := range hintWords {
		if hasWord(name, list) {
			out[hint] = true
		}
	}
	return out
}
