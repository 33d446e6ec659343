package e2e

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"spiceharvester/infra/e2e/client"
	"spiceharvester/infra/e2e/process"
)

// A file is never in memory as a whole: 200 MB go through the host, which is the
// BFF, the lake and the object store, with at most 128 MB more at the peak.
func TestMemoryOfALargeUpload(t *testing.T) {
	t.Parallel()
	const size, most = 200_000_000, 128 << 20
	program, err := process.BuildPlain(t.Context(), stage.project, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := ownWorldOf(t, program)
	db := w.database(t)
	pids := w.host.Processes()
	if len(pids) != 2 {
		t.Fatalf("processes %v are not host and object store", pids)
	}
	for _, pid := range pids {
		if err := os.WriteFile("/proc/"+pid+"/clear_refs", []byte("5"), 0); err != nil {
			t.Skipf("the peak cannot be reset: %v", err)
		}
	}
	before := peak(t, pids)
	rows := w.uploadStream(t, db, size)
	grown := peak(t, pids) - before
	if grown > most {
		t.Errorf("the peak grew by %d MB", grown>>20)
	}
	t.Logf("%d rows, %d MB before, %d MB more at the peak", rows, before>>20, grown>>20)
}

// uploadStream sends a file of some size that exists nowhere as a whole, and gives
// the number of its rows.
func (w *world) uploadStream(t *testing.T, db string, size int) (rows int) {
	t.Helper()
	// The test's own work is to be small: it may run under the race detector.
	const blockRows = 10_000
	var block strings.Builder
	for n := range blockRows {
		fmt.Fprintf(&block, "%d,Name number %d,2024-%02d-%02d,%d.%02d,some words that repeat #%d\n", n, n, n%12+1, n%28+1, n%1000, n%100, n%97)
	}
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	sent := make(chan int, 1)
	go func() {
		n := 0
		part, err := form.CreateFormFile("file", "large.csv")
		if err == nil {
			_, err = io.WriteString(part, "id,name,day,price,note\n")
		}
		for written := 0; written < size && err == nil; n += blockRows {
			written += block.Len()
			_, err = io.WriteString(part, block.String())
		}
		if err == nil {
			err = form.Close()
		}
		writer.CloseWithError(err)
		sent <- n
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.bff.Base+uploadPath(db), reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Admin-Token", w.bff.Token)
	request.Header.Set("Content-Type", form.FormDataContentType())
	client.Key("large")(request)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	rows = <-sent
	r := &client.Response{Status: answer.StatusCode, Body: body}
	if r.Status != 200 || r.Text("data", "version", "row_count") != strconv.Itoa(rows) {
		t.Fatalf("%d rows: %.500s", rows, r)
	}
	return rows
}

// peak adds up the highest resident sizes of processes, in bytes.
func peak(t *testing.T, pids []string) (sum int) {
	t.Helper()
	for _, pid := range pids {
		status, err := os.ReadFile("/proc/" + pid + "/status")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		sum += kilobytes << 10
	}
	return sum
}
