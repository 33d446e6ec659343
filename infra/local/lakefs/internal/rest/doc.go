// Package rest is the HTTP face of the stand-in: paths, parameters, shapes and
// messages of lakeFS's API, version 1.84.
//
//	handler.go   from request to answer: faults, credentials, routes, errors
//	routes.go    what is answered, and what is known but not built (501)
//	params.go    parameters and bodies, with the real server's complaints
//	page.go      lists in pages, with common prefixes
//	spool.go     an upload on its way: digests and size, never all in memory
//	download.go  an object on its way out
//	the others   one resource each
package rest
