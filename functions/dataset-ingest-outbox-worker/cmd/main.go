// Command dataset-ingest-outbox-worker runs the function as a process.
package main

import (
	"os"

	datasetoutbox "spiceharvester/functions/dataset-ingest-outbox-worker"
	"spiceharvester/shared/service"
)

func main() { os.Exit(service.Main("dataset-ingest-outbox-worker", datasetoutbox.Open)) }
