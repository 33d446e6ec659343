// Package eventlog is the platform's truth: an append-only log on an object
// store with atomic conditional PUT.
//
// The log has a few chains. A chain is a dense sequence of immutable segments;
// each segment is one object, made by a PUT that succeeds only if the key is
// free. That PUT is the commit point and it assigns the position: no clock, no
// listing and no lock takes part. A database and all in it lies in one chain,
// so the events of a database are totally ordered and every expectation about
// it is checked under one compare-and-set.
//
// Everything else is an index (see [Index]): it may be behind the log after a
// crash and is then brought up to it, and it is never ahead. A refusal is as
// final as a success, because it too waits for a PUT that proves that the view
// it was decided on was the latest.
//
//	file          what it does
//	segment.go    the object's format and the digest chain
//	objects.go    the object store that the log needs
//	meta.go       log.json: the log's id and number of chains
//	index.go      the index that the log needs
//	delta.go      what one segment changes in the index
//	decide.go     accept or refuse an event in a view
//	commit.go     the four steps of an append, per chain
//	append.go     the public face: group commit over commit.go
//	read.go       events by position, history of an aggregate, state of a command
//	catchup.go    bring the index up to the log; rebuild it
//	relay.go      hand every event to a publisher, in order
package eventlog
