package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
)

// clean is the state after one version.
const clean = "1 versions, 2 outbox rows, 0 untidy, 0 branches"

func TestAnUploadIsAVersion(t *testing.T) {
	w := newWorld(t)
	r := w.put("k", file)
	w.is(clean)
	if r.Replayed || r.Version.Number != 1 || r.Version.RowCount != 2 || r.Dataset.Name != "things" || w.read(r.Version) != file {
		t.Errorf("%+v", r)
	}
	again := w.put("k", file)
	if !again.Replayed || again.Version.ID != r.Version.ID || string(again.Analysis) != string(r.Analysis) {
		t.Errorf("again: %+v", again)
	}
	head, err := w.lake.Head(t.Context(), "raw", lake.MainBranch)
	if err != nil || head.Metadata["ingest_request_id"] != r.Version.Request.String() {
		t.Errorf("main stands at %+v, %v", head, err)
	}
	w.is(clean)
}

func TestAKeyStandsForOneUpload(t *testing.T) {
	w := newWorld(t)
	w.put("k", file)
	things := ingest.Settings{Name: "things"}
	for name, c := range map[string]struct {
		content string
		said    ingest.Settings
	}{
		"another file":      {file + "c,3\n", things},
		"another name":      {file, ingest.Settings{Name: "others"}},
		"another delimiter": {file, ingest.Settings{Name: "things", Delimiter: ';'}},
		"no header":         {file, ingest.Settings{Name: "things", NoHeader: true}},
	} {
		_, err := w.upload("k", c.content, c.said, c.said)
		t.Log(name)
		refused(t, err, 409, "IDEMPOTENCY_KEY_REUSED")
	}
	w.is(clean)
	// The same key on another endpoint, branch or database is another key.
	other := target("k")
	other.Endpoint = "excel-upload"
	if u, err := w.Begin(t.Context(), other); err != nil {
		t.Error(err)
	} else {
		u.Abort(t.Context(), errors.New("enough"))
	}
}

// Whatever the lake does not answer, the client hears something that lets it
// repeat the request, and the repetition succeeds with one version.
func TestTheLakeFails(t *testing.T) {
	for _, call := range []string{"EnsureRepository", "CreateBranch", "Upload", "Commit", "Merge", "DeleteBranch", "Dump"} {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, only the answer is lost %t", call, after), func(t *testing.T) {
				w := newWorld(t)
				w.lake.call, w.lake.after, w.lake.err = call, after, errors.New("connection reset")
				things := ingest.Settings{Name: "things"}
				_, err := w.upload("k", file, things, things)
				if err != nil {
					refused(t, err, 503, "")
					if got := w.state(); !strings.HasPrefix(got, "0 versions, 0 outbox rows") {
						t.Errorf("after the failure: %s", got)
					}
				}
				if w.lake.call != "" {
					t.Fatal("the call was never made")
				}
				if r := w.put("k", file); r.Version.Number != 1 || w.read(r.Version) != file {
					t.Errorf("repeated: %+v", r)
				}
				w.pass(datasets.Alive * 2)
				if _, err := w.Reconcile(t.Context(), 10); err != nil {
					t.Fatal(err)
				}
				w.is(clean)
			})
		}
	}
}

func TestSettingsAfterTheFile(t *testing.T) {
	w := newWorld(t)
	for i, c := range []struct {
		said ingest.Settings
		want string
	}{
		{ingest.Settings{Name: "a"}, `[{"name":"x;y","type":"xsd:string"}] 1`},
		{ingest.Settings{Name: "b", Delimiter: ';'}, `[{"name":"x","type":"xsd:integer"},{"name":"y","type":"xsd:integer"}] 1`},
		{ingest.Settings{Name: "c", Delimiter: ';', NoHeader: true}, `[{"name":"column_1","type":"xsd:string"},{"name":"column_2","type":"xsd:string"}] 2`},
	} {
		r, err := w.upload(fmt.Sprint(i), "x;y\n1;2\n", ingest.Settings{Name: "?", Delimiter: ','}, c.said)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := r.Version.Columns()
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, column := range columns.Columns {
			text = append(text, fmt.Sprintf(`{"name":"%s","type":"%s"}`, column.Name, column.Type))
		}
		want := c.want
		if c.said.Delimiter == 0 { // then it is detected
			want = strings.Replace(want, `[{"name":"x;y","type":"xsd:string"}]`, `[{"name":"x","type":"xsd:integer"},{"name":"y","type":"xsd:integer"}]`, 1)
		}
		if got := fmt.Sprintf("[%s] %d", strings.Join(text, ","), r.Version.RowCount); got != want || r.Dataset.Name != c.said.Name {
			t.Errorf("%+v: %s", c.said, got)
		}
	}
}

