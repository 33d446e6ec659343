package infer

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"spiceharvester/shared/problem"
)

// column1 infers a table of one column.
func column1(name string, complexTypes bool, values ...string) Column {
	in := New([]string{name}, Options{Complex: complexTypes})
	for i, v := range values {
		in.Add(int64(i+1), []string{v})
	}
	return in.Result(problem.English).Columns[0]
}

func repeat(n int, values ...string) []string {
	var out []string
	for range n {
		out = append(out, values...)
	}
	return out
}

// The samples of the contract's sections 2.6 and 2.7. Where they show a defect, the
// expectation is the replacement.
func TestContractSamples(t *testing.T) {
	tests := []struct {
		name    string
		values  string // separated by bars
		complex bool
		want    string // type
		details string // JSON of some metadata, or of the format
	}{
		{"v", "1,234|2,000|15", false, TypeInteger, `{"min":15,"max":2000,"kind":"integer","decimal_mark":"."}`},
		{"v", "0012|0034|0991", false, TypeString, `{"leading_zeros":3,"fixed_width":4}`},
		{"zip", "02139|94103", false, TypeString, `{"leading_zeros":1,"fixed_width":5}`},
		{"zip_code", "94103|94110", false, TypeString, `{"fixed_width":5}`},
		{"v", "94103|94110", false, TypeInteger, ``},
		{"v", "1.5|2.25|3.0", false, TypeDecimal, `{"has_decimals":3,"min":1.5,"max":3.0}`},
		{"v", "1.0|2.0|3.0", false, TypeDecimal, ``},
		{"v", "10,50|20,25|2.345,00", false, TypeDecimal, `{"min":10.50,"max":2345.00,"decimal_mark":","}`},
		{"v", "1,234.50|2", false, TypeDecimal, `{"max":1234.50,"decimal_mark":"."}`},
		{"v", "1.234|2.345", false, TypeDecimal, `{"decimal_mark":".","min":1.234}`},
		{"v", "1.234|2.345|1.234.567", false, TypeInteger, `{"decimal_mark":",","min":1234,"max":1234567}`},
		{"v", "(100)|(25.5)|30", false, TypeDecimal, `{"min":-100,"max":30}`},
		{"v", "-5|-6|+7|−8", false, TypeInteger, `{"min":-8,"max":7}`},
		{"v", "12%|30 %|2.5%", false, TypeDecimal, `{"kind":"percent","semantic_label":"PERCENT","unit":"%","max":30,"has_decimals":1}`},
		{"v", "1e5|2e6", false, TypeDecimal, `{"min":1e5,"max":2e6}`},
		{"v", "20|30|n/a", false, TypeInteger, `{"null_words":{"n/a":1}}`},
		{"v", "NaN|1|INF|2", false, TypeInteger, `{"null_words":{"NaN":1,"INF":1},"matched":2,"total":2}`},
		{"v", "₹10|₹1,00,000", true, TypeMoney, `{"currency":"INR","max":100000}`},
		{"v", "1,00,000|12,34,567", false, TypeInteger, `{"max":1234567}`},
		{"v", "1|0|1|0", false, TypeInteger, `{"looks_boolean":true}`},
		{"is_active", "1|0|1|0", false, TypeBoolean, ``},
		{"v", "1|0|true", false, TypeBoolean, ``},
		{"is_active", "Yes|no|Y|N|TRUE|false|on|off", false, TypeBoolean, `{"semantic_label":"FLAG"}`},
		{"v", "참|거짓|예|아니오", false, TypeBoolean, ``},
		{"v", "はい|いいえ|真|偽", false, TypeBoolean, ``},
		{"v", "1|2|3|4|5|6|7|8|9|word", false, TypeInteger, `{"match_ratio":0.9}`},

		{"d", "2024-01-02|2024-02-03", false, TypeDate, `{"layout":"YYYY-MM-DD","detected_format":"YYYY-MM-DD"}`},
		{"d", "2024/1/2|2024-02-03|2024.12.31", false, TypeDate, `{"layout":"YYYY-MM-DD"}`},
		{"d", "13/02/2024|25/04/2024", false, TypeDate, `{"layout":"DD/MM/YYYY"}`},
		{"d", "02/13/2024|04/25/2024", false, TypeDate, `{"layout":"MM/DD/YYYY"}`},
		{"d", "01/02/2024|13/02/2024", false, TypeDate, `{"layout":"DD/MM/YYYY","ambiguous_count":1}`},
		{"d", "02.03.2024|25.04.2024", false, TypeDate, `{"layout":"DD.MM.YYYY"}`},
		{"d", "2024년 1월 2일|2024년12월31일", false, TypeDate, `{"layout":"YYYY년 MM월 DD일"}`},
		{"d", "2024年1月2日", false, TypeDate, `{"layout":"YYYY年MM月DD日"}`},
		{"d", "令和6年1月2日|平成31年4月30日|昭和元年12月25日", false, TypeDate, `{"layout":"令和年月日"}`},
		{"d", "2024-13-45|2024-02-30", false, TypeString, ``},
		{"date", "01/02/2024|03/04/2024|05/06/2024|07/08/2024", false, TypeDate, `{"layout":"MM/DD/YYYY","ambiguous_count":4,"other_format":"DD/MM/YYYY"}`},
		{"x", "01/02/2024|03/04/2024", false, TypeDate, `{"ambiguous_count":2}`},
		{"d", "20240102|20240203", false, TypeDate, `{"layout":"YYYYMMDD"}`},
		{"order_id", "20240102|20240203", false, TypeInteger, ``},
		{"d", "20240102|20241301", false, TypeInteger, ``},
		{"d", "Jan 2, 2024|2 February 2024|03-Mar-2024|Sept. 4 2024", false, TypeDate, `{"layout":"D MMM YYYY"}`},
		{"x", "00:10|12:30", false, TypeTime, ``},
		{"x", "3:04 PM|12:30:05.25", false, TypeTime, ``},
		{"x", "2024-01-02T03:04:05Z|2024-01-03T03:04:05+09:00", false, TypeDateTime, `{"detected_format":"ISO DateTime","timezone_count":2}`},
		{"x", "2024-01-02 03:04:05|2024-01-03 13:04:05", false, TypeDateTime, `{"detected_format":"YYYY-MM-DD HH:MM:SS"}`},
		{"created_at", "2024-01-02 03:04|2024-01-03 13:04", false, TypeDateTime, ``},
		{"x", "2024-01-02T03:04:05|2024-01-03 13:04|2024-01-04", false, TypeDateTime, ``},
		{"x", "13/02/2024 03:04 PM|14/02/2024 11:00 AM", false, TypeDateTime, `{"layout":"DD/MM/YYYY"}`},

		{"v", "a@example.com|b.c@example.co.kr", true, TypeEmail, `{"semantic_label":"EMAIL"}`},
		{"v", "https://example.com/a?b=c|http://x.org", true, TypeURI, `{"semantic_label":"URL"}`},
		{"v", "00000000-0000-0000-0000-000000000000|6BA7B810-9DAD-11D1-80B4-00C04FD430C8", true, TypeUUID, ``},
		{"v", "192.168.0.1|::1|fe80::1", true, TypeIP, ``},
		{"v", "[1,2]|[]", true, TypeArray, ``},
		{"v", `{"a":1}|{}`, true, TypeObject, ``},
		{"v", "37.5,127.0|-33.9, 151.2", true, TypeCoordinate, ``},
		{"v", "37,127|12,345", true, TypeInteger, ``},
		{"v", "010-1234-5678|02-555-1234|+82-10-1234-5678", true, TypePhone, `{"suggested_constraints":{"defaultRegion":"KR"},"region":"KR"}`},
		{"v", "01012345678|01098765432", true, TypePhone, `{"region":"KR"}`},
		{"v", "+1 212 555 1234|+1 (415) 555-2671", true, TypePhone, `{"suggested_constraints":{"defaultRegion":"US"}}`},
		{"v", "(212) 555-1234|415.555.2671", true, TypePhone, `{"region":"US"}`},
		{"v", "+44 20 7946 0958|+44 20 7946 0959", true, TypePhone, `{}`},
		{"v", "12345678901|12345678902", true, TypeInteger, ``},
		{"phone", "12125551234|12125551235", true, TypePhone, ``},
		{"address", "1 Main St, NY|2 Side Ave, LA", true, TypeAddress, `{"semantic_label":"ADDRESS"}`},
		{"v", "1 Main St, NY|2 Side Ave, LA", true, TypeString, ``},
		{"v", "open|closed|late", true, TypeString, ``},
		{"price", "$1.50|$20.00", true, TypeMoney, `{"currency":"USD","semantic_label":"PRICE","unit":"USD","suggested_constraints":{"allowedCurrencies":["USD"],"defaultCurrency":"USD"}}`},
		{"v", "$1.50|$20.00", true, TypeMoney, `{"semantic_label":"AMOUNT","unit":"USD","min":1.50,"max":20.00}`},
		{"v", "¥150|¥200", true, TypeMoney, `{"currency":"JPY","ambiguous_symbol_resolved":{"JPY":2},"ambiguous_symbol_candidates":["CNY","JPY"],"yen":"JPY"}`},
		{"v", "¥150|150 RMB|15,000원", true, TypeMoney, `{"currencies":["CNY","KRW"],"yen":"CNY","suggested_constraints":{"allowedCurrencies":["CNY","KRW"]}}`},
		{"v", "15,000원|2,000원", true, TypeMoney, `{"currency":"KRW","min":2000,"max":15000}`},
		{"v", "€10|€20", true, TypeMoney, `{"currency":"EUR"}`},
		{"v", "CNY 10|20 cny", true, TypeMoney, `{"currency":"CNY"}`},
		{"v", "€1.234,50|-€20|(€3)", true, TypeMoney, `{"decimal_mark":",","min":-20,"max":1234.50}`},
		{"v", "$1.50|$20.00", false, TypeString, ``},

		{"qty", "1|2|30", false, TypeInteger, `{"semantic_label":"QTY","unit":"pcs"}`},
		{"주문수량", "1|2|30", false, TypeInteger, `{"semantic_label":"QTY","unit":"pcs"}`},
		{"sku", "A-1|B-2", false, TypeString, `{"semantic_label":"SKU"}`},
		{"user_id", "u1|u2", false, TypeString, `{"semantic_label":"ID"}`},
		{"name", "Kim|Lee", false, TypeString, `{"semantic_label":"NAME"}`},
		{"notes", "Kim|Lee", false, TypeString, `{"semantic_label":null}`},
		{"v", "AB1|20M|XY|CD", false, TypeString, `{"semantic_label":null,"unit":null}`},
		{"v", "10 kg|12.5kg|7개", false, TypeString, `{"semantic_label":"WEIGHT","unit":"kg"}`},
		{"description", "4111|4112", true, TypeInteger, ``},
		{"hotel", "4111|4112", true, TypeInteger, ``},
	}
	for _, test := range tests {
		t.Run(test.name+" "+test.values, func(t *testing.T) {
			c := column1(test.name, test.complex, strings.Split(test.values, "|")...)
			if c.Inferred.Type != test.want {
				t.Fatalf("%s, want %s: %s %+v", c.Inferred.Type, test.want, c.Inferred.Reason, c.Inferred.Metadata)
			}
			checkDetails(t, c, test.details)
		})
	}
}

