// Command oms runs the function as a process.
package main

import (
	"os"

	"spiceharvester/functions/oms"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("oms", oms.Open)) }
