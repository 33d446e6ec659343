package tabular

import "spiceharvester/shared/problem"

// Kind says what is wrong with a file, for programs.
type Kind string

// The kinds of errors.
const (
	KindEmpty             Kind = "empty"              // no row at all
	KindHeaderOnly        Kind = "header_only"        // column names and nothing below
	KindUnterminatedQuote Kind = "unterminated_quote" // the file ends inside of a quoted field
	KindTextAfterQuote    Kind = "text_after_quote"   // "a"b
	KindEncoding          Kind = "encoding"           // not the text of a known encoding
	KindFieldTooLarge     Kind = "field_too_large"
	KindRowTooLarge       Kind = "row_too_large"
	KindTooManyColumns    Kind = "too_many_columns"
	KindDelimiter         Kind = "delimiter" // a delimiter that cannot be one
)

var (
	textEmpty      = problem.Define("tabular.empty", "The file has no rows.", "파일에 행이 없습니다.")
	textHeaderOnly = problem.Define("tabular.header_only", "The file has column names but no rows below them.", "파일에 열 이름만 있고 데이터 행이 없습니다.")
	textOpenQuote  = problem.Define("tabular.unterminated_quote",
		"The quote that opens on line {line} (byte {offset}) is never closed. The file may be cut off.",
		"{line}번째 줄({offset}바이트)에서 열린 따옴표가 닫히지 않았습니다. 파일이 잘렸을 수 있습니다.")
	textAfterQuote = problem.Define("tabular.text_after_quote",
		"Line {line}, byte {offset}: after a closing quote only the delimiter or the end of the line may follow. A quote inside of a quoted field is written twice.",
		"{line}번째 줄, {offset}바이트: 닫는 따옴표 뒤에는 구분자나 줄 끝만 올 수 있습니다. 따옴표로 묶인 값 안의 따옴표는 두 번 씁니다.")
	textEncoding = problem.Define("tabular.encoding",
		"Line {line}, byte {offset}: these bytes are not {encoding} text. Save the file as UTF-8.",
		"{line}번째 줄, {offset}바이트: {encoding} 텍스트가 아닙니다. 파일을 UTF-8로 저장하세요.")
	textField = problem.Define("tabular.field_too_large",
		"Line {line}, byte {offset}: the field in column {column} is larger than {limit} bytes. A quote may be missing.",
		"{line}번째 줄, {offset}바이트: {column}번째 열의 값이 {limit}바이트보다 큽니다. 따옴표가 빠졌을 수 있습니다.")
	textRow = problem.Define("tabular.row_too_large",
		"Line {line}, byte {offset}: the row is larger than {limit} bytes.",
		"{line}번째 줄, {offset}바이트: 행이 {limit}바이트보다 큽니다.")
	textColumns = problem.Define("tabular.too_many_columns",
		"Line {line}, byte {offset}: the row has more than {limit} columns.",
		"{line}번째 줄, {offset}바이트: 열이 {limit}개보다 많습니다.")
	textDelimiter = problem.Define("tabular.delimiter",
		"'{delimiter}' cannot be the delimiter: use one ASCII character other than a quote, a letter, a digit or a line break.",
		"'{delimiter}' 문자는 구분자가 될 수 없습니다. 따옴표, 문자, 숫자, 줄바꿈이 아닌 ASCII 문자 하나를 쓰세요.")
)

// Error is a file that cannot be read further. It holds a [problem.Message].
type Error struct {
	Kind Kind
	// Line counts from 1; line breaks inside of quotes count too. 0: of no line.
	Line int64
	// Offset counts the bytes of the file from 0, as they were before decoding.
	Offset  int64
	Message problem.Message
}

// Error returns the English text.
func (e *Error) Error() string { return "tabular: " + e.Message.EN }

// Unwrap returns the message, so that [problem.MessageOf] finds it.
func (e *Error) Unwrap() error { return e.Message }

func newError(kind Kind, text *problem.Text, line, offset int64, pairs ...any) *Error {
	pairs = append([]any{"line", line, "offset", offset}, pairs...)
	return &Error{Kind: kind, Line: line, Offset: offset, Message: text.With(pairs...)}
}
