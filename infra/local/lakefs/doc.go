// Package lakefs is the project's own small stand-in for lakeFS 1.84, for one
// machine and for tests. It speaks the same HTTP API for every call that the
// platform makes and refuses (501) what else the real API has. Recorded
// exchanges with a real server (testdata) are its test.
//
// A request passes, from the outside in:
//
//	Server           listener and life cycle (server.go)
//	internal/rest    paths, parameters, shapes, uploads on their way, faults
//	internal/store   repositories, branches, commits, merges; the journal
//	internal/tree    committed trees: content-addressed, shared between commits
//	internal/blob    buckets of the object store
//
// In the bucket, below a repository's storage namespace, lie data/<sha256>, an
// object's bytes; _lakefs/<sha256>, parts of committed trees and of refs dumps;
// _lakefs/refs_manifest.json, the ids of the last dump. The data folder holds
// the journal: refs, commits and what is staged. It survives kill -9, not
// necessarily a power cut. A lost folder is made again from the bucket: create
// the repository with ?bare=true in its old namespace, then POST the manifest
// to its /restore. What was staged, and commits since the last dump, are lost.
//
// What differs from the real server: no S3 gateway, presigned URLs, hooks,
// users beyond one, pull requests, import, garbage collection; branch
// protection bites at once (the real one takes up to six seconds); dumps and
// restores are done when the request returns; equal contents of objects are
// kept once; objects beyond 5 GiB are refused.
package lakefs
