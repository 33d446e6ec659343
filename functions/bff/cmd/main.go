// Command bff runs the function as a process.
package main

import (
	"os"

	"spiceharvester/functions/bff"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("bff", bff.Open)) }
