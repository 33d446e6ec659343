package strictjson

import (
	"encoding/json"
	"strconv"
)

// Text is a decoded value as it would stand in a file or is compared as a text: null
// is empty, a number keeps its digits, what is nested becomes JSON.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return string(Canonical(v))
}
