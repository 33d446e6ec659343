package rest

import "testing"

func TestParseRange(t *testing.T) {
	const size = 9
	whole := section{0, size}
	for header, want := range map[string]struct {
		section
		partial, ok bool
	}{
		"":              {whole, false, true},
		"bytes=2-4":     {section{2, 3}, true, true},
		"bytes=0-0":     {section{0, 1}, true, true},
		"bytes=2-":      {section{2, 7}, true, true},
		"bytes=8-100":   {section{8, 1}, true, true},
		"bytes=-3":      {section{6, 3}, true, true},
		"bytes=-100":    {whole, true, true},
		"bytes=0-8":     {whole, true, true},
		"bytes=9-":      {section{}, false, false},
		"bytes=900-999": {section{}, false, false},
		"bytes=-0":      {section{}, false, false},
		"bytes=4-2":     {whole, false, true},
		"bytes=1-2,4-5": {whole, false, true},
		"bytes=a-b":     {whole, false, true},
		"bytes=-":       {whole, false, true},
		"lines=1-2":     {whole, false, true},
	} {
		s, partial, ok := parseRange(header, size)
		if s != want.section || partial != want.partial || ok != want.ok {
			t.Errorf("%q: %+v partial %v ok %v, want %+v", header, s, partial, ok, want)
		}
	}
	for _, header := range []string{"bytes=0-", "bytes=-1"} {
		if _, _, ok := parseRange(header, 0); ok {
			t.Errorf("%q of nothing is satisfied", header)
		}
	}
}
