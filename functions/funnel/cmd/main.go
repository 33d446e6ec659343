// Command funnel runs the function as a process.
package main

import (
	"os"

	"spiceharvester/functions/funnel"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("funnel", funnel.Open)) }
