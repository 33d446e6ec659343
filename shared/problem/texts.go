package problem

// The messages of this package. Other packages define theirs beside the code that uses
// them.
var (
	textAsIs = Define("problem.as_is", "{text}", "{text}")

	textValidation   = Define("problem.validation", "Request validation failed", "입력값 검증에 실패했습니다.")
	textMalformed    = Define("problem.malformed_json", "Invalid JSON format", "JSON 형식이 올바르지 않습니다.")
	textJSONInvalid  = Define("problem.json_invalid", "JSON decode error at byte {offset}: {reason}", "{offset}번째 바이트에서 JSON 해석 오류: {reason}")
	textInternal     = Define("problem.internal", "Internal server error", "서버 오류가 발생했습니다.")
	textUnexpectedly = Define("problem.internal.detail", "An unexpected error occurred", "예기치 않은 오류가 발생했습니다.")

	textNotFound = Define("problem.not_found", "{kind} '{id}' was not found.", "{kind} '{id}'를 찾을 수 없습니다")
	textExists   = Define("problem.exists", "{kind} '{id}' already exists.", "{kind} '{id}': 이미 존재합니다.")

	textSequenceConflict = Define("problem.sequence_conflict",
		"'{aggregate}' was changed meanwhile: sequence {expected} was expected, it is at {actual}.",
		"'{aggregate}' 대상이 그 사이에 변경되었습니다: 예상 순번 {expected}, 현재 순번 {actual}.")
	hintReload = Define("problem.sequence_conflict.hint",
		"Read the object again and send the change with its current sequence.",
		"대상을 다시 읽고 현재 순번으로 변경을 다시 보내세요.")
	textPending = Define("problem.pending_command",
		"Another command for '{aggregate}' is still open: {command}.",
		"'{aggregate}' 대상의 다른 명령이 아직 처리 중입니다: {command}.")
	hintPending = Define("problem.pending_command.hint",
		"Wait for that command to end, then decide again.",
		"해당 명령이 끝날 때까지 기다린 뒤 다시 시도하세요.")

	textForbidden   = Define("problem.forbidden", "You do not have permission.", "권한이 없습니다.")
	textTooLarge    = Define("problem.too_large", "The request body is larger than {limit} bytes.", "요청 본문이 {limit}바이트보다 큽니다.")
	textRateLimit   = Define("problem.rate_limit", "Rate limit exceeded: {limit} requests in {window} seconds.", "요청 한도를 넘었습니다: {window}초에 {limit}회.")
	textOverloaded  = Define("problem.overloaded", "Too many commands are open. Nothing was stored.", "처리 중인 명령이 너무 많습니다. 저장된 것은 없습니다.")
	hintLater       = Define("problem.hint.later", "Send the same request again after the time in Retry-After.", "Retry-After 시간이 지난 뒤 같은 요청을 다시 보내세요.")
	textUnavailable = Define("problem.unavailable", "{service} is not reachable.", "{service}에 연결할 수 없습니다.")
	textTimeout     = Define("problem.timeout", "{service} did not answer in time.", "{service}에서 제시간에 응답하지 않았습니다.")

	textOutcomeUnknown = Define("problem.outcome_unknown",
		"It is not known yet whether the request was stored.",
		"요청이 저장되었는지 아직 알 수 없습니다.")
	hintSameKey = Define("problem.outcome_unknown.hint",
		"Repeat the request with the same Idempotency-Key: it has one effect, however often it is sent.",
		"같은 Idempotency-Key로 요청을 반복하세요. 여러 번 보내도 한 번만 적용됩니다.")
	textReadBehind = Define("problem.read_behind",
		"The read model has not reached {wanted} yet; it is at {reached}.",
		"읽기 모델이 아직 {wanted}에 도달하지 못했습니다. 현재 {reached}입니다.")
	textReadBehindUnknown = Define("problem.read_behind_unknown",
		"The read model has not reached {wanted} yet.", "읽기 모델이 아직 {wanted}에 도달하지 못했습니다.")

	textMissing      = Define("field.missing", "Field required", "필수 항목입니다.")
	textUnexpected   = Define("field.extra", "Extra inputs are not permitted", "알 수 없는 항목입니다.")
	textWrongType    = Define("field.wrong_type", "Input has the wrong type", "값의 형식이 올바르지 않습니다.")
	textNotOneOf     = Define("field.not_one_of", "Input should be one of {expected}", "{expected} 중 하나여야 합니다.")
	textIntParsing   = Define("field.int_parsing", "Input should be a valid integer, unable to parse string as an integer", "올바른 정수여야 합니다.")
	textBoolParsing  = Define("field.bool_parsing", "Input should be a valid boolean, unable to interpret input", "true 또는 false로 해석할 수 있어야 합니다.")
	textGreaterEqual = Define("field.ge", "Input should be greater than or equal to {limit}", "{limit} 이상이어야 합니다.")
	textLessEqual    = Define("field.le", "Input should be less than or equal to {limit}", "{limit} 이하여야 합니다.")
)

