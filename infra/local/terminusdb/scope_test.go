package terminusdb_test

import "strings"

// notSent tells why a recorded request is not sent.
func notSent(x exchange) (reason string, skip bool) {
	for prefix, reason := range partsOutOfScope {
		if strings.HasPrefix(x.Step, prefix) {
			return reason, true
		}
	}
	return "", false
}

// partsOutOfScope are beginnings of steps that are not sent.
var partsOutOfScope = map[string]string{
	"gql-": "no GraphQL",
}

// outOfScope lists the recorded steps that the stand-in deliberately answers
// differently. TestReplay fails if one of them begins to agree, or is not in
// the recording.
var outOfScope = map[string]string{}