// checkDetails compares the wanted members with those of the metadata or the format.
func checkDetails(t *testing.T, c Column, want string) {
	t.Helper()
	if want == "" {
		return
	}
	got := map[string]json.RawMessage{}
	for _, part := range []any{c.Format, c.Inferred.Metadata} {
		text, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
	}
	var wanted map[string]json.RawMessage
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	for key, value := range wanted {
		if text := string(got[key]); text != string(value) && !(text == "" && string(value) == "null") {
			var a, b any
			_ = json.Unmarshal(got[key], &a)
			_ = json.Unmarshal(value, &b)
			if fmt.Sprint(a) != fmt.Sprint(b) || text == "" {
				t.Errorf("%s is %s, want %s", key, text, value)
			}
		}
	}
}

func TestCounts(t *testing.T) {
	c := column1("v", false, "1", "", "2", "  ", "", "\t", "3", "")
	if c.TotalCount != 8 || c.NonEmptyCount != 3 || c.NullCount != 5 || c.UniqueCount != 3 || c.NullRatio != 0.625 || c.UniqueRatio != 1 || !c.Nullable {
		t.Errorf("%+v", c)
	}
	if c.Inferred.Type != TypeInteger || c.Inferred.Confidence != 1 {
		t.Errorf("%+v", c.Inferred)
	}
	c = column1("v", false, "4", "3", "3", "1")
	if md := c.Inferred.Metadata; *md.Mean != 2.75 || *md.Std != 1.258306 || strings.Join(c.SampleValues, " ") != "4 3 1" || c.UniqueRatio != 0.75 {
		t.Errorf("%+v %v", md, c.SampleValues)
	}
}

