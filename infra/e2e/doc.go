// Package e2e holds the end-to-end tests: they start the local host as a user
// does, as a program with a data folder, and speak HTTP to it. The tests share
// one host, each with a database of its own; those that kill their host have
// their own. Every test ends with a look at what must not be left behind, see
// assertHealthy.
//
//	process/  builds, starts, kills and stops the program
//	client/   a small HTTP client
package e2e
