package ingest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/unicode"

	"spiceharvester/shared/datasets"
	"spiceharvester/shared/ingest"
	"spiceharvester/shared/lake"
	"spiceharvester/shared/problem"
	"spiceharvester/shared/tabular"
)

// sampled shows a version's sample as text: columns, then rows.
func sampled(t *testing.T, v datasets.Version) string {
	t.Helper()
	var s struct {
		Columns []struct{ Name string }
		Rows    [][]string
	}
	if err := json.Unmarshal(v.Sample, &s); err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		names[i] = c.Name
	}
	lines := []string{strings.Join(names, "|")}
	for _, row := range s.Rows {
		lines = append(lines, strings.Join(row, "|"))
	}
	return strings.Join(lines, " / ")
}

// The bytes stay as they were sent, however they are to be read.
func TestFilesOfManyKinds(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		encoding encoding.Encoding
		text     string
		said     ingest.Settings
		want     string // encoding, delimiter, rows and sample
	}{
		"UTF-8":        {encoding.Nop, "이름,값\n철수,1\n", things, "UTF-8 , 1 이름|값 / 철수|1"},
		"UTF-8, mark":  {unicode.UTF8BOM, "이름,값\n철수,1\n", things, "UTF-8 , 1 이름|값 / 철수|1"},
		"UTF-16LE":     {unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "이름\t값\r\n철수\t1\r\n", things, "UTF-16LE \t 1 이름|값 / 철수|1"},
		"UTF-16BE":     {unicode.UTF16(unicode.BigEndian, unicode.UseBOM), "이름,값\n😀,1\n", things, "UTF-16BE , 1 이름|값 / 😀|1"},
		"CP949":        {korean.EUCKR, "이름;값\n똠방각하;1\n", things, "CP949 ; 1 이름|값 / 똠방각하|1"},
		"header only":  {encoding.Nop, "id,n\n", things, "UTF-8 , 0 id|n"},
		"no header":    {encoding.Nop, "1,2\n", ingest.Settings{Name: "things", NoHeader: true}, "UTF-8 , 1 column_1|column_2 / 1|2"},
		"NUL":          {encoding.Nop, "a\x00,b\n\x00,2\n", things, "UTF-8 , 1 a\x00|b / \x00|2"},
		"same names":   {encoding.Nop, "id,ID,\n1,2,3\n", things, "UTF-8 , 1 id|ID_2|column_3 / 1|2|3"},
		"ragged":       {encoding.Nop, "a,b\n1\n1,2,3\n", things, "UTF-8 , 2 a|b / 1| / 1|2"},
		"long":         {encoding.Nop, "n\n" + strings.Repeat("123456789\n", 60_000), things, "UTF-8 , 60000 n" + strings.Repeat(" / 123456789", 200)},
		"a wide field": {encoding.Nop, "n\n" + strings.Repeat("x", 600_000) + "\nlast\n", things, "UTF-8 , 2 n / " + strings.Repeat("x", 600_000)},
	} {
		t.Run(name, func(t *testing.T) {
			content, err := c.encoding.NewEncoder().String(c.text)
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.upload(name, content, c.said, c.said)
			if err != nil {
				t.Fatal(err)
			}
			if w.read(r.Version) != content {
				t.Error("the bytes are not those that were sent")
			}
			var source struct {
				Encoding, Delimiter string
				Size                int `json:"size_bytes"`
			}
			if err := json.Unmarshal(r.Version.Source, &source); err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(source.Encoding, " ", source.Delimiter, " ", r.Version.RowCount, " ", sampled(t, r.Version))
			if got != c.want || source.Size != len(content) {
				t.Errorf("%.200q of %d bytes, want %.200q of %d", got, source.Size, c.want, len(content))
			}
			again, err := w.upload(name, content, c.said, c.said)
			if err != nil || !again.Replayed || string(again.Analysis) != string(r.Analysis) || len(r.Analysis) < 10 {
				t.Errorf("again: %v, %.200s", err, again.Analysis)
			}
			// The settings that a version cites read its file again.
			cited, err := ingest.SourceOf(r.Version)
			if err != nil {
				t.Fatal(err)
			}
			reader, err := tabular.NewReader(strings.NewReader(content), cited.Options())
			if err != nil || cited.File != "t.csv" || !strings.HasPrefix(sampled(t, r.Version), strings.Join(reader.Columns(), "|")) {
				t.Errorf("%+v: %v", cited, err)
			}
		})
	}
}