func TestNoData(t *testing.T) {
	in := New([]string{"a", "b"}, Options{Complex: true})
	in.Add(1, []string{" "}) // a short row: its other cells are null
	for _, c := range in.Result(problem.Korean).Columns {
		if c.Inferred.Type != TypeString || c.Inferred.Confidence != 1 || c.Inferred.Reason != "데이터가 없습니다." || c.Inferred.Message.EN != "No data available" || c.NullCount != 1 {
			t.Errorf("%+v", c)
		}
	}
}

// Text says what it nearly was.
func TestRejected(t *testing.T) {
	values := append(repeat(17, "12", "7", "9", "31", "45"), repeat(15, "x")...)
	c := column1("v", false, values...)
	if c.Inferred.Type != TypeString || c.Inferred.Confidence != 0.15 || *c.Inferred.Metadata.Rejected != (Rejected{TypeInteger, 0.85}) ||
		!strings.HasPrefix(c.Inferred.Reason, "No specific pattern: only 85/100 values are whole numbers") {
		t.Errorf("%+v", c.Inferred)
	}
	if c := column1("v", false, "abc", "def"); c.Inferred.Confidence != 1 || c.Inferred.Reason != "No specific pattern" || c.Inferred.Metadata.Rejected != nil {
		t.Errorf("%+v", c.Inferred)
	}
}

