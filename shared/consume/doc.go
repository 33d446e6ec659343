// Package consume is the middleware between a delivery and its effect, the same
// for every event function.
//
// A delivery is a hint that a handler is behind the log for one aggregate; the
// log decides what is done. So deliveries may be lost, doubled, late and out of
// order:
//
//	facts.go     for handlers that write facts into a sink: watermark, gaps
//	             filled from the log, effect, watermark moved forward
//	commands.go  for handlers that execute commands: done is what has an outcome
//	park.go      what happens when an effect fails
//	handler.go   the HTTP side: CloudEvents in, a status out
//	registry.go  the watermarks and parked aggregates that the middleware needs
//
// Deliveries in flight are coalesced: one round trip to the registry and one
// call of the effect serve all of them (package batch).
package consume
