// Package lake is the seam to lakeFS, where datasets and artifacts live as
// versioned objects.
//
//	lake.go    what the platform needs of a lake
//	errors.go  what can go wrong, and whether to try again
//	client.go  the adapter over lakeFS's HTTP API: requests and answers
//	objects.go, branches.go, refs.go   its calls
//	env.go     an adapter from the environment
//
// An ingest uses it so: CreateBranch, Upload, Commit, Merge with metadata,
// DeleteBranch, Dump. Each step can be repeated: an existing branch is
// ErrExists, a commit or merge that was done before is ErrNoChanges, a missing
// branch is deleted already.
//
// The suite in laketest runs over every implementation, and over a real lakeFS.
package lake
