// Command objectify-outbox-worker runs the function as a process.
package main

import (
	"os"

	objectifyoutbox "spiceharvester/functions/objectify-outbox-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("objectify-outbox-worker", objectifyoutbox.Open)) }