// Commit, path and dump are what others rely on.
func TestWhatTheLakeHolds(t *testing.T) {
	w := newWorld(t)
	u, err := w.Begin(t.Context(), target("k"))
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Receive(t.Context(), "공항 1.csv", strings.NewReader(file), ingest.Settings{Name: "공항"}); err != nil {
		t.Fatal(err)
	}
	r, err := u.Finish(t.Context(), ingest.Settings{Name: "공항"})
	if err != nil {
		t.Fatal(err)
	}
	v := r.Version
	path := "datasets/shop/" + v.Request.String() + "/source.csv"
	if v.ArtifactKey != "s3://raw/"+v.Commit+"/"+path || *r.Dataset.LatestCommit != v.Commit || *r.Dataset.LatestVersion != v.ID {
		t.Errorf("%+v of %+v", v, r.Dataset)
	}
	head, err := w.lake.Head(t.Context(), "raw", v.Commit)
	if err != nil {
		t.Fatal(err)
	}
	source, err := ingest.SourceOf(v)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ingest_request_id": v.Request.String(), "db_name": "shop", "source_type": "csv_upload", "content_sha256": source.SHA256,
		"dataset_name": "%EA%B3%B5%ED%95%AD", "filename": "%EA%B3%B5%ED%95%AD%201.csv", // the lake takes ASCII alone
	} {
		if head.Metadata[name] != want {
			t.Errorf("the commit's %s is %q, want %q", name, head.Metadata[name], want)
		}
	}
	var paths []string
	for o, err := range w.lake.List(t.Context(), "raw", lake.MainBranch, "") {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, o.Path)
	}
	if !slices.Equal(paths, []string{path}) {
		t.Errorf("main has %v", paths)
	}
	if dump, err := w.Repository.Objects.Open(t.Context(), "bucket", "raw/"+lake.ManifestName); err != nil {
		t.Error(err)
	} else {
		dump.Close()
	}
	strange := v
	strange.ArtifactKey = strings.Replace(v.ArtifactKey, "s3://raw/", "s3://others/", 1)
	if body, err := w.Repository.Open(t.Context(), strange); err == nil {
		body.Close()
		t.Error("a file of another repository is opened")
	}
}

// A file that makes sense only with a delimiter that comes after it.
func TestADelimiterThatExplainsTheFile(t *testing.T) {
	w := newWorld(t)
	const content = "\"id\"^\"n\"\n\"a\"^\"1\"\n"
	r, err := w.upload("k", content, ingest.Settings{}, ingest.Settings{Name: "things", Delimiter: '^'})
	if err != nil {
		t.Fatal(problemOf(err))
	}
	if got := sampled(t, r.Version); got != "id|n / a|1" || w.read(r.Version) != content {
		t.Error(got)
	}
	w.is(clean)

	// Without it the file stays refused, and so does what no delimiter explains.
	for _, c := range []struct {
		content string
		said    ingest.Settings
		place   string
	}{
		{content, things, "text_after_quote 1 4"},
		{content, ingest.Settings{Name: "things", Delimiter: ';'}, "text_after_quote 1 4"},
		{"\"a\"^\xff\n", ingest.Settings{Name: "things", Delimiter: '^'}, "encoding 1 4"},
	} {
		_, err = w.upload("k2", c.content, ingest.Settings{}, c.said)
		ctx := refused(t, err, 400, "").Errors[0].Ctx
		if got := fmt.Sprint(ctx["kind"], " ", ctx["line"], " ", ctx["offset"]); got != c.place {
			t.Errorf("%q with %+v: %s", c.content, c.said, got)
		}
		w.is(clean)
	}
}

// The limits of a file, in rows that are too much for the table of small ones.
func TestFilesBeyondTheLimits(t *testing.T) {
	w := newWorld(t)
	w.MaxBytes = 0
	field := strings.Repeat("x", tabular.MaxFieldBytes)
	comma := ingest.Settings{Name: "things", Delimiter: ','}
	for _, c := range []struct {
		content string
		said    ingest.Settings
		place   string
	}{
		{"a,b\n1," + field + "x\n", things, "field_too_large 2 6"},
		{"a,b\n1," + field + "x\n", comma, "field_too_large 2 6"},
		{"a,b\n" + strings.Repeat(field+",", 16) + "\n", things, "row_too_large 2 4"},
		{"a,b\n", ingest.Settings{Name: "things", Delimiter: 'x'}, "delimiter <nil> <nil>"},
	} {
		_, err := w.upload("k", c.content, c.said, c.said)
		p := refused(t, err, 400, "")
		ctx := p.Errors[0].Ctx
		if got := fmt.Sprint(ctx["kind"], " ", ctx["line"], " ", ctx["offset"]); got != c.place || problem.Path(p.Errors[0].Loc) != "body.file" {
			t.Errorf("%s at %v, want %s", got, p.Errors[0].Loc, c.place)
		}
		w.is("0 versions, 0 outbox rows, 0 untidy, 0 branches")
	}
	w.MaxBytes = int64(len(file))
	w.put("k", file)
	for _, key := range []string{"k", "k2"} { // also in place of a replay
		_, err := w.upload(key, file+"x", things, things)
		if p := refused(t, err, 413, ""); p.Context["limit_bytes"] != w.MaxBytes {
			t.Errorf("%+v", p)
		}
	}
	w.is(clean)
}

// A large file that cannot be read is not sent to its end.
func TestABadFileStopsTheUpload(t *testing.T) {
	w := newWorld(t)
	w.MaxBytes = 0
	for content, said := range map[string]ingest.Settings{"a,b\n\"1\"x,2\n": {Name: "things", Delimiter: ','}, "a,b\n1,\xff\xff\n": things} {
		tail := &io.LimitedReader{R: strings.NewReader(strings.Repeat("1,2\n", 8<<20)), N: 32 << 20}
		_, err := w.receive("k", io.MultiReader(strings.NewReader(content), tail), said, said)
		refused(t, err, 400, "")
		if tail.N < 16<<20 {
			t.Errorf("%q: %d MiB were read after the mistake", content, (32<<20-tail.N)>>20)
		}
	}
}