var wrongTypeTexts = map[string]*Text{
	TypeString:  Define("field.string_type", "Input should be a valid string", "문자열이어야 합니다."),
	TypeInt:     Define("field.int_type", "Input should be a valid integer", "정수여야 합니다."),
	TypeFloat:   Define("field.float_type", "Input should be a valid number", "숫자여야 합니다."),
	TypeDecimal: Define("field.decimal_type", "Input should be a valid decimal number", "십진수여야 합니다."),
	TypeBool:    Define("field.bool_type", "Input should be true or false", "true 또는 false여야 합니다."),
	TypeList:    Define("field.list_type", "Input should be a valid list", "목록이어야 합니다."),
	TypeDict:    Define("field.dict_type", "Input should be an object", "객체여야 합니다."),
}

// Kind is the name of a sort of thing that can be missing or exist already.
type Kind struct{ text *Text }

// NewKind makes a kind of a text, for packages with things of their own.
func NewKind(text *Text) Kind { return Kind{text} }

// Kinds of resources.
var (
	KindInstance = Kind{Define("kind.instance", "Instance", "인스턴스")}
	KindOntology = Kind{Define("kind.ontology", "Ontology", "온톨로지")}
	KindClass    = Kind{Define("kind.class", "Class", "클래스")}
	KindDatabase = Kind{Define("kind.database", "Database", "데이터베이스")}
	KindBranch   = Kind{Define("kind.branch", "Branch", "브랜치")}
	KindCommit   = Kind{Define("kind.commit", "Commit", "커밋")}
	KindCommand  = Kind{Define("kind.command", "Command", "명령")}
	KindDataset  = Kind{Define("kind.dataset", "Dataset", "데이터셋")}
	KindPipeline = Kind{Define("kind.pipeline", "Pipeline", "파이프라인")}
	KindResource = Kind{Define("kind.resource", "Resource", "리소스")}
)

// statusTexts are the texts for the root "status" of a success body.
var statusTexts = map[string]*Text{
	"success":  Define("status.success", "Success.", "성공했습니다."),
	"created":  Define("status.created", "Created.", "생성되었습니다."),
	"accepted": Define("status.accepted", "Accepted.", "접수되었습니다."),
	"warning":  Define("status.warning", "Warning.", "경고가 있습니다."),
	"partial":  Define("status.partial", "Partially succeeded.", "부분 성공했습니다."),
	"error":    Define("status.error", "Error.", "오류가 발생했습니다."),
}

var textStatusOther = Define("status.other", "OK.", "확인되었습니다.")

// StatusMessage is the text for a body's root "status" when there is nothing more to say.
func StatusMessage(status string) Message {
	if t, ok := statusTexts[status]; ok {
		return t.With()
	}
	return textStatusOther.With()
}

var httpTexts = map[int]*Text{
	400: Define("http.400", "Invalid request.", "잘못된 요청입니다."),
	401: Define("http.401", "Authentication required.", "인증이 필요합니다."),
	403: Define("http.403", "You do not have permission.", "권한이 없습니다."),
	404: Define("http.404", "Not found.", "찾을 수 없습니다."),
	409: Define("http.409", "Conflict.", "충돌이 발생했습니다."),
	422: Define("http.422", "Validation failed.", "입력값 검증에 실패했습니다."),
	429: Define("http.429", "Too many requests.", "요청이 너무 많습니다."),
}

var (
	textHTTPServer = Define("http.5xx", "Internal server error.", "서버 오류가 발생했습니다.")
	textHTTPOther  = Define("http.other", "Request failed.", "요청에 실패했습니다.")
)

// HTTPMessage is the text for a status when no reason is known. It never replaces one.
func HTTPMessage(status int) Message {
	if t, ok := httpTexts[status]; ok {
		return t.With()
	}
	if status >= 500 {
		return textHTTPServer.With()
	}
	return textHTTPOther.With()
}
