package infer

import "spiceharvester/shared/problem"

// Reasons for the type of a column.
var (
	textNoData    = problem.Define("infer.no_data", "No data available", "데이터가 없습니다.")
	textNoPattern = problem.Define("infer.no_pattern", "No specific pattern", "특정한 패턴이 없습니다.")
	textMatched   = problem.Define("infer.matched", "{matched}/{total} values are {what}", "값 {total}개 중 {matched}개: {what}")
	textRejected  = problem.Define("infer.rejected", "No specific pattern: only {matched}/{total} values are {what}",
		"특정한 패턴이 없습니다. 값 {total}개 중 {matched}개만 해당: {what}")
	textEnumReason   = problem.Define("infer.enum", "{unique} different values among {total}", "값 {total}개 중 서로 다른 값 {unique}개")
	textLeadingZeros = problem.Define("infer.leading_zeros", "{count} values have leading zeros, which a number would lose",
		"값 {count}개가 0으로 시작합니다. 숫자로 읽으면 앞의 0이 사라집니다.")
	textFixedWidth = problem.Define("infer.fixed_width", "Codes of {width} digits, by the name of the column",
		"열 이름으로 보아 {width}자리 코드입니다.")
)

// What the values of a column are.
var (
	whatBoolean    = problem.Define("infer.what.boolean", "words for true and false", "참/거짓 값")
	whatInteger    = problem.Define("infer.what.integer", "whole numbers (integer)", "정수")
	whatDecimal    = problem.Define("infer.what.decimal", "numbers", "숫자")
	whatPercent    = problem.Define("infer.what.percent", "percentages", "백분율")
	whatDate       = problem.Define("infer.what.date", "dates in the form {format}", "{format} 형식의 날짜")
	whatDateTime   = problem.Define("infer.what.datetime", "dates with a time in the form {format}", "{format} 형식의 날짜와 시간")
	whatTime       = problem.Define("infer.what.time", "times of day", "시각")
	whatEmail      = problem.Define("infer.what.email", "e-mail addresses", "이메일 주소")
	whatURI        = problem.Define("infer.what.uri", "web addresses", "웹 주소")
	whatUUID       = problem.Define("infer.what.uuid", "UUIDs", "UUID")
	whatIP         = problem.Define("infer.what.ip", "IP addresses", "IP 주소")
	whatPhone      = problem.Define("infer.what.phone", "phone numbers", "전화번호")
	whatMoney      = problem.Define("infer.what.money", "amounts of money", "금액")
	whatArray      = problem.Define("infer.what.array", "JSON arrays", "JSON 배열")
	whatObject     = problem.Define("infer.what.object", "JSON objects", "JSON 객체")
	whatCoordinate = problem.Define("infer.what.coordinate", "coordinates", "좌표")
	whatAddress    = problem.Define("infer.what.address", "postal addresses", "주소")
)

// Reasons why a cell cannot be read. The value is cut when it is long.
var (
	textNotNumber = problem.Define("infer.cell.number", "'{value}' is not a number", "'{value}' 값은 숫자가 아닙니다.")
	textMark      = problem.Define("infer.cell.mark", "'{value}' is not a number with the decimal mark '{mark}'",
		"'{value}' 값은 소수점이 '{mark}'인 숫자가 아닙니다.")
	textZeros = problem.Define("infer.cell.leading_zeros", "'{value}' has leading zeros, which a number would lose; read this column as text",
		"'{value}' 값은 0으로 시작하여 숫자로 읽으면 앞의 0이 사라집니다. 이 열은 텍스트로 읽으세요.")
	textNotPercent = problem.Define("infer.cell.percent", "'{value}' is not a percentage", "'{value}' 값은 백분율이 아닙니다.")
	textNotMoney   = problem.Define("infer.cell.money", "'{value}' is not an amount with a currency", "'{value}' 값은 통화가 있는 금액이 아닙니다.")
	textNotBoolean = problem.Define("infer.cell.boolean", "'{value}' is neither true nor false", "'{value}' 값은 참도 거짓도 아닙니다.")
	textNotDate    = problem.Define("infer.cell.date", "'{value}' is not a date in the form {format}", "'{value}' 값은 {format} 형식의 날짜가 아닙니다.")
	textNotTime    = problem.Define("infer.cell.time", "'{value}' is not a time of day", "'{value}' 값은 시각이 아닙니다.")
	textNotPhone   = problem.Define("infer.cell.phone", "'{value}' has no country code", "'{value}' 값에 국가 코드가 없습니다.")
	textNotJSON    = problem.Define("infer.cell.json", "'{value}' is not JSON: {reason}", "'{value}' 값은 JSON이 아닙니다: {reason}")
	textRefused    = problem.Define("infer.cell.refused", "'{value}': {reason}", "'{value}': {reason}")

	textUnreadable = problem.Define("infer.parser.unreadable", "Cells of the kind {kind} cannot become {type}", "{kind} 형식의 셀을 {type} 형식으로 읽을 수 없습니다.")
	textBadFormat  = problem.Define("infer.parser.format", "The format has no meaning here: {field} is '{value}'", "형식을 알 수 없습니다: {field} 값이 '{value}'입니다.")
)