func TestFilesThatCannotBeRead(t *testing.T) {
	w := newWorld(t)
	things := ingest.Settings{Name: "things"}
	for content, place := range map[string]string{
		"":                                 "empty <nil> <nil>",
		"a,b\n1,\"2\n":                     "unterminated_quote 2 6",
		"a,b\n\"1\"x,2\n":                  "text_after_quote 2 7",
		"a,b\n1,\xff\xff\n":                "encoding 2 6",
		strings.Repeat("c,", 5000) + "c\n": "too_many_columns 1 10000",
	} {
		_, err := w.upload("k", content, things, things)
		p := refused(t, err, 400, "")
		ctx := p.Errors[0].Ctx
		if got := fmt.Sprint(ctx["kind"], " ", ctx["line"], " ", ctx["offset"]); got != place || problem.Path(p.Errors[0].Loc) != "body.file" {
			t.Errorf("%.20q: %s at %v", content, got, p.Errors[0].Loc)
		}
		w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
	}
	w.put("k", file)
	w.is(clean)
}

func TestUploadsThatEndEarly(t *testing.T) {
	things := ingest.Settings{Name: "things"}
	full := &lake.Error{Op: "upload", Status: 507, Message: "no space"}
	for name, c := range map[string]struct {
		content io.Reader
		lake    error
		status  int
	}{
		"the client goes away": {io.MultiReader(strings.NewReader("a,b\n1,"), iotest.ErrReader(errors.New("reset"))), nil, 400},
		"too large":            {io.MultiReader(strings.NewReader("a,b\n"), strings.NewReader(strings.Repeat("1,2\n", 1<<18))), nil, 413},
		"the disk is full":     {strings.NewReader(file), fullError(full), 507},
	} {
		w := newWorld(t)
		if c.lake != nil {
			w.lake.call, w.lake.err = "Upload", c.lake
		}
		_, err := w.receive("k", c.content, things, things)
		t.Log(name)
		p := refused(t, err, c.status, "")
		if c.status == 507 && p.Hint == nil {
			t.Error("a full disk comes without a hint")
		}
		w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
		w.put("k", file)
		w.is(clean)
	}
}

// fullError is the error of a lake whose bucket is full.
func fullError(e *lake.Error) error { return fmt.Errorf("%w: %w", lake.ErrFull, e) }

// While one request works another one with its key waits; when it has been silent
// for too long, the other one takes over, and the first changes nothing any more.
func TestAnotherRequestTakesOver(t *testing.T) {
	w := newWorld(t)
	first, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Begin(t.Context(), target("k"))
	refused(t, err, 409, "IDEMPOTENCY_IN_PROGRESS")
	things := ingest.Settings{Name: "things"}
	if err := first.Receive(t.Context(), "t.csv", strings.NewReader("a\nfirst\n"), things); err != nil {
		t.Fatal(err)
	}
	w.pass(datasets.Alive * 2)
	second := w.put("k", file)
	_, err = first.Finish(t.Context(), things)
	if err == nil {
		t.Fatal("the first publishes too")
	}
	first.Abort(t.Context(), err)
	w.pass(datasets.Alive * 2)
	if _, err := w.Reconcile(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	w.is(clean)
	if got := w.read(second.Version); got != file {
		t.Errorf("the version holds %q", got)
	}
}

// An upload that takes long says that it is alive.
func TestASlowUploadStaysAlive(t *testing.T) {
	w := newWorld(t)
	things := ingest.Settings{Name: "things"}
	slow := &slowly{text: file, pass: func() {
		w.pass(datasets.Alive / 2)
		if done, err := w.Reconcile(t.Context(), 10); err != nil || done != (ingest.Reconciled{}) {
			t.Errorf("the reconciler touches it: %+v, %v", done, err)
		}
	}}
	if _, err := w.receive("k", slow, things, things); err != nil {
		t.Fatal(err)
	}
	w.is(clean)
}

// slowly gives a byte at a time, and lets time pass before each.
type slowly struct {
	text string
	pass func()
}

func (s *slowly) Read(p []byte) (int, error) {
	if s.text == "" {
		return 0, io.EOF
	}
	s.pass()
	n := copy(p[:1], s.text)
	s.text = s.text[n:]
	return n, nil
}
