package bench

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"spiceharvester/infra/e2e/process"
)

// tick is the unit of the times in /proc/<pid>/stat: Linux tells programs 1/100 s
// on every machine.
const tick = 10 * time.Millisecond

// cpu adds up the processor time, user and system, of the host and its object
// store; not PostgreSQL's. On a machine that does other work too it is what can
// be compared. It is zero where there is no /proc.
func cpu(b *testing.B, host *process.Host) (spent time.Duration) {
	b.Helper()
	for _, pid := range host.Processes() {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			return 0
		}
		// What follows the name, which may hold anything: state is field 3, utime 14, stime 15.
		fields := strings.Fields(string(stat)[strings.LastIndexByte(string(stat), ')')+1:])
		for _, field := range fields[11:13] {
			ticks, err := strconv.Atoi(field)
			if err != nil {
				b.Fatal(err)
			}
			spent += time.Duration(ticks) * tick
		}
	}
	return spent
}

// perThousand gives milliseconds of processor time for each thousand of n.
func perThousand(spent time.Duration, n int) float64 {
	return float64(spent.Microseconds()) / float64(n)
}
