package value

import (
	"strings"
	"testing"

	"spiceharvester/shared/problem/strictjson"
)

// TestContract goes through the tables of the contract (bff-api 4.1 to 4.4) and its
// conformance vectors (Appendix B), type by type and key by key, in both directions.
// What it wants is JSON text, or "!" and the type of the first error.
func TestContract(t *testing.T) {
	const sheet = "https://docs.google.com/spreadsheets/d/1AbCdEfGhIjK"
	for typ, cases := range map[string][][3]string{ // constraints, value, want
		"google_sheets_url": {
			{"", `"` + sheet + `/edit#gid=0"`, `"` + sheet + `/edit#gid=0"`},
			{"", `"https://docs.google.com/spreadsheets/u/2/d/1AbCdEfGhIjK/edit?gid=7"`, `"` + sheet + `/edit?gid=7"`},
			{"", `"` + sheet + `"`, `"` + sheet + `"`},
			{"", `"https://docs.google.com/spreadsheets/d/short"`, "!url_parsing"},
			{"", `"https://example.com/spreadsheets/d/1AbCdEfGhIjK"`, "!url_parsing"},
			{"", `"http://docs.google.com/spreadsheets/d/1AbCdEfGhIjK"`, "!url_parsing"},
			{"", `"https://u@docs.google.com/spreadsheets/d/1AbCdEfGhIjK"`, "!url_parsing"},
			{"", `7`, "!string_type"},
			{`{"requireEditMode":true}`, `"` + sheet + `/edit"`, `"` + sheet + `/edit"`},
			{`{"requireEditMode":true}`, `"` + sheet + `/view"`, "!value_error"},
			{`{"requireWorksheet":true}`, `"` + sheet + `/edit#gid=12"`, `"` + sheet + `/edit#gid=12"`},
			{`{"requireWorksheet":true}`, `"` + sheet + `/edit"`, "!value_error"},
		},
		"name": {
			{"", `"anything at all"`, `"anything at all"`},
			{`{"convention":"camelCase"}`, `"orderLine"`, `"orderLine"`}, {`{"convention":"camelCase"}`, `"OrderLine"`, "!value_error"},
			{`{"convention":"PascalCase"}`, `"OrderLine"`, `"OrderLine"`}, {`{"convention":"PascalCase"}`, `"orderLine"`, "!value_error"},
			{`{"convention":"snake_case"}`, `"order_line"`, `"order_line"`}, {`{"convention":"snake_case"}`, `"order__line"`, "!value_error"},
			{`{"convention":"kebab-case"}`, `"order-line"`, `"order-line"`}, {`{"convention":"kebab-case"}`, `"order_line"`, "!value_error"},
			{`{"convention":"UPPER_SNAKE_CASE"}`, `"ORDER_LINE"`, `"ORDER_LINE"`}, {`{"convention":"UPPER_SNAKE_CASE"}`, `"Order"`, "!value_error"},
			{`{"convention":"lowercase"}`, `"order"`, `"order"`}, {`{"convention":"lowercase"}`, `"oRder"`, "!value_error"},
			{`{"convention":"UPPERCASE"}`, `"ORDER"`, `"ORDER"`}, {`{"convention":"UPPERCASE"}`, `"OR_DER"`, "!value_error"},
			{`{"convention":"dot.notation"}`, `"a.b.c"`, `"a.b.c"`}, {`{"convention":"dot.notation"}`, `"a..b"`, "!value_error"},
			{`{"convention":"path/notation"}`, `"a/b"`, `"a/b"`}, {`{"convention":"path/notation"}`, `"/a"`, "!value_error"},
			{`{"type":"slug"}`, `"a-1"`, `"a-1"`}, {`{"type":"slug"}`, `"A"`, "!value_error"},
			{`{"type":"filename"}`, `"보고서 1.pdf"`, `"보고서 1.pdf"`}, {`{"type":"filename"}`, `"a/b"`, "!value_error"},
			{`{"type":"variable"}`, `"$x1"`, `"$x1"`}, {`{"type":"variable"}`, `"1x"`, "!value_error"},
			{`{"type":"predicate"}`, `"ownedBy"`, `"ownedBy"`}, {`{"type":"predicate"}`, `"owned-by"`, "!value_error"},
			// type before pattern before convention
			{`{"type":"slug","pattern":"[A-Z]+$","convention":"camelCase"}`, `"a-b"`, `"a-b"`},
			{`{"pattern":"[A-Z]+$","convention":"camelCase"}`, `"ABC"`, `"ABC"`},
			{`{"pattern":"[A-Z]+$","convention":"camelCase"}`, `"abc"`, "!string_pattern_mismatch"},
			{`{"forbiddenPatterns":["^tmp","x$"]}`, `"ok"`, `"ok"`}, {`{"forbiddenPatterns":["^tmp","x$"]}`, `"tmp1"`, "!value_error"},
			{`{"reservedWords":["select"]}`, `"selects"`, `"selects"`}, {`{"reservedWords":["select"]}`, `"select"`, "!value_error"},
			{`{"minLength":2,"maxLength":3}`, `"ab"`, `"ab"`}, {`{"minLength":2}`, `"a"`, "!string_too_short"}, {`{"maxLength":3}`, `"abcd"`, "!string_too_long"},
		},
		"database_name": {{"", `"shop_1"`, `"shop_1"`}, {"", `"1shop"`, "!value_error"}},
		"class_id":      {{"", `"a-b"`, `"a-b"`}, {"", `"a:b"`, `"a:b"`}, {"", `"a.b"`, "!value_error"}, {"", `"한글"`, "!value_error"}},
		"branch_name":   {{"", `"feature/x.1"`, `"feature/x.1"`}, {"", `"a b"`, "!value_error"}},
		"predicate":     {{"", `"owned_by"`, `"owned_by"`}, {"", `"-x"`, "!value_error"}},
		"identifier":    {{"", `"_x1"`, `"_x1"`}, {"", `"x-1"`, "!value_error"}},
		"string": {
			{`{"trim":true}`, `"  a b "`, `"a b"`},
			{`{"toLowerCase":true}`, `"ÄB"`, `"äb"`}, {`{"toUpperCase":true}`, `"äb"`, `"ÄB"`},
			{`{"blacklist":["bad"]}`, `"good"`, `"good"`}, {`{"blacklist":["bad"]}`, `"a bad one"`, "!value_error"},
			{`{"whitelist":["a","b"]}`, `"b"`, `"b"`}, {`{"whitelist":["a","b"]}`, `"c"`, "!value_error"},
			{`{"trim":true,"minLength":2}`, `" a "`, "!string_too_short"},
			{`{"uppercase":true}`, `"AB"`, `"AB"`}, {`{"lowercase":true}`, `"aB"`, "!value_error"},
			{`{"format":"date"}`, `"2024-02-29"`, `"2024-02-29"`}, {`{"format":"date"}`, `"2023-02-29"`, "!value_error"},
			{`{"format":"time"}`, `"09:30:00"`, `"09:30:00"`}, {`{"format":"time"}`, `"24:00"`, "!value_error"},
			{`{"format":"date-time"}`, `"2024-01-01T00:00:00Z"`, `"2024-01-01T00:00:00Z"`}, {`{"format":"date-time"}`, `"soon"`, "!value_error"},
			{`{"format":"email"}`, `"a@b.kr"`, `"a@b.kr"`}, {`{"format":"email"}`, `"a@b"`, "!value_error"},
			{`{"format":"hostname"}`, `"a-1.example"`, `"a-1.example"`}, {`{"format":"hostname"}`, `"-a"`, "!value_error"},
			{`{"format":"ipv4"}`, `"1.2.3.4"`, `"1.2.3.4"`}, {`{"format":"ipv4"}`, `"1.2.3"`, "!value_error"},
			{`{"format":"ipv6"}`, `"::1"`, `"::1"`}, {`{"format":"ipv6"}`, `"1.2.3.4"`, "!value_error"},
			{`{"format":"uri"}`, `"urn:x:y"`, `"urn:x:y"`}, {`{"format":"uri"}`, `"foo"`, "!value_error"},
			{`{"format":"uuid"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`},
			{`{"format":"uuid"}`, `"6BA7B811-9DAD-11D1-80B4-00C04FD430C8"`, "!value_error"},
			{`{"format":"credit-card"}`, `"4111 1111 1111 1111"`, `"4111 1111 1111 1111"`}, {`{"format":"credit-card"}`, `"4111111111111112"`, "!value_error"},
			{`{"format":"credit-card"}`, `"0000"`, "!value_error"},
			{`{"format":"isbn"}`, `"0-306-40615-2"`, `"0-306-40615-2"`}, {`{"format":"isbn"}`, `"080442957X"`, `"080442957X"`},
			{`{"format":"isbn"}`, `"978-0-306-40615-7"`, `"978-0-306-40615-7"`}, {`{"format":"isbn"}`, `"978-0-306-40615-8"`, "!value_error"},
			{`{"format":"isbn"}`, `"0306406153"`, "!value_error"}, {`{"format":"isbn"}`, `"12345"`, "!value_error"}, {`{"format":"isbn"}`, `"97803064061X7"`, "!value_error"},
			{`{"format":"alpha"}`, `"ab 가"`, `"ab 가"`}, {`{"format":"alpha"}`, `"a1"`, "!value_error"},
			{`{"format":"alphanumeric"}`, `"a 1"`, `"a 1"`}, {`{"format":"alphanumeric"}`, `"a-1"`, "!value_error"},
			{`{"format":"numeric"}`, `"1 2"`, `"1 2"`}, {`{"format":"numeric"}`, `"1a"`, "!value_error"},
			{`{"format":"hexadecimal"}`, `"fF0"`, `"fF0"`}, {`{"format":"hexadecimal"}`, `"0x"`, "!value_error"},
			{`{"format":"base64"}`, `"U1BJQ0U="`, `"U1BJQ0U="`}, {`{"format":"base64"}`, `"U1BJQ0U"`, "!value_error"},
		},
		"xsd:integer": {
			{"", `true`, "!int_type"},
			{`{"minimum":1}`, `1`, `1`}, {`{"exclusiveMinimum":1}`, `2`, `2`}, {`{"exclusiveMinimum":1}`, `1`, "!greater_than"},
			{`{"maximum":2}`, `2`, `2`}, {`{"maximum":2}`, `3`, "!less_than_equal"},
			{`{"exclusiveMaximum":2}`, `1`, `1`}, {`{"exclusiveMaximum":2}`, `2`, "!less_than"},
			{`{"multipleOf":3}`, `9`, `9`}, {`{"multipleOf":3}`, `10`, "!multiple_of"},
		},
		"xsd:unsignedInt":   {{"", `-1`, "!greater_than_equal"}, {"", `0`, `0`}},
		"xsd:unsignedLong":  {{"", `18446744073709551616`, `18446744073709551616`}, {"", `-1`, "!greater_than_equal"}},
		"xsd:unsignedShort": {{"", `1`, `1`}, {"", `1.5`, "!int_from_float"}},
		"xsd:unsignedByte":  {{"", `1`, `1`}, {"", `false`, "!int_type"}},
		"xsd:long":          {{"", `-5`, `-5`}, {"", `"5"`, "!int_type"}},
		"xsd:short":         {{"", `-5`, `-5`}, {"", `0.5`, "!int_from_float"}},
		"xsd:byte":          {{"", `-5`, `-5`}, {"", `null`, "!int_type"}},
		"xsd:float":         {{"", `1.5`, `1.5`}, {"", `"x"`, "!float_type"}},
		"xsd:double":        {{"", `1e3`, `1e3`}, {"", `true`, "!float_type"}},
		"xsd:decimal":       {{`{"precision":2}`, `1.25`, `1.25`}, {`{"precision":2}`, `1.255`, "!decimal_max_places"}},
		"xsd:boolean":       {{"", `false`, `false`}, {"", `"true"`, "!bool_type"}, {"", `1`, "!bool_type"}},
		"xsd:date":          {{"", `"2024-12-31"`, `"2024-12-31"`}, {"", `"2024-13-01"`, "!date_parsing"}},
		"xsd:dateTime":      {{"", `"2024-12-31T23:59:59Z"`, `"2024-12-31T23:59:59Z"`}, {"", `"2024-12-31T25:00:00Z"`, "!datetime_parsing"}},
		"xsd:anyURI":        {{"", `"https://a"`, `"https://a"`}, {"", `"foo"`, "!url_parsing"}},
		"xsd:time":          {{"", `"23:59:59.5"`, `"23:59:59.5"`}, {"", `"noon"`, "!time_parsing"}},
		"xsd:duration":      {{"", `"PT1H"`, `"PT1H"`}, {"", `"1 hour"`, "!value_error"}},
		"xsd:gYear":         {{"", `"2024"`, `"2024"`}, {"", `"24"`, "!value_error"}},
		"xsd:gMonth":        {{"", `"--12"`, `"--12"`}, {"", `"--13"`, "!value_error"}},
		"xsd:gDay":          {{"", `"---31"`, `"---31"`}, {"", `"---32"`, "!value_error"}},
		"xsd:gYearMonth":    {{"", `"2024-12"`, `"2024-12"`}, {"", `"2024"`, "!value_error"}},
		"xsd:gMonthDay":     {{"", `"--12-31"`, `"--12-31"`}, {"", `"12-31"`, "!value_error"}},
		"xsd:base64Binary":  {{"", `"QQ=="`, `"QQ=="`}, {"", `"Q"`, "!value_error"}},
		"xsd:hexBinary":     {{"", `"0FB7"`, `"0FB7"`}, {"", `"0F7"`, "!value_error"}},
		"array": {
			{`{"itemType":"integer"}`, `[1,2]`, `[1,2]`}, {`{"itemType":"integer"}`, `[1,"x"]`, "!int_type"},
			{`{"minItems":1}`, `[1]`, `[1]`}, {`{"minItems":1}`, `[]`, "!too_short"}, {`{"maxItems":1}`, `[1,2]`, "!too_long"},
			{`{"contains":"x"}`, `["x"]`, `["x"]`}, {`{"notContains":"x"}`, `["x"]`, "!value_error"},
			{`{"uniqueItems":true}`, `[1,"1"]`, `[1,"1"]`}, {`{"uniqueItems":true}`, `[1,1]`, "!value_error"},
			{"", `{"a":1}`, "!list_type"},
		},
		"object": {
			{`{"required":["b"]}`, `{"b":1}`, `{"b":1}`}, {`{"required":["b"]}`, `{"b":null}`, "!missing"},
			{`{"additionalProperties":false,"schema":{"a":{"type":"string"}}}`, `{"a":"x"}`, `{"a":"x"}`},
			{`{"additionalProperties":false}`, `{"a":1}`, "!extra_forbidden"}, {"", `[1]`, "!dict_type"},
			{`{"schema":{"a":{"type":"string","constraints":{"minLength":2}}}}`, `{"a":"x"}`, "!string_too_short"},
		},
		"enum": {{`{"enum":["a",{"b":1}]}`, `{"b":1}`, `{"b":1}`}, {`{"enum":["1"]}`, `1`, "!enum"}},
		"phone": {
			{"", `"(650) 253-0000"`, `"+16502530000"`}, {"", `"+82 10-1234-5678"`, `"+821012345678"`}, {"", `"123"`, "!value_error"},
			{`{"defaultRegion":"kr"}`, `"010-1234-5678"`, `"+821012345678"`}, {`{"allowedRegions":["KR"]}`, `"+821012345678"`, `"+821012345678"`},
			{`{"allowedRegions":["KR"]}`, `"+16502530000"`, "!value_error"}, {"", `"+1 650 253 00"`, "!value_error"}, {"", `16502530000`, "!string_type"},
		},
		"email": {
			{"", `"A.b@Example.COM"`, `"A.b@example.com"`}, {"", `"a"`, "!value_error"},
			{`{"allowedDomains":["example.com"]}`, `"a@EXAMPLE.com"`, `"a@example.com"`}, {`{"allowedDomains":["example.com"]}`, `"a@sub.example.com"`, "!value_error"},
		},
		"coordinate": {
			{"", `"0,0"`, `{"latitude":0,"longitude":0}`}, {"", `{"latitude":0,"longitude":0}`, `{"latitude":0,"longitude":0}`},
			{"", `[90,-180]`, `{"latitude":90,"longitude":-180}`}, {"", `[90.1,0]`, "!value_error"}, {"", `"0,180.1"`, "!value_error"}, {"", `[1]`, "!value_error"},
			{`{"precision":2}`, `[37.5665,126.978]`, `{"latitude":37.57,"longitude":126.98}`}, {`{"precision":0}`, `[-0.5,0.4]`, `{"latitude":-1,"longitude":0}`},
			{`{"precision":6}`, `[1.5,-0.0000004]`, `{"latitude":1.5,"longitude":0}`},
			{`{"boundingBox":[30,120,40,130]}`, `[35,125]`, `{"latitude":35,"longitude":125}`}, {`{"boundingBox":[30,120,40,130]}`, `[35,131]`, "!value_error"},
		},
		"address": {
			{"", `"서울시 중구"`, `"서울시 중구"`}, {"", `{"city":"Seoul","country":"KR","postalCode":"x"}`, `{"city":"Seoul","country":"KR","postalCode":"x"}`},
			{`{"requiredFields":["city"],"defaultCountry":"US"}`, `{"city":"x"}`, `{"city":"x"}`}, {`{"requiredFields":["city"]}`, `{"city":" "}`, "!value_error"},
			{"", `{"country":"US","postalCode":"12345-6789"}`, `{"country":"US","postalCode":"12345-6789"}`}, {"", `{"country":"US","state":"ZZ"}`, "!value_error"},
			{"", `{"country":"CA","postalCode":"K1A 0B1"}`, `{"country":"CA","postalCode":"K1A 0B1"}`}, {"", `{"country":"CA","postalCode":"11111"}`, "!value_error"},
			{"", `{"country":"GB","postalCode":"SW1A 1AA"}`, `{"country":"GB","postalCode":"SW1A 1AA"}`}, {"", `{"country":"GB","postalCode":"1"}`, "!value_error"},
			{"", `{"city":1}`, "!value_error"}, {"", `1`, "!value_error"},
		},
		"image": {
			{"", `"file:///a.png"`, `"file:///a.png"`}, {"", `"https://a.com/x"`, `"https://a.com/x"`}, {"", `"a.png"`, "!url_parsing"},
			{`{"requireHttps":true}`, `"https://a.com/x"`, `"https://a.com/x"`}, {`{"requireHttps":true}`, `"http://a.com/x"`, "!value_error"},
			{`{"allowedDomains":["a.com"]}`, `"http://s.a.com/x"`, `"http://s.a.com/x"`}, {`{"allowedDomains":["a.com"]}`, `"http://b.com/x"`, "!value_error"},
			{`{"requireExtension":true}`, `"http://a.com/x.ico"`, `"http://a.com/x.ico"`}, {`{"requireExtension":true}`, `"http://a.com/x.exe"`, "!value_error"},
			{`{"allowedExtensions":[".png"]}`, `"http://a.com/x.PNG?a=1"`, `"http://a.com/x.PNG?a=1"`}, {`{"allowedExtensions":[".png"]}`, `"http://a.com/x.gif"`, "!value_error"},
		},
		"file": {
			{"", `"https://a.com/d/r.tar.gz"`, `"https://a.com/d/r.tar.gz"`}, {"", `"r.tar.gz"`, "!url_parsing"}, {"", `{"name":"x"}`, "!url_parsing"},
			{`{"maxSize":10}`, `{"url":"https://a.com/x","size":10}`, `{"size":10,"url":"https://a.com/x"}`}, {`{"maxSize":10}`, `{"url":"https://a.com/x","size":11}`, "!value_error"},
			{`{"allowedExtensions":[".gz"]}`, `"https://a.com/x.gz"`, `"https://a.com/x.gz"`}, {`{"allowedExtensions":[".gz"]}`, `"https://a.com/x.zip"`, "!value_error"},
			{`{"allowedMimeTypes":["text/csv"]}`, `{"url":"https://a.com/x","mimeType":"TEXT/csv"}`, `{"mimeType":"TEXT/csv","url":"https://a.com/x"}`},
			{`{"allowedMimeTypes":["text/csv"]}`, `{"url":"https://a.com/x","mimeType":"text/html"}`, "!value_error"},
		},
		"url": {
			{"", `"https://a-b.com/c-d"`, `"https://a-b.com/c-d"`}, {"", `"ftp://a.com"`, "!url_parsing"}, {`{"allowedSchemes":["ftp"]}`, `"ftp://a.com"`, `"ftp://a.com"`},
			{`{"requirePath":true}`, `"https://a.com/x"`, `"https://a.com/x"`}, {`{"requirePath":true}`, `"https://a.com/"`, "!value_error"},
			{`{"requireQuery":true}`, `"https://a.com/?q"`, `"https://a.com/?q"`}, {`{"requireQuery":true}`, `"https://a.com/x"`, "!value_error"},
		},
		"ip": {
			{"", `"10.0.0.1"`, `"10.0.0.1"`}, {"", `"10.0.0.256"`, "!value_error"}, {`{"version":"any"}`, `"::1"`, `"::1"`}, {`{"version":"6"}`, `"10.0.0.1"`, "!value_error"},
			{`{"requirePrivate":true}`, `"10.0.0.1"`, `"10.0.0.1"`}, {`{"requirePrivate":false}`, `"10.0.0.1"`, "!value_error"},
			{`{"allowLoopback":false}`, `"127.0.0.1"`, "!value_error"}, {`{"allowMulticast":false}`, `"224.0.0.1"`, "!value_error"}, {`{"allowMulticast":false}`, `"8.8.8.8"`, `"8.8.8.8"`},
			{`{"allowedRanges":["10.0.0.0/8"]}`, `"10.1.1.1"`, `"10.1.1.1"`}, {`{"allowedRanges":["10.0.0.0/8"]}`, `"11.1.1.1"`, "!value_error"}, {`{"blockedRanges":["10.0.0.0/8"]}`, `"10.1.1.1"`, "!value_error"},
		},
		"uuid": {
			{"", `"00000000-0000-0000-0000-000000000000"`, `"00000000-0000-0000-0000-000000000000"`}, {`{"allowNil":false}`, `"00000000-0000-0000-0000-000000000000"`, "!value_error"},
			{`{"version":1}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`}, {`{"version":[4]}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, "!value_error"},
			{`{"variant":"RFC 4122"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`},
			{`{"variant":"NCS"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, "!value_error"}, {`{"variant":"reserved for NCS compatibility"}`, `"00000000-0000-0000-0000-000000000000"`, `"00000000-0000-0000-0000-000000000000"`},
			{`{"variant":"Microsoft"}`, `"6ba7b811-9dad-11d1-c0b4-00c04fd430c8"`, `"6ba7b811-9dad-11d1-c0b4-00c04fd430c8"`},
			{`{"format":"uppercase"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"6BA7B811-9DAD-11D1-80B4-00C04FD430C8"`},
			{`{"format":"nodashes"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"6ba7b8119dad11d180b400c04fd430c8"`},
			{`{"format":"urn"}`, `"6ba7b811-9dad-11d1-80b4-00c04fd430c8"`, `"urn:uuid:6ba7b811-9dad-11d1-80b4-00c04fd430c8"`},
			{"", `"{6ba7b811-9dad-11d1-80b4-00c04fd430c8}"`, "!uuid_parsing"},
		},
		"money": {
			{"", `"123.45 USD"`, `{"amount":123.45,"currency":"USD"}`}, {"", `"123.45USD"`, `{"amount":123.45,"currency":"USD"}`},
			{"", `"USD 123.45"`, `{"amount":123.45,"currency":"USD"}`}, {"", `"$123.45"`, `{"amount":123.45,"currency":"USD"}`}, {"", `"123.45$"`, `{"amount":123.45,"currency":"USD"}`},
			{"", `"15000원"`, `{"amount":15000,"currency":"KRW"}`}, {"", `"¥100"`, `{"amount":100,"currency":"JPY"}`}, {"", `"(12.50 USD)"`, `{"amount":-12.50,"currency":"USD"}`},
			{"", `{"amount":"12.345","currency":"USD"}`, "!value_error"}, {"", `{"amount":12,"currency":"usd"}`, "!value_error"}, {"", `"₪5"`, "!value_error"}, {"", `"12"`, "!value_error"},
			{`{"decimalPlaces":0}`, `{"amount":1200,"currency":"JPY"}`, `{"amount":1200,"currency":"JPY"}`}, {`{"decimalPlaces":0}`, `"1.5 USD"`, "!value_error"},
			{`{"minAmount":1,"maxAmount":5}`, `"5 EUR"`, `{"amount":5,"currency":"EUR"}`}, {`{"minAmount":1}`, `"0.5 EUR"`, "!value_error"}, {`{"maxAmount":5}`, `"5.01 EUR"`, "!value_error"},
			{`{"allowedCurrencies":["EUR"]}`, `"5 EUR"`, `{"amount":5,"currency":"EUR"}`}, {`{"allowedCurrencies":["EUR"]}`, `"5 USD"`, "!value_error"},
		},
	} {
		for _, c := range cases {
			rule := rule(t, typ, c[0])
			if unused := rule.Unenforced(); len(unused) > 0 {
				t.Errorf("%s %s: nothing enforces %v", typ, c[0], unused)
			}
			out, errs := rule.Normalize(decode(t, c[1]), []any{"x"})
			got := ""
			if len(errs) > 0 {
				got = "!" + errs[0].Type
				if errs[0].Msg.EN == "" || errs[0].Msg.KO == "" || strings.ContainsAny(errs[0].Msg.EN, "{}") && typ != "uuid" {
					t.Errorf("%s %s %s: message %+v", typ, c[0], c[1], errs[0].Msg)
				}
			} else {
				got = string(strictjson.Canonical(out))
				if again, errs := rule.Normalize(out, nil); len(errs) > 0 || !strictjson.Equal(out, again) {
					t.Errorf("%s %s %s: again gives %v %v", typ, c[0], c[1], again, errs)
				}
			}
			if got != c[2] {
				t.Errorf("%s %s %s: got %s, want %s (%v)", typ, c[0], c[1], got, c[2], errs)
			}
		}
	}
}

// TestEveryTypeOfTheContractExists goes through the names of bff-api 4.1.
func TestEveryTypeOfTheContractExists(t *testing.T) {
	names := "xsd:string xsd:integer xsd:float xsd:double xsd:boolean xsd:date xsd:dateTime xsd:anyURI xsd:decimal xsd:long xsd:short xsd:byte xsd:unsignedInt " +
		"xsd:unsignedLong xsd:unsignedShort xsd:unsignedByte xsd:base64Binary xsd:hexBinary xsd:duration xsd:time xsd:gYear xsd:gMonth xsd:gDay xsd:gYearMonth xsd:gMonthDay " +
		"array object enum money phone email coordinate address image file date url ip uuid string google_sheets_url name database_name class_id branch_name predicate identifier " +
		"list dict json currency telephone tel coordinates geo location latlng location_address image_url photo attachment document uri href ipaddress ip_address ipv4 ipv6 guid text str " +
		"STRING INTEGER DECIMAL BOOLEAN DATETIME"
	for name := range strings.FieldsSeq(names) {
		if _, err := ParseType(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBaseTypes(t *testing.T) {
	for name, want := range map[string]string{
		"email": "xsd:string", "phone": "xsd:string", "address": "xsd:string", "image": "xsd:string", "file": "xsd:string", "enum": "xsd:string", "uuid": "xsd:string",
		"coordinate": "xsd:string", "array": "xsd:string", "object": "xsd:string", "list<int>": "xsd:string", "url": "xsd:anyURI", "uri": "xsd:anyURI", "money": "xsd:decimal",
		"date": "xsd:date", "datetime": "xsd:dateTime", "int": "xsd:integer", "optional<bool>": "xsd:boolean", "union<int,date>": "xsd:string",
	} {
		typ, err := ParseType(name)
		if err != nil || typ.XSD() != want {
			t.Errorf("%s: %s, %v, want %s", name, typ.XSD(), err, want)
		}
	}
}
