package problem

import (
	"net/url"
	"testing"
)

func TestChooseLang(t *testing.T) {
	tests := []struct {
		query, accept string
		want          Lang
	}{
		{"", "", Korean},
		{"lang=EN-us", "", English},
		{"lang=kr", "en", Korean},
		{"lang=fr", "en", Korean},
		{"language=english", "ko", English},
		{"lang=ko&language=en", "", Korean},
		{"lang=&language=eng", "", English},
		{"", "fr,en;q=0.8", Korean},
		{"", "ko;q=0.1,en;q=0.9", English},
		{"", "en;q=0.5, ko;q=0.5", English},
		{"", "en_GB", English},
		{"", ",;q=1,en", English},
		{"", "en;q=x,ko;q=0.1", Korean},
		{"", "ko;q=0,en;q=0.1", English},
		{"", "en;q=0", Korean},
		{"", "en;q=NaN", Korean},
		{"", "ko;q=0.4;x=1, en;level=1;Q=0.5", English},
		{"", "*", Korean},
		{"lang=fr", "en;q=1", Korean},
		{"lang=EN", "", English},
		{"", "fr-CH, fr;q=0.9, en;q=0.8", Korean},
		{"", "en-US,en;q=0.9,ko;q=0.8", English},
	}
	for _, tt := range tests {
		q, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := ChooseLang(q, tt.accept); got != tt.want {
			t.Errorf("ChooseLang(%q, %q) = %s, want %s", tt.query, tt.accept, got, tt.want)
		}
	}
}
