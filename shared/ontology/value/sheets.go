package value

import (
	"net/url"
	"regexp"

	"spiceharvester/shared/problem"
)

var (
	textSheet      = problem.Define("value.sheet", "Input should be the address of a Google Sheet: https://docs.google.com/spreadsheets/d/…", "Google Sheets 주소여야 합니다: https://docs.google.com/spreadsheets/d/…")
	textSheetEdit  = problem.Define("value.sheet.edit", "The address must be that of the editor: …/edit", "편집 화면의 주소여야 합니다: …/edit")
	textSheetSheet = problem.Define("value.sheet.worksheet", "The address must name a worksheet: …#gid=0", "주소에 워크시트가 있어야 합니다: …#gid=0")
)

var (
	// sheetPath is the path of a spreadsheet; /u/N/ names one of several accounts.
	sheetPath = regexp.MustCompile(`^/spreadsheets/(?:u/\d+/)?(d/[A-Za-z0-9_-]{10,})((?:/.*)?)$`)
	sheetEdit = regexp.MustCompile(`^/edit/?$`)
	sheetGid  = regexp.MustCompile(`(?:^|&)gid=\d+(?:&|$)`)
)

// buildSheetsURL accepts the address of a Google Sheet. The normal form leaves out the
// account (/u/N/), which differs between the people who open the same sheet.
func buildSheetsURL(p *params) normalizer {
	edit, worksheet := p.flag("requireEditMode", false), p.flag("requireWorksheet", false)
	return scalar(func(v any) (any, *fault) {
		s, ok := v.(string)
		if !ok {
			return nil, wrongType(problem.TypeString)
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "https" || u.Host != "docs.google.com" || u.User != nil {
			return nil, &fault{problem.TypeURLParsing, textSheet.With()}
		}
		m := sheetPath.FindStringSubmatch(u.Path)
		switch {
		case m == nil:
			return nil, &fault{problem.TypeURLParsing, textSheet.With()}
		case edit && !sheetEdit.MatchString(m[2]):
			return nil, invalid(textSheetEdit)
		case worksheet && !sheetGid.MatchString(u.Fragment) && !sheetGid.MatchString(u.RawQuery):
			return nil, invalid(textSheetSheet)
		}
		u.Path, u.RawPath = "/spreadsheets/"+m[1]+m[2], ""
		return u.String(), nil
	})
}