func TestMismatches(t *testing.T) {
	values := repeat(30, "2024-01-02")
	values[3], values[20] = "soon", "2024-02-30"
	c := column1("v", false, values...)
	if c.Inferred.Type != TypeDate || fmt.Sprint(c.Inferred.Metadata.Mismatches) != "[{4 soon} {21 2024-02-30}]" ||
		c.Inferred.Reason != "28/30 values are dates in the form YYYY-MM-DD" || c.Inferred.Metadata.MatchRatio != 0.933333 {
		t.Errorf("%+v", c.Inferred)
	}
}

// Confidence may be raised for numbers of one kind; the ratio stays what it is, and a
// column that many values do not fit is not carried.
func TestRatioAndConfidence(t *testing.T) {
	values := repeat(9, "5")
	c := column1("v", false, append(values, "word")...)
	if c.Inferred.Confidence != 0.99 || c.Inferred.Metadata.MatchRatio != 0.9 || !strings.Contains(c.Inferred.Reason, "9/10") {
		t.Errorf("%+v", c.Inferred)
	}
	if c := column1("v", false, append(repeat(86, "5"), repeat(14, "word")...)...); c.Inferred.Type != TypeString {
		t.Errorf("%+v", c.Inferred)
	}
}

// A name lowers the threshold; the values decide.
func TestHints(t *testing.T) {
	mails := []string{"a@x.com", "b@x.com", "c@x.com", "not one"}
	if c := column1("v", true, mails...); c.Inferred.Type != TypeString {
		t.Errorf("%+v", c.Inferred)
	}
	if c := column1("이메일", true, mails...); c.Inferred.Type != TypeEmail || c.Inferred.Confidence != 0.75 {
		t.Errorf("%+v", c.Inferred)
	}
	if c := column1("email", true, "1", "2", "3", "4"); c.Inferred.Type != TypeInteger {
		t.Errorf("%+v", c.Inferred)
	}
}

