// Command projection-worker runs the function as a process.
package main

import (
	"os"

	projectionworker "spiceharvester/functions/projection-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("projection-worker", projectionworker.Open)) }
