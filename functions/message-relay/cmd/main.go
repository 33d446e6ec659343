// Command message-relay runs the function as a process.
package main

import (
	"os"

	messagerelay "spiceharvester/functions/message-relay"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("message-relay", messagerelay.Open)) }
