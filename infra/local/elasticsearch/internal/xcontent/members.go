package xcontent

// Members calls fn with each member of the object that src is: its name, still
// escaped, and the text of its value. src must be a valid JSON text. It returns
// false if src is no object, or if fn did.
func Members(src string, fn func(key, value string) bool) bool {
	i := blank(src, 0)
	if i >= len(src) || src[i] != '{' {
		return false
	}
	for i = blank(src, i+1); i < len(src) && src[i] == '"'; {
		end := skip(src, i)
		key := src[i+1 : end-1]
		i = blank(src, end) + 1 // behind the colon
		start := blank(src, i)
		if start >= len(src) {
			return false
		}
		if i = skip(src, start); !fn(key, src[start:i]) {
			return false
		}
		if i = blank(src, i); i < len(src) && src[i] == ',' {
			i = blank(src, i+1)
		}
	}
	return i < len(src) && src[i] == '}'
}

// blank gives the offset behind white space.
func blank(src string, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	return i
}

// skip gives the offset behind the value that starts at i.
func skip(src string, i int) int {
	depth := 0
	for i < len(src) {
		switch src[i] {
		case '"':
			for i++; i < len(src) && src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
			i++
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\n', '\t', '\r':
			i++
			continue
		default: // a number or a word
			for i < len(src) && !(src[i] == ',' || src[i] == '}' || src[i] == ']' || src[i] == ' ' || src[i] == '\n' || src[i] == '\t' || src[i] == '\r') {
				i++
			}
		}
		if depth == 0 {
			return min(i, len(src))
		}
	}
	return len(src)
}
