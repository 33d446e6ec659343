package infer

import "strings"

// labelWords are the semantic labels that a name gives, in the order in which they are
// tried.
var labelWords = []struct {
	label string
	words []keyword
}{
	{"SKU", keywords("sku")},
	{"QTY", keywords("qty quantity count cnt 수량 개수 갯수 数量")},
	{"PRICE", keywords("price 가격 단가 価格")},
	{"AMOUNT", keywords("amount total fee cost salary revenue 금액 합계 비용 요금 매출 金額")},
	{"PERCENT", keywords("percent percentage pct ratio rate 비율 율 率")},
	{"WEIGHT", keywords("weight 무게 중량 重量")},
	{"LENGTH", keywords("length width height depth distance 길이 너비 높이 거리")},
	{"VOLUME", keywords("volume capacity 부피 용량")},
	{"ADDRESS", keywords("address addr 주소 住所 地址")},
	{"STATUS", keywords("status state 상태 状態")},
	{"CATEGORY", keywords("category type kind class 분류 유형 종류")},
	{"ID", keywords("id no code key identifier 번호 코드 아이디 番号")},
	{"NAME", keywords("name title 이름 성명 명칭 名前 名称 姓名")},
}

// typeLabels are the labels that a type gives, whatever the name is.
var typeLabels = map[string]string{
	TypeEmail: "EMAIL", TypePhone: "PHONE", TypeURI: "URL", TypeDate: "DATE", TypeDateTime: "DATETIME",
	TypeBoolean: "FLAG", TypeAddress: "ADDRESS", TypeUUID: "ID",
}

// numberLabels need values that are numbers, or numbers with a unit.
var numberLabels = map[string]bool{"QTY": true, "PRICE": true, "AMOUNT": true, "PERCENT": true, "WEIGHT": true, "LENGTH": true, "VOLUME": true}

// units are the words behind numbers that are known, with the unit they mean.
var units = map[string]string{
	"pcs": "pcs", "pc": "pcs", "ea": "pcs", "개": "pcs", "장": "pcs", "대": "pcs", "권": "pcs", "병": "pcs",
	"%": "%", "kg": "kg", "g": "g", "mg": "mg", "lb": "lb", "lbs": "lb", "oz": "oz",
	"mm": "mm", "cm": "cm", "m": "m", "km": "km", "in": "in", "ft": "ft", "ml": "ml", "l": "l",
}

var unitLabels = map[string]string{
	"pcs": "QTY", "%": "PERCENT", "kg": "WEIGHT", "g": "WEIGHT", "mg": "WEIGHT", "lb": "WEIGHT", "oz": "WEIGHT",
	"mm": "LENGTH", "cm": "LENGTH", "m": "LENGTH", "km": "LENGTH", "in": "LENGTH", "ft": "LENGTH", "ml": "VOLUME", "l": "VOLUME",
}

// semantics gives the label and unit of a column.
func semantics(typ string, format Format, name []string, unit string) (label, outUnit string) {
	switch {
	case format.Kind == KindPercent:
		return "PERCENT", "%"
	case typeLabels[typ] != "":
		return typeLabels[typ], ""
	}
	numeric := typ == TypeInteger || typ == TypeDecimal || typ == TypeMoney || unit != ""
	for _, l := range labelWords {
		if hasWord(name, l.words) && (numeric || !numberLabels[l.label]) {
			label = l.label
			break
		}
	}
	if typ == TypeMoney && label != "PRICE" {
		label = "AMOUNT"
	}
	if label == "" {
		label = unitLabels[unit]
	}
	if label == "QTY" && unit == "" {
		unit = "pcs"
	}
	return label, unit
}

// unitOf returns the unit of a cell such as "10 kg", or "".
func unitOf(s string) string {
	last := strings.LastIndexAny(s, digits)
	if last < 0 || last+1 == len(s) || len(s)-last > 12 {
		return ""
	}
	word := strings.TrimSpace(s[last+1:])
	unit := units[word]
	if unit == "" {
		unit = units[strings.ToLower(word)]
	}
	if unit == "" {
		return ""
	}
	var buf [64]byte
	if _, _, ok := appendNumber(buf[:0], s[:last+1], dot); ok {
		return unit
	}
	if _, _, ok := appendNumber(buf[:0], s[:last+1], comma); ok {
		return unit
	}
	return ""
}
