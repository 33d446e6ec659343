package bench

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"spiceharvester/infra/e2e/process"
	"spiceharvester/infra/local/loopback"
)

// BenchmarkColdStart measures each function from exec to its first answer, and
// the size of its binary. No backing service runs: nothing does I/O before it
// listens.
func BenchmarkColdStart(b *testing.B) {
	project, err := process.Project(b.Context(), ".")
	if err != nil {
		b.Fatal(err)
	}
	mains, err := filepath.Glob(filepath.Join(project, "functions", "*", "cmd"))
	if err != nil || len(mains) == 0 {
		b.Fatal(mains, err)
	}
	for _, main := range mains {
		name := filepath.Base(filepath.Dir(main))
		binary := filepath.Join(b.TempDir(), name)
		build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, main)
		build.Dir = project
		if out, err := build.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
		info, err := os.Stat(binary)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				firstAnswer(b, binary)
			}
			b.ReportMetric(float64(info.Size())/1e6, "MB")
		})
	}
}

func firstAnswer(b *testing.B, binary string) {
	port, err := loopback.FreePort(0)
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), binary)
	cmd.Env = []string{fmt.Sprintf("PORT=%d", port), "POSTGRES_URL=postgres://nobody@127.0.0.1:1/none", "ADMIN_TOKEN=t", "MINIO_ACCESS_KEY=a", "MINIO_SECRET_KEY=b"}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		b.StopTimer()
		cmd.Process.Kill()
		cmd.Wait()
		b.StartTimer()
	}()
	address := loopback.Address(port)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(200 * time.Microsecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			break
		}
		if time.Now().After(end) {
			b.Fatal(err)
		}
	}
	resp, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		b.Fatal(err)
	}
	resp.Body.Close()
}
