// Command ingest-reconciler-worker runs the function as a process.
package main

import (
	"os"

	ingestreconciler "spiceharvester/functions/ingest-reconciler-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("ingest-reconciler-worker", ingestreconciler.Open)) }
