// Command ontology-worker runs the function as a process.
package main

import (
	"os"

	ontologyworker "spiceharvester/functions/ontology-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("ontology-worker", ontologyworker.Open)) }
