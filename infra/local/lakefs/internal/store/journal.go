package store

import "spiceharvester/infra/local/standin/journal"

// format is that of the journal; the digit is its version.
var format = journal.Format{
	Header: "spice-lakefs-journal 1\n",
	Advice: "move the data folder away, start again and restore each repository from its refs dump in the bucket",
}
