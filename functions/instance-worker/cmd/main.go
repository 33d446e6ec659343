// Command instance-worker runs the function as a process.
package main

import (
	"os"

	instanceworker "spiceharvester/functions/instance-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("instance-worker", instanceworker.Open)) }