func TestEnum(t *testing.T) {
	c := column1("v", true, repeat(20, "open", "closed")...)
	if md := c.Inferred.Metadata; c.Inferred.Type != TypeEnum || c.Inferred.Confidence != 0.95 || fmt.Sprint(md.AllowedValues) != "[closed open]" || md.UniqueCount != 2 || md.Constraints["enum"] == nil {
		t.Errorf("%+v", c.Inferred)
	}
	if c := column1("status", true, repeat(5, "open", "closed")...); c.Inferred.Type != TypeEnum || c.Inferred.Confidence != 0.8 {
		t.Errorf("%+v", c.Inferred)
	}
	// A null word is a value of an enum, as of any text.
	if c := column1("v", true, repeat(20, "open", "N/A")...); c.Inferred.Type != TypeEnum || len(c.Format.NullWords) != 0 || fmt.Sprint(c.Inferred.Metadata.AllowedValues) != "[N/A open]" {
		t.Errorf("%+v", c)
	}
}

func TestNullWords(t *testing.T) {
	in := New([]string{"v", "w"}, Options{NullWords: []string{"없음", "Missing"}})
	for i, v := range []string{"1", "MISSING", "2", "없음", "3", "4"} {
		in.Add(int64(i), []string{v, "text"})
	}
	c := in.Result(problem.English).Columns[0]
	if c.Inferred.Type != TypeInteger || strings.Join(c.Format.NullWords, ",") != "MISSING,없음" || !c.Nullable || c.NullCount != 0 {
		t.Errorf("%+v", c)
	}
	in = New([]string{"v"}, Options{NullWords: []string{}})
	for i, v := range []string{"1", "n/a", "2"} {
		in.Add(int64(i), []string{v})
	}
	if c := in.Result(problem.English).Columns[0]; c.Inferred.Type != TypeString {
		t.Errorf("%+v", c.Inferred)
	}
}

func TestKeyCandidates(t *testing.T) {
	in := New([]string{"label", "code", "n", "price", "gap"}, Options{})
	for i := range 100 {
		gap := fmt.Sprint(i)
		if i == 50 {
			gap = ""
		}
		in.Add(int64(i), []string{fmt.Sprint("item ", i), fmt.Sprintf("%05d", i), fmt.Sprint(i % 10), fmt.Sprintf("%d.5", i), gap})
	}
	if got := in.Result(problem.English).KeyCandidates; strings.Join(got, " ") != "code label" {
		t.Error(got)
	}
}

// When the memory for counting runs out, columns that cannot be keys give theirs back.
func TestDistinctBudget(t *testing.T) {
	in := New([]string{"key", "half"}, Options{DistinctSlots: 4096 + 2048})
	for i := range 2000 {
		in.Add(int64(i), []string{fmt.Sprint("k", i), fmt.Sprint("h", i/2)})
	}
	r := in.Result(problem.English)
	if key := r.Columns[0]; key.UniqueCount != 2000 || !key.UniqueExact {
		t.Errorf("%+v", key)
	}
	for i := range 10_000 {
		in.Add(int64(i), []string{fmt.Sprint("n", i), fmt.Sprint("h", i)})
	}
	r = in.Result(problem.English)
	if key := r.Columns[0]; key.UniqueExact || key.UniqueCount < 2000 || len(r.KeyCandidates) != 0 {
		t.Errorf("%+v %v", key, r.KeyCandidates)
	}
}

func TestWords(t *testing.T) {
	for name, want := range map[string]string{
		"orderID": "order id", "IDNumber": "id number", "is_active": "is active", "e-mail": "e mail", "주문 일자": "주문 일자",
		"customer이름": "customer 이름", "created.at": "created at", "ipv4": "ipv4", "": "", "  __ ": "", "naïve Café": "naïve café",
	} {
		if got := strings.Join(words(name), " "); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"shipping": "", "updated": "", "updated_at": TypeDateTime, "판매일": TypeDate, "휴대폰번호": TypePhone, "is": "", "has_stock": TypeBoolean, "전화번호": TypePhone,
	} {
		hints := hintsOf(words(name))
		delete(hints, hintKey)
		if want == "" && len(hints) > 0 || want != "" && !hints[want] {
			t.Errorf("%q: %v, want %q", name, hints, want)
		}
	}
}
