// Command objectify-worker runs the function as a process.
package main

import (
	"os"

	objectifyworker "spiceharvester/functions/objectify-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("objectify-worker", objectifyworker.Open)) }
